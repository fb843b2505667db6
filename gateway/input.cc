#include "gateway/input.h"

#include <algorithm>
#include <set>

#include <google/protobuf/descriptor.h>
#include <openssl/crypto.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "common/json/message_json.h"
#include "common/json/message_plan.h"
#include "common/session/session_id.h"
#include "gateway/http/caller.h"
#include "gateway/http/idempotency.h"
#include "gateway/upstream/upstream.h"

namespace ftl::gateway {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string TextField(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

void SetTextField(Message& message, const std::string& name, std::string value) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (field != nullptr) message.GetReflection()->SetString(&message, field, std::move(value));
}

// Whether a field that must be given is there.
bool IsGiven(const Message& message, std::string_view name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field->is_repeated()) return message.GetReflection()->FieldSize(message, field) > 0;
  return message.GetReflection()->HasField(message, field);
}

// `Last-Event-ID` as a field of a query is called as in the header, also where it is a number.
std::string_view FieldName(std::string_view parameter, const Message& request) {
  const bool is_number = parameter == "last_event_id" && request.GetDescriptor()->FindFieldByName("after_sequence");
  return is_number ? std::string_view("after_sequence") : parameter;
}

// The session of query, body and header; all that are given must be one.
class GivenSession {
 public:
  void Add(std::string_view session) {
    if (session.empty()) return;
    if (!session_.empty() && session != session_) conflict_ = true;
    session_ = session;
  }
  absl::StatusOr<std::string> Verdict() const {
    if (!conflict_) return session_;
    return Refuse(Reason::kSessionConflict, "Two different sessions were given; give one, in one place.");
  }

 private:
  std::string session_;
  bool conflict_ = false;
};

bool IsRepeatable(std::string_view name, const Message& request) {
  const FieldPlan* field = PlanOf(*request.GetDescriptor()).Readable(name);
  return field != nullptr && field->field->is_repeated();
}

std::string_view EssenceOfType(const http::RequestHead& head) {
  const std::string_view type = head.Find("content-type").value_or("");
  const std::string_view essence = type.substr(0, type.find(';'));
  return essence.substr(0, essence.find_last_not_of(" \t") + 1);
}

bool IsRaw(const Route& route, const http::RequestHead& head) {
  return !route.raw_field.empty() && http::EqualsIgnoringCase(EssenceOfType(head), "application/octet-stream");
}

