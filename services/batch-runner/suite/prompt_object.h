#pragma once

#include <optional>
#include <string>

#include <boost/json/value.hpp>

#include "services/batch-runner/suite/suite_reading.h"

namespace ftl::batch_runner {

// Reads one example as a JSON value: a text, a prompt as in the HTTP contract, a request of an OpenAI batch
// (`body.messages`), a conversation (`messages`, `conversations`), an eval (`input`, `ideal`), a promptfoo test
// (`vars`, `assert`), or an object whose fields have the names that the field uses. Notes what it leaves out.
// `prompt` has what is known of it already.
void ReadExample(const boost::json::value& value, const Place& place, SuiteReading& reading, pb::Prompt prompt = {});

// A text, number or truth as text.
std::optional<std::string> PlainText(const boost::json::value& value);

// `contains` any of these, ignoring case; a text or a number alone is the expected answer.
// Gives what is wrong, or nothing.
std::string ReadExpected(const boost::json::value& value, pb::Prompt& prompt);

}  // namespace ftl::batch_runner
