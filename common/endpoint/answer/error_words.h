#pragma once

#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "common/endpoint/answer/retry_hints.h"

namespace ftl {

class KeyScrub;

// What an error body says, in whichever of the shapes in use. Numbers are given as text. Empty where there is none.
// Not yet fit to be shown: see Quoted.
struct ErrorWords {
  std::string message;
  std::string type;
  std::string code;
  std::string param;        // the parameter that it names
  std::string reasons;      // what its details call it: Google's reasons and quota ids
  std::string retry_delay;  // how long to wait: Google's `34.5s`; bare seconds of others are given their unit
  RetryHints quoted;        // the head of the endpoint behind a relay, where the body quotes it
  int status = 0;           // where the body carries one: OpenRouter, TGI, vLLM
  bool is_html = false;     // a page, as proxies and wrong paths give
};

// The shapes: `error` as an object, text or list, `message` and its other spellings, `detail` as text or list, `errors`
// as list, `fault.faultstring`, each also as the first element of an array. What a relay quotes of the endpoint behind
// it counts as said by it. Pure.
ErrorWords WordsOf(const boost::json::value& body);
// As above, from the bytes of a body: JSON, an event whose data is JSON, or neither.
ErrorWords WordsOf(std::string_view body);

// Takes the session's key out, before anything is cut to length.
void ScrubWords(const KeyScrub& scrub, ErrorWords& words);

// Whether this JSON is an error in one of these shapes, and no completion.
bool HoldsError(const boost::json::value& body);

// ` It said: "…"`, with what looks like a key taken out, on one line, at most 200 bytes; empty for an empty message.
std::string Quoted(std::string_view message);

// `text` without anything that looks like a key: known beginnings (`sk-`, `hf_`, …), half-masked ones, and long runs
// of letters and digits.
std::string WithoutKeyLike(std::string_view text);

}  // namespace ftl
