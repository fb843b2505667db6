#pragma once

#include <string>
#include <string_view>

namespace ftl {

// Finds the text of one member of a JSON object while the object comes, piece by piece. Nothing is built and no more is
// kept than a name's length, so a large body costs next to nothing before it is known whose it is. A member that is no
// string or is written with escapes is not found; what is not JSON may give anything.
class TopLevelText {
 public:
  // `name` outlives it.
  explicit TopLevelText(std::string_view name) : name_(name) {}

  // The next bytes of the object, cut anywhere. Time is their number.
  void Take(std::string_view json);
  // The text once all of it has come, its first 257 bytes of a longer one; empty before. The first member of that name
  // counts.
  const std::string& found() const { return found_; }

 private:
  enum class Place { kElsewhere, kBehindName, kBeforeValue };

  // Each gives how many bytes it has taken, one at least.
  size_t TakeText(std::string_view json);
  size_t TakeStructure(std::string_view json);
  void EndText();

  const std::string_view name_;
  int depth_ = 0;
  Place place_ = Place::kElsewhere;  // of the member looked for
  bool is_within_text_ = false;
  bool is_escaped_ = false;  // a backslash was the last byte
  std::string text_;         // of the outermost object, as far as it has come
  std::string found_;
};

}  // namespace ftl
