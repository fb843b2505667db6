#pragma once

#include <cstddef>
#include <string_view>

#include <absl/status/status.h>

namespace ftl::http {

// Judges what comes before Beast reads it: what Beast 1.81 takes and two readers could read in two ways, what is too
// large, and what is no request at all. What Beast refuses by itself is left to it; request_guard_test.cc holds both
// against one table of heads. All pure.

inline constexpr size_t kMaxHeadBytes = 16 * 1024;
inline constexpr size_t kMaxRequestLineBytes = 8 * 1024;
inline constexpr size_t kMaxFields = 100;
inline constexpr size_t kMaxMethodBytes = 32;

// Whether what has come can only be something else than HTTP: binary, TLS, an empty line too many.
bool IsNotHttp(std::string_view bytes);

// Judges the request line as soon as it is there, and its method before that: another protocol's greeting need not wait
// for an end of a head that never comes. Ok for what may still become a request; says what JudgeHead would say.
absl::Status JudgeBeginning(std::string_view bytes);

// The most bytes that the value of a field may have.
size_t MaxValueBytes(std::string_view name);

// The size of the head at the front of `bytes`, its empty line included; 0 while that line has not come. Begin the
// search at `from`, the size at the last call. One empty line before the request line belongs to the head.
size_t HeadSize(std::string_view bytes, size_t from);
// Without that empty line.
std::string_view Bare(std::string_view head);

// Judges a whole, bare head: BAD_REQUEST, URI_TOO_LONG or HEAD_TOO_LARGE.
absl::Status JudgeHead(std::string_view head);

}  // namespace ftl::http
