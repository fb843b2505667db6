#include "gateway/http/problem.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/json/json_writer.h"
#include "common/text/view.h"

namespace ftl::http {
namespace {

constexpr std::string_view kInternalDetail =
    "Something went wrong here. Try again; if it stays, tell the operator the request id.";
constexpr std::string_view kForeignDetail = "This could not be done now. Try again in a moment.";

// To a client a field of the wrong type is an invalid field; only the HTTP status tells the two apart.
std::string CodeFor(Reason reason) { return CodeOf(reason == Reason::kWrongType ? Reason::kInvalidField : reason); }

// Our refusals are written for people; the texts of libraries are not, and may tell what is nobody's business.
std::string_view DetailOf(const absl::Status& status, Reason reason) {
  if (reason == Reason::kInternal) return kInternalDetail;
  bool is_refusal = false;
  status.ForEachPayload([&](absl::string_view, const absl::Cord&) { is_refusal = true; });
  return is_refusal ? ToStd(status.message()) : kForeignDetail;
}

void AppendMember(std::string_view name, std::string_view text, std::string& out) {
  out += fmt::format(",\"{}\":", name);
  AppendJsonString(text, out);
}

bool WaitingHelps(int status) { return status == 429 || status == 503; }

}  // namespace

std::string ProblemJson(const absl::Status& status, std::string_view request_id) {
  const Reason reason = ReasonOf(status);
  const ReasonFacts& facts = FactsOf(reason);
  const std::string code = CodeFor(reason);
  std::string out = fmt::format(R"({{"type":"urn:finetunelab:problem:{}")", code);
  AppendMember("title", facts.title, out);
  out += fmt::format(",\"status\":{}", facts.http_status);
  AppendMember("detail", DetailOf(status, reason), out);
  AppendMember("code", code, out);
  AppendMember("request_id", request_id, out);
  const std::vector<FieldFault> faults = FieldFaultsOf(status);
  if (!faults.empty()) {
    out += ",\"errors\":[";
    for (size_t i = 0; i < faults.size(); ++i) {
      if (i > 0) out += ',';
      out += "{\"field\":";
      AppendJsonString(faults[i].field, out);
      AppendMember("message", faults[i].message, out);
      out += '}';
    }
    out += ']';
  }
  const auto details = FactsOf(status);
  if (const auto more = details.find("more_errors"); more != details.end()) {
    out += fmt::format(",\"more_errors\":{}", more->second);
  }
  out += '}';
  return out;
}

Response ProblemResponse(const absl::Status& status, std::string_view request_id) {
  Response response;
  response.status = FactsOf(ReasonOf(status)).http_status;
  response.content_type = "application/problem+json";
  response.body = ProblemJson(status, request_id);
  const auto wait = RetryAfterOf(status);
  if (wait || WaitingHelps(response.status)) {
    const double seconds = std::ceil(absl::ToDoubleSeconds(wait.value_or(absl::Seconds(2))));
    response.With("Retry-After", fmt::format("{:.0f}", std::max(seconds, 1.0)));
  }
  return response;
}

}  // namespace ftl::http
