#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace ftl::batch_runner {

// A file's text as UTF-8 and the name of the encoding it was in, as browsers know it.
struct DecodedText {
  std::string text;
  std::string encoding;
};

// Honours a byte order mark, which is not part of the text. Without one: UTF-8 where the bytes are that, UTF-16 where
// every other byte is zero, else what ICU recognises with confidence, else Windows-1252. INVALID_ARGUMENT with a
// sentence for files that are no text (spreadsheets, archives, PDF) and for bytes that mean nothing in the encoding;
// nothing is replaced silently. Linear in the bytes.
absl::StatusOr<DecodedText> DecodeText(std::string_view bytes);

}  // namespace ftl::batch_runner
