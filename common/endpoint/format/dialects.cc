#include <algorithm>

#include "common/endpoint/format/anthropic/anthropic.h"
#include "common/endpoint/format/cohere/cohere.h"
#include "common/endpoint/format/dialect.h"
#include "common/endpoint/format/google/google.h"
#include "common/endpoint/format/huggingface/huggingface.h"
#include "common/endpoint/format/openai/openai.h"

namespace ftl {

const Dialect& OpenAiDialect() {
  static const OpenAi kOpenAi;
  return kOpenAi;
}

std::span<const Dialect* const> Dialects() {
  static const Anthropic kAnthropic;
  static const Google kGoogle;
  static const Cohere kCohere;
  static const HuggingFace kHuggingFace;
  static const Dialect* const kDialects[] = {&OpenAiDialect(), &kAnthropic, &kGoogle, &kCohere, &kHuggingFace};
  return kDialects;
}

const Dialect* DialectNamed(std::string_view name) {
  const auto dialects = Dialects();
  const auto found =
      std::find_if(dialects.begin(), dialects.end(), [&](const Dialect* dialect) { return dialect->name() == name; });
  return found == dialects.end() ? nullptr : *found;
}

}  // namespace ftl
