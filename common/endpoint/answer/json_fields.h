#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

namespace ftl {

// Fields of strangers' JSON: what is missing, null or of another type reads as not there. The views live as long as the
// object. Pure.
const boost::json::value* Find(const boost::json::object& object, std::string_view name);
std::string_view TextIn(const boost::json::object& object, std::string_view name);
const boost::json::object* ObjectIn(const boost::json::object& object, std::string_view name);
const boost::json::array* ArrayIn(const boost::json::object& object, std::string_view name);
// A whole number from 0 to 1e9, also one that is written as text; `object` may be null.
std::optional<int64_t> CountIn(const boost::json::object* object, std::string_view name);

// Half a surrogate pair is legal for a server that cuts text by UTF-16, but no character: made the three bytes that
// UTF-8 would have for it, which JoinSplitCharacter may join with its other half.
std::string WithLoneSurrogatesAsBytes(std::string_view json);

}  // namespace ftl
