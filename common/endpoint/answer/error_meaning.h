#pragma once

#include "common/endpoint/answer/error_words.h"

namespace ftl {

// What the words of an error mean, whatever status they came with. Providers use other statuses and other names for the
// same thing; the phrases are theirs. Pure.
class ErrorMeaning {
 public:
  explicit ErrorMeaning(const ErrorWords& words);

  // Out of credit, as opposed to too fast, under this status.
  bool IsOutOfCredit(int status) const;
  // A request in plain HTTP came to a port that speaks https.
  bool WantsHttps() const;
  bool IsFiltered() const;
  bool IsUnknownModel() const;
  bool IsRefusedKey() const;
  // The model is on its way: being loaded, started or scaled up.
  bool IsLoading() const;

  // The status that an error without one would have had.
  int Status() const;

 private:
  // In lower case: how the error names itself, and what it says.
  std::string name_;
  std::string message_;
};

}  // namespace ftl
