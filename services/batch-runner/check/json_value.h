#pragma once

#include <optional>
#include <string_view>

#include <google/protobuf/struct.pb.h>
#include <boost/json/value.hpp>

namespace ftl::batch_runner {

// A JSON value as a message carries it, as the JSON library has it.
boost::json::value JsonOf(const google::protobuf::Value& value);

// The JSON that the whole text is, at most 64 deep; nullopt for any other text.
std::optional<boost::json::value> ParsedJson(std::string_view text);

}  // namespace ftl::batch_runner
