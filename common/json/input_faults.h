#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "common/error/refusal.h"

namespace ftl {

// What is wrong with one input, every field of it. Unknown fields and wrong types are malformed (400), the rest is well
// formed but not acceptable (422); the verdict has the graver of the two and lists all.
class InputFaults {
 public:
  void Unknown(std::string_view field);
  void WrongType(std::string_view field, std::string_view message);
  void Unacceptable(std::string_view field, std::string_view message);
  // A word that is not in its enum. Its field is set to a value that no service takes.
  void UnknownWord(std::string_view field, std::string_view message);
  // Unless something else is wrong with it.
  void Missing(std::string_view field);

  bool empty() const { return faults_.empty(); }
  // Whether further faults are counted and no longer listed, so that nobody need write down what they are.
  bool full() const { return faults_.count() >= FieldFaults::kMostListed; }
  // Whether nothing is wrong but words that a service refuses too.
  bool OnlyUnknownWords() const { return words_ == faults_.count(); }
  absl::Status Verdict() const;

 private:
  FieldFaults faults_;
  bool unknown_ = false;
  bool wrong_type_ = false;
  size_t words_ = 0;
};

}  // namespace ftl
