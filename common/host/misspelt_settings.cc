#include "common/host/misspelt_settings.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace ftl::host {
namespace {

constexpr int kNear = 2;

// Levenshtein's distance, or more than kNear where the lengths alone say so.
int Distance(std::string_view one, std::string_view other) {
  if (std::abs(static_cast<int>(one.size()) - static_cast<int>(other.size())) > kNear) return kNear + 1;
  std::vector<int> row(other.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < one.size(); ++i) {
    int diagonal = std::exchange(row[0], static_cast<int>(i) + 1);
    for (size_t j = 0; j < other.size(); ++j) {
      const int changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({changed, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

bool IsOurs(std::string_view name) { return name.starts_with("DEMO_") || name.starts_with("FTL_"); }

}  // namespace

std::vector<MisspeltSetting> MisspeltSettings(const std::vector<std::string_view>& environment,
                                              const std::vector<std::string_view>& settings) {
  std::vector<MisspeltSetting> misspelt;
  for (std::string_view given : environment) {
    if (std::find(settings.begin(), settings.end(), given) != settings.end()) continue;
    for (std::string_view setting : settings) {
      if (!IsOurs(setting) || Distance(given, setting) > kNear) continue;
      misspelt.push_back({std::string(given), std::string(setting)});
      break;
    }
  }
  return misspelt;
}

std::vector<std::string> ForeignSettings(const std::vector<std::string_view>& environment,
                                         const std::vector<std::string_view>& settings) {
  std::vector<std::string> foreign;
  for (std::string_view given : environment) {
    const bool is_known = std::find(settings.begin(), settings.end(), given) != settings.end();
    if (IsOurs(given) && !is_known && MisspeltSettings({given}, settings).empty()) foreign.emplace_back(given);
  }
  return foreign;
}

}  // namespace ftl::host
