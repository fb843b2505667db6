#include "services/analytics/rpc/spoken_language.h"

#include <algorithm>

#include "services/analytics/narrator/language.h"

namespace ftl::analytics {

void CheckLanguage(const std::string& code, FieldFaults& faults) {
  const auto codes = Language::Codes();
  if (code.empty() || std::find(codes.begin(), codes.end(), code) != codes.end()) return;
  faults.Add("language", "must be en, de, es, fr, pt, zh or ja");
}

}  // namespace ftl::analytics
