#include "services/batch-runner/chat/template_text.h"

#include <algorithm>
#include <functional>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kLongestName = 64;

bool IsName(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || absl::ascii_isdigit(static_cast<unsigned char>(name.front()))) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Calls `on_text` and `on_name` for what the text is made of, in order.
void Walk(std::string_view text, const std::function<void(std::string_view)>& on_text,
          const std::function<void(std::string_view)>& on_name) {
  size_t told = 0;
  for (size_t open = text.find("{{"); open != std::string_view::npos; open = text.find("{{", open)) {
    const size_t close = text.find("}}", open + 2);
    if (close == std::string_view::npos) break;
    const std::string_view name = Trimmed(text.substr(open + 2, close - open - 2));
    if (!IsName(name)) {
      ++open;
      continue;
    }
    on_text(text.substr(told, open - told));
    on_name(name);
    told = open = close + 2;
  }
  on_text(text.substr(told));
}

}  // namespace

std::vector<std::string> VariablesIn(std::string_view text) {
  std::vector<std::string> names;
  Walk(
      text, [](std::string_view) {},
      [&names](std::string_view name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
      });
  return names;
}

absl::StatusOr<std::string> FillIn(std::string_view text, const std::map<std::string, std::string>& values,
                                   size_t most_bytes) {
  FieldFaults faults;
  for (const std::string& name : VariablesIn(text)) {
    if (!values.contains(name)) faults.Add("variables." + name, "is missing");
  }
  TRY(faults.Verdict());
  std::string filled;
  bool is_too_long = false;
  const auto add = [&](std::string_view piece) {
    is_too_long |= filled.size() + piece.size() > most_bytes;
    if (!is_too_long) filled += piece;
  };
  Walk(text, add, [&](std::string_view name) { add(values.at(std::string(name))); });
  if (is_too_long) {
    faults.Add("variables", fmt::format("make the text longer than {} bytes", most_bytes));
    return faults.Verdict();
  }
  return filled;
}

}  // namespace ftl::batch_runner
