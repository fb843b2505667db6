#include "common/endpoint/format/dialect.h"

#include "common/endpoint/url/endpoint.h"

namespace ftl {

std::string Dialect::KeyTestUrl(const Endpoint& endpoint) const { return endpoint.Origin() + ModelsTarget(endpoint); }

endpoint_pb::Capabilities Dialect::CapabilitiesFor(const Endpoint&, std::string_view,
                                                   endpoint_pb::Capabilities known) const {
  return known;
}

bool Dialect::LearnFromRefusal(const ChatRequest&, const ErrorWords&, endpoint_pb::Capabilities&) const {
  return false;
}

void Dialect::LearnFromAnswer(const ChatRequest&, const AnswerTraits&, endpoint_pb::Capabilities&) const {}

void Dialect::AppendKey(std::string_view name, std::string_view scheme, const Credential& credential,
                        std::string& head) {
  if (credential.key.empty() || credential.HasHeader(name)) return;
  head += name;
  head += ": ";
  head += scheme;
  head += credential.key.Reveal();
  head += "\r\n";
}

}  // namespace ftl
