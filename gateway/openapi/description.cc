#include "gateway/openapi/description.h"

#include <initializer_list>
#include <map>
#include <memory>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "common/json/message_plan.h"
#include "common/text/view.h"
#include "gateway/openapi/problems.h"
#include "gateway/openapi/schemas.h"
#include "gateway/upstream/upstream.h"

namespace ftl::gateway {
namespace {

using google::protobuf::MethodDescriptor;

constexpr std::string_view kAbout =
    "A test bench for a model that someone else hosts: connect an OpenAI-compatible endpoint, run a suite of prompts "
    "against "
    "it, ask about the results, and take a report along. Durations are milliseconds, times are RFC 3339 in UTC. A "
    "session is "
    "given as `session_id` or as `Authorization: Bearer`. Errors are application/problem+json (RFC 9457).";

constexpr std::string_view kProblemSchema =
    R"("Problem":{"type":"object","description":"What went wrong and what to do (RFC 9457).","properties":{)"
    R"("type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},"detail":{"type":"string"},)"
    R"("code":{"type":"string","description":"Stable; for programs."},"request_id":{"type":"string"},)"
    R"("errors":{"type":"array","items":{"type":"object","properties":{"field":{"type":"string"},)"
    R"("message":{"type":"string"}},"required":["field","message"]}}},)"
    R"("required":["type","title","status","detail","code","request_id"]})";

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

bool IsInPath(const Route& route, const FieldPlan& field) {
  return route.path.find(fmt::format("{{{}}}", field.name)) != std::string_view::npos;
}

std::string Parameter(std::string_view name, std::string_view place, std::string_view schema,
                      std::string_view description, bool required) {
  return fmt::format(R"({{"name":{},"in":"{}","required":{},"schema":{},"description":{}}})", Quoted(name), place,
                     required, schema, Quoted(description));
}

std::string_view TagOf(Tier tier) {
  switch (tier) {
    case Tier::kDemo:
      return "demo";
    case Tier::kWorkspace:
      return "workspace";
    case Tier::kOperations:
      break;
  }
  return "operations";
}

// What one operation says. `method` is null for routes without an RPC.
class Operation {
 public:
  Operation(const Route& route, const Comments& comments, Schemas& schemas)
      : route_(route),
        comments_(comments),
        schemas_(schemas),
        method_(route.rpc.empty() ? nullptr : Upstream::MethodNamed(route.rpc)) {}

  std::string Json() {
    std::string json = fmt::format(R"({{"summary":{},"operationId":{},"tags":["{}"])", Quoted(route_.summary),
                                   Quoted(Id()), TagOf(route_.tier));
    if (method_ != nullptr) json += ",\"description\":" + Quoted(comments_.OfMethod(method_->full_name()));
    json += ",\"parameters\":[" + Parameters() + "]";
    if (method_ != nullptr && HasBody(route_.method)) {
      json += fmt::format(R"(,"requestBody":{{"required":{},"content":{{"application/json":{{"schema":{}{}}}{}}}}})",
                          !route_.body_optional, BodySchema(),
                          route_.example.empty() ? "" : fmt::format(",\"example\":{}", route_.example),
                          route_.raw_field.empty() ? "" : R"(,"application/octet-stream":{})");
    }
    json += fmt::format(",\"responses\":{{\"{}\":{},{}}}", route_.status, Answer(), ProblemAnswers(route_));
    return json + ",\"security\":[" + Security() + "]}";
  }

 private:
  std::string BodySchema() {
    if (!route_.json_field.empty()) return R"({"description":"Any JSON."})";
    return schemas_.Reference(*method_->input_type(), /*is_answer=*/false);
  }

  // The RPC's name; where several routes carry one RPC, what they are told apart by follows it. Without one, from the
  // path.
  std::string Id() const {
    if (method_ != nullptr) return std::string(method_->name()) + std::string(route_.variant);
    constexpr std::string_view kDemo = "/api/demo/v2";
    std::string id = "Read";
    bool begins_word = true;
    for (char c : route_.path.substr(route_.path.starts_with(kDemo) ? kDemo.size() : 0)) {
      const bool is_letter = absl::ascii_isalnum(static_cast<unsigned char>(c));
      if (is_letter) id += begins_word ? absl::ascii_toupper(static_cast<unsigned char>(c)) : c;
      begins_word = !is_letter;
    }
    return id;
  }

  // A session stands in the query of what has no body, or in the body, which is no scheme.
  std::string Security() const {
    if (route_.tier == Tier::kWorkspace) return R"({"token":[]},{})";
    const bool has_query = !HasBody(route_.method);
    switch (route_.session) {
      case SessionUse::kNone:
        return "";
      case SessionUse::kRequired:
        return has_query ? R"({"session":[]},{"session_id":[]})" : R"({"session":[]},{})";
      case SessionUse::kOptional:
      case SessionUse::kOrRun:
        return has_query ? R"({"session":[]},{"session_id":[]},{})" : R"({"session":[]},{})";
    }
    return "";
  }

