#include "services/sample-endpoint/dialect.h"

#include <algorithm>

namespace ftl::sample_endpoint {

Script Dialect::Answer(const ChatRequest& request, const Completion& completion) const {
  if (request.stream) return EventStream(Events(completion));
  return Json(200, Whole(completion), completion.End());
}

std::optional<Script> Dialect::Fail(std::string_view model, const Scene& scene) const {
  for (const Fault& fault : OwnFaults()) {
    if (fault.model == model) return fault.answer(scene);
  }
  for (const CommonFault& fault : CommonFaults()) {
    if (fault.model == model) return fault.answer(*this, scene);
  }
  return std::nullopt;
}

const Dialect& DialectOf(std::string_view& path) {
  const auto dialects = Dialects();
  const auto found = std::find_if(dialects.begin(), dialects.end(), [&](const Dialect* dialect) {
    return path.starts_with(dialect->base()) && path.substr(dialect->base().size()).starts_with('/');
  });
  if (found == dialects.end()) return OpenAiDialect();
  path.remove_prefix((*found)->base().size());
  return **found;
}

}  // namespace ftl::sample_endpoint
