#pragma once

// For tests of dialects: what a dialect makes of the bytes that a service sends.

#include <string_view>

#include "common/endpoint/answer/scrub.h"
#include "common/endpoint/answer/sse_decoder.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/url/endpoint.h"

namespace ftl {

inline ChatReply ReadStreamWith(const Dialect& dialect, std::string_view stream,
                                ChatAnswer::End end = ChatAnswer::End::kWhole) {
  const KeyScrub scrub{Secret("sk-0123456789")};
  ChatAnswer answer(1 << 20, scrub);
  const auto reader = dialect.ReaderInto(answer);
  SseDecoder decoder(1 << 20);
  const auto take = [&](const SseEvent& event) { reader->TakeEvent(event.name, event.data, false); };
  decoder.Decode(stream, take);
  decoder.Finish(take);
  ChatReply reply;
  answer.Conclude(end, reply);
  return reply;
}

inline ChatReply ReadWholeWith(const Dialect& dialect, std::string_view body) {
  const KeyScrub scrub{Secret("sk-0123456789")};
  ChatAnswer answer(1 << 20, scrub);
  dialect.ReaderInto(answer)->TakeWhole(body);
  ChatReply reply;
  answer.Conclude(ChatAnswer::End::kWhole, reply);
  return reply;
}

inline std::string FieldsOf(const Dialect& dialect, std::string_view url) {
  std::string head;
  dialect.AppendFields(*Endpoint::Parse(url, AddressPolicy()), Credential(Secret("the-key")), head);
  return head;
}

}  // namespace ftl