  std::string Parameters() {
    std::string json;
    const auto add = [&json](const std::string& parameter) { json += (json.empty() ? "" : ",") + parameter; };
    if (method_ != nullptr) {
      for (const FieldPlan& field : PlanOf(*method_->input_type()).fields) {
        const std::string schema = schemas_.OfField(field, /*is_answer=*/false);
        const std::string description = schemas_.DescriptionOf(field);
        if (IsInPath(route_, field)) {
          add(Parameter(field.name, "path", schema, description, true));
        } else if (StandsInQuery(field)) {
          const bool resumes = field.name == "after_sequence";
          add(Parameter(resumes ? "last_event_id" : field.name, "query", schema, description, false));
        }
      }
    }
    if (method_ != nullptr && method_->input_type()->FindFieldByName("if_match") != nullptr) {
      add(Parameter("If-Match", "header", R"({"type":"string"})",
                    "The ETag of what the caller knows, or `*`: refused where something else is there.", false));
    }
    if (route_.creates) {
      add(Parameter("Idempotency-Key", "header", R"({"type":"string","maxLength":255})",
                    "The same key and body give the same answer.", false));
    }
    return json;
  }

  // Of a body's fields those that are one value, where they may stand in the query too.
  bool StandsInQuery(const FieldPlan& field) const {
    using Field = google::protobuf::FieldDescriptor;
    if (field.server_only) return false;
    if (!HasBody(route_.method)) return true;
    return route_.takes_query && !field.field->is_repeated() && field.field->cpp_type() != Field::CPPTYPE_MESSAGE;
  }

  // A file of one of these types.
  static std::string Files(std::initializer_list<std::string_view> types) {
    std::string content;
    for (const std::string_view type : types)
      content += fmt::format(R"({}"{}":{{}})", content.empty() ? "" : ",", type);
    return content;
  }

  std::string Answer() {
    std::string content = R"("application/json":{"schema":{}})";
    if (method_ != nullptr && !method_->server_streaming()) {
      content = fmt::format(R"("application/json":{{"schema":{}}})",
                            schemas_.Reference(*method_->output_type(), /*is_answer=*/true));
    } else if (method_ != nullptr && method_->name() == "Export") {
      content = Files({"application/pdf", "text/html", "text/csv", "application/json", "application/x-ndjson",
                       "application/xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"});
    } else if (method_ != nullptr && method_->name() == "ExportConversation") {
      content = Files({"text/markdown", "application/json"});
    } else if (method_ != nullptr && method_->name() == "ExportComparison") {
      content = Files({"application/pdf", "text/markdown", "text/csv", "application/json"});
    } else if (method_ != nullptr && method_->name() == "ExportHistory") {
      content = Files({"text/csv", "application/json", "application/x-ndjson"});
    } else if (method_ != nullptr) {
      content = R"("text/event-stream":{"schema":{"type":"string"}})";
      // The events carry the pieces of the stream.
      schemas_.Reference(*method_->output_type(), /*is_answer=*/true);
    } else if (route_.path == "/metrics/prometheus") {
      content = R"("text/plain":{"schema":{"type":"string"}})";
    }
    const std::string description =
        method_ == nullptr ? std::string(route_.summary) : comments_.OfMessage(method_->output_type()->full_name());
    return fmt::format(R"({{"description":{},"content":{{{}}}}})", Quoted(description), content);
  }

  const Route& route_;
  const Comments& comments_;
  Schemas& schemas_;
  const MethodDescriptor* method_;
};

}  // namespace

std::string Describe(const std::vector<Route>& routes) {
  const Comments comments;
  Schemas schemas(comments);
  std::map<std::string_view, std::string> paths;
  for (const Route& route : routes) {
    std::string& path = paths[route.path];
    path +=
        fmt::format("{}\"{}\":{}", path.empty() ? "" : ",", std::string(absl::AsciiStrToLower(ToAbsl(route.method))),
                    Operation(route, comments, schemas).Json());
  }
  std::string json =
      fmt::format(R"({{"openapi":"3.1.0","info":{{"title":"FineTuneLab","version":"{}","description":{},)"
                  R"("license":{{"name":"Apache-2.0","identifier":"Apache-2.0"}}}},"servers":[{{"url":"/"}}],)"
                  R"("paths":{{)",
                  FTL_VERSION, Quoted(kAbout));
  bool first = true;
  for (const auto& [path, operations] : paths) {
    json += fmt::format("{}\"{}\":{{{}}}", first ? "" : ",", path, operations);
    first = false;
  }
  json += fmt::format("}},\"components\":{{\"schemas\":{{{},{}}},", kProblemSchema, schemas.Json());
  json += R"("securitySchemes":{"session":{"type":"http","scheme":"bearer","description":"The session's id."},)"
          R"("token":{"type":"http","scheme":"bearer","description":"A program's token for the workspace."},)"
          R"("session_id":{"type":"apiKey","in":"query","name":"session_id","description":"The session's id."}}}})";
  return json;
}

Route DescriptionRoute(std::vector<Route> routes) {
  Route route;
  route.method = "GET";
  route.path = "/openapi.json";
  route.tier = Tier::kOperations;
  route.summary = "This description";
  route.handler = [routes = std::move(routes), json = std::make_shared<std::string>()](Incoming& incoming) {
    if (json->empty()) *json = Describe(routes);
    http::Response response = http::JsonResponse(200, "");
    response.cache_control = "no-cache";
    response.shared_body = *json;
    return incoming.exchange.Send(std::move(response));
  };
  return route;
}

}  // namespace ftl::gateway
