#include "gateway/openapi/problems.h"

#include <map>
#include <vector>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/error/reason.h"
#include "common/json/json_writer.h"
#include "common/text/view.h"

namespace ftl::gateway {
namespace {

constexpr std::string_view kSchema = R"("schema":{"$ref":"#/components/schemas/Problem"})";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

std::vector<Reason> ReasonsOf(const Route& route) {
  std::vector<Reason> reasons = route.problems;
  const auto add = [&reasons](std::initializer_list<Reason> more) {
    reasons.insert(reasons.end(), more.begin(), more.end());
  };
  if (!route.rpc.empty()) {
    add({Reason::kUnknownField, Reason::kInvalidField, Reason::kDatabaseUnavailable, Reason::kServiceUnavailable,
         Reason::kDraining, Reason::kDeadlineExceeded});
  }
  if (HasBody(route.method)) {
    add({Reason::kMalformedJson, Reason::kWrongType, Reason::kUnsupportedMediaType, Reason::kBodyTooLarge});
  }
  if (route.session != SessionUse::kNone && !route.unknown_session_is_fine) {
    add({Reason::kSessionNotFound, Reason::kSessionExpired, Reason::kSessionConflict});
  }
  if (route.session == SessionUse::kOrRun) add({Reason::kRunNotFound});
  if (route.creates) add({Reason::kIdempotencyKeyReused});
  if (route.tier == Tier::kDemo) add({Reason::kRateLimited});
  return reasons;
}

std::string Example(const ReasonFacts& facts, const std::string& code) {
  return fmt::format(
      R"("{0}":{{"value":{{"type":"urn:finetunelab:problem:{0}","title":{1},"status":{2},"detail":{1},"code":"{0}",)"
      R"("request_id":"0f9a7c2e-5d1b-4a66-9f3e-8f6d2c1b0a97"}}}})",
      code, Quoted(facts.title), facts.http_status);
}

}  // namespace

std::string ProblemAnswers(const Route& route) {
  struct Answer {
    std::string codes;
    std::map<std::string, std::string> examples;
  };
  std::map<int, Answer> answers;
  for (Reason reason : ReasonsOf(route)) {
    const ReasonFacts& facts = FactsOf(reason);
    // To a client a field of the wrong type is an invalid field.
    std::string code(absl::AsciiStrToLower(ToAbsl(reason == Reason::kWrongType ? "INVALID_FIELD" : facts.name)));
    Answer& answer = answers[facts.http_status];
    if (!answer.examples.try_emplace(code, Example(facts, code)).second) continue;
    answer.codes += fmt::format("{}`{}`", answer.codes.empty() ? "" : ", ", code);
  }
  std::string json;
  for (const auto& [status, answer] : answers) {
    std::string examples;
    for (const auto& [code, example] : answer.examples) examples += (examples.empty() ? "" : ",") + example;
    json +=
        fmt::format(R"("{}":{{"description":{},"content":{{"application/problem+json":{{{},"examples":{{{}}}}}}}}},)",
                    status, Quoted(answer.codes), kSchema, examples);
  }
  return json + fmt::format(R"("default":{{"description":"Another problem.","content":{{"application/problem+json":)"
                            R"({{{}}}}}}})",
                            kSchema);
}

}  // namespace ftl::gateway
