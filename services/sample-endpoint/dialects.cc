#include "services/sample-endpoint/anthropic/anthropic.h"
#include "services/sample-endpoint/cohere/cohere.h"
#include "services/sample-endpoint/dialect.h"
#include "services/sample-endpoint/google/google.h"
#include "services/sample-endpoint/huggingface/huggingface.h"
#include "services/sample-endpoint/openai/openai.h"

namespace ftl::sample_endpoint {

const Dialect& OpenAiDialect() {
  static const OpenAi kOpenAi;
  return kOpenAi;
}

std::span<const Dialect* const> Dialects() {
  static const Anthropic kAnthropic;
  static const Google kGoogle;
  static const Cohere kCohere;
  static const HuggingFace kHuggingFace;
  static const Dialect* const kDialects[] = {&kAnthropic, &kGoogle, &kCohere, &kHuggingFace};
  return kDialects;
}

}  // namespace ftl::sample_endpoint
