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
      {"session_vault.v1.RecordStoredKeyTest", {"gateway", "batch-runner"}, Nameless::kRefused},
      {"session_vault.v1.CreateToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.ListTokens", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.DeleteToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.FindToken", {"gateway"}, Nameless::kRefused},
      {"session_vault.v1.SweepSessions", {kOperator}, Nameless::kRefused},
      {"session_vault.v1.RewrapKeys", {kOperator}, Nameless::kRefused},
      {"batch_runner.v1.", {"gateway"}},
      {"analytics.v1.RecordPerformance", {"gateway"}, Nameless::kRefused},
      // An owner's, which export was asked for by the gateway.
      {"analytics.v1.GetComparison", {"gateway", "export"}, Nameless::kRefused},
      {"analytics.v1.GetStandings", {"gateway", "export"}, Nameless::kRefused},
      {"analytics.v1.", {"gateway", "export"}},
      {"exporter.v1.", {"gateway"}},
  };
  return rules;
}

// What is an owner's is the gateway's to ask for, which knows who that is; no rule of a package covers it.
const Rule kOwners = {"", {"gateway"}, Nameless::kRefused};

const Rule* RuleFor(const google::protobuf::Descriptor& request) {
  constexpr std::string_view kPackage = "finetunelab.";
  constexpr std::string_view kSuffix = "Request";
  std::string_view request_type = request.full_name();
  if (!request_type.starts_with(kPackage) || !request_type.ends_with(kSuffix)) return nullptr;
  request_type.remove_prefix(kPackage.size());
  request_type.remove_suffix(kSuffix.size());
  const auto rule = std::find_if(Rules().begin(), Rules().end(), [&](const Rule& each) {
    return each.method.back() == '.' ? request_type.starts_with(each.method) : request_type == each.method;
  });
  if (rule == Rules().end()) return nullptr;
  const bool is_of_package = rule->method.back() == '.';
  return is_of_package && request.FindFieldByName("owner") != nullptr ? &kOwners : &*rule;
}

}  // namespace

absl::Status JudgeCaller(const google::protobuf::Descriptor& request, const CallContext& call) {
  const Rule* rule = RuleFor(request);
  if (rule != nullptr) {
    if (std::find(rule->callers.begin(), rule->callers.end(), call.caller) != rule->callers.end()) {
      return absl::OkStatus();
    }
    const bool has_no_service = call.caller.empty() || call.caller == kOperator;
    if (has_no_service && rule->nameless == Nameless::kTaken) return absl::OkStatus();
  }
  return Refuse(Reason::kPermissionDenied, "This caller may not call this method.");
}

bool HasRule(const google::protobuf::Descriptor& request) { return RuleFor(request) != nullptr; }

}  // namespace ftl::rpc
