#include "common/rpc/access.h"

#include <algorithm>
#include <vector>

#include "common/error/refusal.h"

namespace ftl::rpc {
namespace {

enum class Nameless { kRefused, kTaken };

struct Rule {
  std::string_view method;  // or all of a package that has no rule of its own, where it ends in a full stop
  std::vector<std::string_view> callers;
  Nameless nameless = Nameless::kTaken;
};

const std::vector<Rule>& Rules() {
  static const auto& rules = *new std::vector<Rule>{
      {"session_vault.v1.OpenSession", {"gateway"}},
      {"session_vault.v1.GetSession", {"gateway"}},
      {"session_vault.v1.CloseSession", {"gateway"}},
      {"session_vault.v1.RecordConnectionTest", {"batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.ForgetKey", {"batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.DrawQuota", {"gateway", "batch-runner", "analytics"}, Nameless::kRefused},
      {"session_vault.v1.LendKey", {"batch-runner", "analytics"}, Nameless::kRefused},
      {"session_vault.v1.LendStoredKey", {"batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.PutStoredKey", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.ListStoredKeys", {"gateway", "batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.DeleteStoredKey", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.RecordStoredKeyTest", {"batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.CreateToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.ListTokens", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.DeleteToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.FindToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.SweepSessions", {kOperator}, Nameless::kRefused},
      {"session_vault.v1.RewrapKeys", {kOperator}, Nameless::kRefused},
      {"batch_runner.v1.TestKey", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.ListAllModels", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.CreateConversation", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.ListConversations", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.GetConversation", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.UpdateConversation", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.DeleteConversation", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.ImportConversations", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.CreateTemplate", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.ListTemplates", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.GetTemplate", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.UpdateTemplate", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.DeleteTemplate", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.CreateAgent", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.ListAgents", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.GetAgent", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.UpdateAgent", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.DeleteAgent", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.GetAgentState", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.PutAgentState", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.DeleteAgentState", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.Chat", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.RejoinChat", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.StopChat", {"gateway"}, Nameless::kRefused},
      {"batch_runner.v1.", {"gateway"}},
      {"analytics.v1.", {"gateway", "export"}},
      {"exporter.v1.ExportConversation", {"gateway"}, Nameless::kRefused},
      {"exporter.v1.", {"gateway"}},
  };
  return rules;
}

const Rule* RuleFor(std::string_view request_type) {
  constexpr std::string_view kPackage = "finetunelab.";
  constexpr std::string_view kSuffix = "Request";
  if (!request_type.starts_with(kPackage) || !request_type.ends_with(kSuffix)) return nullptr;
  request_type.remove_prefix(kPackage.size());
  request_type.remove_suffix(kSuffix.size());
  const auto rule = std::find_if(Rules().begin(), Rules().end(), [&](const Rule& each) {
    return each.method.back() == '.' ? request_type.starts_with(each.method) : request_type == each.method;
  });
  return rule == Rules().end() ? nullptr : &*rule;
}

}  // namespace

absl::Status JudgeCaller(std::string_view request_type, const CallContext& call) {
  const Rule* rule = RuleFor(request_type);
  if (rule != nullptr) {
    if (std::find(rule->callers.begin(), rule->callers.end(), call.caller) != rule->callers.end()) {
      return absl::OkStatus();
    }
    const bool has_no_service = call.caller.empty() || call.caller == kOperator;
    if (has_no_service && rule->nameless == Nameless::kTaken) return absl::OkStatus();
  }
  return Refuse(Reason::kPermissionDenied, "This caller may not call this method.");
}

bool HasRule(std::string_view request_type) { return RuleFor(request_type) != nullptr; }

}  // namespace ftl::rpc
