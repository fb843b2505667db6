#pragma once

#include <string>
#include <string_view>

namespace ftl::batch_runner {

// JSON as people paste it, made strict: comments, commas before a closing bracket and between whole values, byte order
// marks and record separators become spaces, so that every fault keeps its line and column. Text within strings stays
// as it is. Linear.
std::string StrictJson(std::string_view text);

// One of several values, and the line that it begins at, from 1.
struct JsonPiece {
  std::string_view text;
  int line = 1;
};

// Walks over the values that stand in a strict text one after the other. What is not JSON is told by whoever reads
// them. Linear.
class JsonPieces {
 public:
  explicit JsonPieces(std::string_view strict) : rest_(strict) {}
  // False at the end.
  bool Next(JsonPiece& piece);

 private:
  std::string_view rest_;
  int line_ = 1;
};

}  // namespace ftl::batch_runner
