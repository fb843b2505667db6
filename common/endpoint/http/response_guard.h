#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ftl {

// Judges the head of a response before Beast reads it. All pure.

// Where the head ends (behind its empty line) in what was received so far; npos while it does not.
size_t HeadEnd(std::string_view bytes);

// The same head as Beast wants it: CRLF at the end of each line, a blank behind the status. Some servers leave these
// out.
std::string CanonicalHead(std::string_view head);

// False for what Beast 1.81 takes and two readers could read in two ways: folded lines, a list of lengths, a coding
// other than exactly `chunked`; and for a status that is none of HTTP's. What Beast refuses by itself is left to it.
bool IsBeyondDoubt(std::string_view canonical_head);

}  // namespace ftl
