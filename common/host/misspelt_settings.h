#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ftl::host {

struct MisspeltSetting {
  std::string given;
  std::string meant;
};

// Of the names in the environment those that no setting has, but that are within two letters of one whose name begins
// with DEMO_ or FTL_: nobody else would call a variable so. Names of other programs' settings are further apart
// (tests: deploy/settings.test.mjs). Time is the product of both lists. Pure.
std::vector<MisspeltSetting> MisspeltSettings(const std::vector<std::string_view>& environment,
                                              const std::vector<std::string_view>& settings);

// The names in the environment that begin with DEMO_ or FTL_, that no setting has and none was meant by: perhaps
// another program's, perhaps nobody's. Pure.
std::vector<std::string> ForeignSettings(const std::vector<std::string_view>& environment,
                                         const std::vector<std::string_view>& settings);

}  // namespace ftl::host
