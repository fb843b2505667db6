#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "common/endpoint/credential.h"
#include "common/endpoint/format/answer_reader.h"
#include "common/endpoint/format/chat_request.h"
#include "common/endpoint/format/model_list.h"

namespace ftl {

class Endpoint;

// What an answer showed beside its content.
struct AnswerTraits {
  bool was_stream = false;
  bool was_broken_off = false;  // enough was heard before the end
  bool gave_usage = false;
  bool has_own_reasoning_fields = false;
};

// How one family of services speaks: a request as it goes out, an answer as it comes in, which models there are, and
// whether a key is good. One immutable object for each, alive as long as the program, for any thread. Pure.
//
// Errors are understood in one place for all (answer/error_words.h, answer/failure.h), since relays give one service's
// errors in another's shape.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // The stable word: `openai`, `anthropic`, …
  virtual std::string_view name() const = 0;

  // Appends the head's fields that say who asks, and in which version, each with its line end: those that are not among
  // the credential's further headers, which follow. The key may be empty. `head` must be wiped.
  virtual void AppendFields(const Endpoint& endpoint, const Credential& credential, std::string& head) const = 0;

  // What stands in the request line of a chat, and its body.
  virtual std::string ChatTarget(const Endpoint& endpoint, const ChatRequest& request) const = 0;
  virtual std::string ChatBody(const ChatRequest& request, const endpoint_pb::Capabilities& capabilities) const = 0;
  virtual std::unique_ptr<AnswerReader> ReaderInto(ChatAnswer& answer) const = 0;

  virtual std::string ModelsTarget(const Endpoint& endpoint) const = 0;
  // At most `most` models that can chat.
  virtual ModelList ReadModels(std::string_view body, size_t most) const = 0;

  // The URL of the cheapest GET that a good key passes and a bad one does not; no model writes anything for it.
  virtual std::string KeyTestUrl(const Endpoint& endpoint) const;

  // What is certain of an endpoint beforehand, and what its refusals and answers teach (call.proto). Services that are
  // served by their maker alone need none of it.
  virtual endpoint_pb::Capabilities CapabilitiesFor(const Endpoint& endpoint, std::string_view model,
                                                    endpoint_pb::Capabilities known) const;
  // Whether a refusal (400, 422) taught a way to ask again.
  virtual bool LearnFromRefusal(const ChatRequest& request, const ErrorWords& words,
                                endpoint_pb::Capabilities& capabilities) const;
  virtual void LearnFromAnswer(const ChatRequest& request, const AnswerTraits& traits,
                               endpoint_pb::Capabilities& capabilities) const;

 protected:
  // Appends the field `name` with the key behind `scheme`, unless there is no key or a further header of that name.
  static void AppendKey(std::string_view name, std::string_view scheme, const Credential& credential,
                        std::string& head);
};

// All of them, `openai` first. A new one is a folder here and a line in dialects.cc.
std::span<const Dialect* const> Dialects();
// Null for a word that is none.
const Dialect* DialectNamed(std::string_view name);
// The dialect of the demo tier, and of everything that calls itself compatible.
const Dialect& OpenAiDialect();

}  // namespace ftl
