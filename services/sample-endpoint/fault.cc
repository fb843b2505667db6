#include "services/sample-endpoint/fault.h"

#include <map>

#include <fmt/format.h>

namespace ftl::sample_endpoint {
namespace {

const std::map<std::string_view, const Fault*>& ByModel() {
  static const auto* const kByModel = [] {
    auto* by_model = new std::map<std::string_view, const Fault*>;
    for (const auto faults : {ErrorFaults(), StreamFaults(), WireFaults(), Shapes(), OddAnswers(), OddErrors(),
                              FieldAnswers(), FieldErrors()}) {
      for (const Fault& fault : faults) by_model->emplace(fault.model, &fault);
    }
    return by_model;
  }();
  return *kByModel;
}

}  // namespace

Script WhileLoading(const Scene& scene, int status, std::string_view body) {
  return scene.calls % 3 == 0 ? Answered(scene.request, scene.completion) : Json(status, body);
}

const Fault* FaultOf(std::string_view model) {
  const auto found = ByModel().find(model);
  return found == ByModel().end() ? nullptr : found->second;
}

std::string FaultsJson() {
  std::string list;
  for (const auto& [model, fault] : ByModel()) {
    fmt::format_to(std::back_inserter(list), "{}{{\"id\":{},\"words\":{}}}", list.empty() ? "" : ",", Quoted(model),
                   Quoted(fault->words));
  }
  return fmt::format(R"({{"object":"list","data":[{}]}})", list);
}

}  // namespace ftl::sample_endpoint