absl::Status ReadQuery(const Route& route, const http::RequestHead& head, Message& request, GivenSession& session,
                       InputFaults& faults) {
  TRY(const http::Parameters parameters, http::ParseQuery(head.query));
  std::set<std::string_view> seen;
  for (const auto& [name, value] : parameters) {
    if (name == "session_id" && route.session != SessionUse::kNone) {
      session.Add(value);
    } else if (!seen.insert(name).second && !IsRepeatable(FieldName(name, request), request)) {
      faults.WrongType(name, "is given twice");
    } else if (route.method == "GET" || (route.method == "DELETE" && route.session == SessionUse::kNone) ||
               route.takes_query || IsRaw(route, head)) {
      ReadParameter(FieldName(name, request), value, request, faults);
    } else {
      faults.Unknown(name);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadJsonBody(const Route& route, const http::RequestHead& head, std::string_view body, Message& request,
                          InputFaults& faults) {
  if (route.method == "GET") return absl::OkStatus();
  if (IsRaw(route, head)) {
    SetTextField(request, std::string(route.raw_field), std::string(body));
    return absl::OkStatus();
  }
  if (!route.json_field.empty()) {
    TRY(JsonDocument::Parse(body).status());
    SetTextField(request, std::string(route.json_field), std::string(body));
    return absl::OkStatus();
  }
  if (body.empty() && route.body_optional) return absl::OkStatus();
  return ReadBody(body, request, faults);
}

// A field that the path has named cannot be named again.
void ReadPath(const http::Parameters& path_fields, Message& request, InputFaults& faults) {
  for (const auto& [name, value] : path_fields) {
    const std::string given = TextField(request, name);
    if (!given.empty() && given != value) faults.WrongType(name, "differs from the one in the path");
    SetTextField(request, name, value);
  }
}

// Alike for every list, and before anybody asks whose it is.
void JudgePageSize(const Message& request, InputFaults& faults) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("page_size");
  if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_INT32) return;
  if (request.GetReflection()->GetInt32(request, field) < 0) faults.Unacceptable("page_size", "must be at least 1");
}

bool IsJudgedBehind(const Route& route, const InputFaults& faults) {
  return faults.empty() || (faults.OnlyUnknownWords() && route.words_are_judged_behind);
}

void JudgeMissing(const Route& route, const Message& request, bool has_session, InputFaults& faults) {
  const bool has_run = route.session == SessionUse::kOrRun && !TextField(request, "test_run_id").empty();
  const bool needs_session =
      route.session == SessionUse::kRequired || (route.session == SessionUse::kOrRun && !has_run);
  const bool lacks_session = needs_session && !has_session;
  // Otherwise the service names what is missing, together with what is out of range.
  if (!lacks_session && IsJudgedBehind(route, faults)) return;
  if (lacks_session) faults.Missing("session_id");
  for (std::string_view name : route.required) {
    if (!IsGiven(request, name)) faults.Missing(name);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<Message>> ReadInput(const Route& route, const http::RequestHead& head,
                                                   const http::Parameters& path_fields, std::string_view body,
                                                   std::string_view client_address) {
  const Message* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(
      Upstream::MethodNamed(route.rpc)->input_type());
  std::shared_ptr<Message> request(prototype->New());
  GivenSession given;
  InputFaults faults;
  TRY(ReadJsonBody(route, head, body, *request, faults));
  TRY(ReadQuery(route, head, *request, given, faults));
  ReadPath(path_fields, *request, faults);
  JudgePageSize(*request, faults);
  if (route.session != SessionUse::kNone) {
    given.Add(TextField(*request, "session_id"));
    given.Add(http::BearerOf(head));
  }
  TRY(const std::string session, given.Verdict());
  JudgeMissing(route, *request, !session.empty(), faults);
  if (!IsJudgedBehind(route, faults)) {
    TRY(faults.Verdict());
  }
  if (!session.empty() && !IsSessionId(session) && !route.unknown_session_is_fine) {
    return Refuse(Reason::kSessionNotFound, "There is no such session; open one with POST /api/demo/v2/configure.");
  }
  if (!session.empty()) SetTextField(*request, "session_id", session);
  SetTextField(*request, "client_address", std::string(client_address));
  SetTextField(*request, "if_match", std::string(head.Find("if-match").value_or("")));
  if (route.creates) {
    TRY(std::string key, http::IdempotencyKeyOf(head));
    SetTextField(*request, "idempotency_key", std::move(key));
  }
  return request;
}

absl::StatusOr<std::string> SessionOfHead(const Route& route, const http::RequestHead& head) {
  GivenSession given;
  if (route.session == SessionUse::kNone) return given.Verdict();
  TRY(const http::Parameters parameters, http::ParseQuery(head.query));
  for (const auto& [name, value] : parameters) {
    if (name == "session_id") given.Add(value);
  }
  given.Add(http::BearerOf(head));
  return given.Verdict();
}

absl::Status JudgeParameters(const http::RequestHead& head) {
  TRY(const http::Parameters parameters, http::ParseQuery(head.query));
  InputFaults faults;
  for (const auto& [name, value] : parameters) faults.Unknown(name);
  return faults.Verdict();
}

absl::Status JudgeContentType(const Route& route, const http::RequestHead& head) {
  const bool has_body = head.chunked || head.content_length > 0;
  if (route.method == "GET" || (!has_body && route.body_optional && !head.Find("content-type")))
    return absl::OkStatus();
  const std::string_view coding = head.Find("content-encoding").value_or("identity");
  if (!http::EqualsIgnoringCase(coding, "identity")) {
    return Refuse(Reason::kUnsupportedMediaType, "Send the body without a Content-Encoding.");
  }
  if (http::EqualsIgnoringCase(EssenceOfType(head), "application/json") || IsRaw(route, head)) return absl::OkStatus();
  return Refuse(Reason::kUnsupportedMediaType, route.raw_field.empty()
                                                   ? "Send the body as application/json."
                                                   : "Send the body as application/json, or a file as "
                                                     "application/octet-stream.");
}

void NameOwner(const std::string& owner, Message& request) { SetTextField(request, "owner", owner); }

void WipeSecrets(Message& request) {
  std::string scratch;
  for (const FieldPlan& field : PlanOf(*request.GetDescriptor()).fields) {
    if (!field.secret || field.form != JsonForm::kString || field.field->is_repeated()) continue;
    const std::string& text = request.GetReflection()->GetStringReference(request, field.field, &scratch);
    OPENSSL_cleanse(const_cast<char*>(text.data()), text.size());
  }
}

}  // namespace ftl::gateway
