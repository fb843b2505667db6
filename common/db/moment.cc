#include "common/db/moment.h"

#include <limits>

#include "common/text/view.h"

namespace ftl {
namespace {

const absl::Time kYear2000 = absl::FromUnixSeconds(946684800);

}  // namespace

std::string FormatMoment(absl::Time moment) {
  if (moment == absl::InfiniteFuture()) return "infinity";
  if (moment == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", moment, absl::UTCTimeZone());
}

std::optional<absl::Time> ParseMoment(std::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  if (!text.ends_with("+00")) return std::nullopt;
  text.remove_suffix(3);
  absl::Time moment;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S", ToAbsl(text), absl::UTCTimeZone(), &moment, nullptr)) return std::nullopt;
  return moment;
}

int64_t MicrosecondsSince2000(absl::Time moment) {
  if (moment == absl::InfiniteFuture()) return std::numeric_limits<int64_t>::max();
  if (moment == absl::InfinitePast()) return std::numeric_limits<int64_t>::min();
  return absl::ToInt64Microseconds(moment - kYear2000);
}

}  // namespace ftl
