#include "common/json/input_faults.h"

namespace ftl {

void InputFaults::Unknown(std::string_view field) {
  unknown_ = true;
  faults_.Add(field, "is not known here; look for a misspelling");
}

void InputFaults::WrongType(std::string_view field, std::string_view message) {
  wrong_type_ = true;
  faults_.Add(field, message);
}

void InputFaults::Unacceptable(std::string_view field, std::string_view message) { faults_.Add(field, message); }

void InputFaults::UnknownWord(std::string_view field, std::string_view message) {
  ++words_;
  Unacceptable(field, message);
}

void InputFaults::Missing(std::string_view field) {
  for (const FieldFault& fault : faults_.listed()) {
    if (fault.field == field) return;
  }
  Unacceptable(field, "is missing");
}

absl::Status InputFaults::Verdict() const {
  if (unknown_) return faults_.Verdict(Reason::kUnknownField);
  return faults_.Verdict(wrong_type_ ? Reason::kWrongType : Reason::kInvalidField);
}

}  // namespace ftl
