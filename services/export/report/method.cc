#include "services/export/report/method.h"

#include <fmt/format.h>

#include "services/export/report/wording.h"

namespace ftl::exporter {

Paragraph MethodNotes(const finetunelab::analytics::v1::GetMetricsResponse& metrics) {
  const std::string text = fmt::format(
      "- **Latency** runs from the first byte of the request to the end of the answer, of the last attempt; waits "
      "between "
      "attempts are not in it. **Time to first token** runs to the first piece with text, reasoning or a tool call. "
      "Moments are the kernel's, taken as bytes leave and arrive.\n"
      "- Figures of latency and of time to first token are over the {} alone. Failed calls count in the success rate: "
      "successes over prompts with a result. Its interval is where the rate of ever so many such prompts would lie, at "
      "95 % "
      "confidence (Wilson's score).\n"
      "- **Percentiles** are exact and linear between ranks (type 7 of Hyndman and Fan; percentile_cont of "
      "PostgreSQL), at every n. Under 20 calls the 95th, under 100 the 99th percentile is little more than the slowest "
      "call.\n"
      "- **Output tokens per second** are the output tokens of successful calls over their summed latency; with "
      "several calls at a time the endpoint as a whole gives more.\n"
      "- **Tokens** {}.\n"
      "- **Checks** compare the answer with what the suite expects; an answer that broke off is not checked.",
      Counted(metrics.completed_prompts(), "successful call"),
      metrics.tokens_estimated()
          ? "are those that the endpoint reported where it did; for the rest they are our estimate: one for every four "
            "ASCII characters, every two of two bytes, and every other character"
          : "are those that the endpoint reported");
  return {ReadMarkdown(text), Voice::kBody};
}

}  // namespace ftl::exporter
