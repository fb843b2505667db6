#include "services/export/report/wording.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "common/json/json_writer.h"
#include "common/time/proto_time.h"

namespace ftl::exporter {

std::string CountText(int64_t count) {
  std::string digits = fmt::to_string(std::abs(count));
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<size_t>(at), ",");
  return count < 0 ? "-" + digits : digits;
}

std::string NumberText(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  std::string fraction;
  if (const size_t point = text.find('.'); point != std::string::npos) {
    fraction = text.substr(point);
    while (fraction.ends_with('0')) fraction.pop_back();
    if (fraction == ".") fraction.clear();
    text.resize(point);
  }
  if (std::abs(value) < 1000 || std::abs(value) > 1e15) return text + fraction;
  return CountText(std::stoll(text)) + fraction;
}

std::string DurationText(double milliseconds) {
  if (milliseconds < 999.95) return NumberText(milliseconds, milliseconds < 10 ? 2 : 1) + " ms";
  if (milliseconds < 120'000) return NumberText(milliseconds / 1000, 3) + " s";
  const auto seconds = static_cast<int64_t>(std::lround(milliseconds / 1000));
  return fmt::format("{} min {} s", seconds / 60, seconds % 60);
}

std::string DurationText(const google::protobuf::Duration& span) { return DurationText(Milliseconds(span)); }

std::string ExactMilliseconds(const google::protobuf::Duration& span) {
  std::string text;
  AppendMilliseconds(span.seconds(), span.nanos(), text);
  return text;
}

double Milliseconds(const google::protobuf::Duration& span) {
  return std::round(absl::ToDoubleMicroseconds(FromProto(span))) / 1000;
}

std::string Counted(int64_t count, std::string_view singular) {
  if (count == 1) return fmt::format("1 {}", singular);
  if (singular.ends_with("y")) {
    return fmt::format("{} {}ies", CountText(count), singular.substr(0, singular.size() - 1));
  }
  return fmt::format("{} {}s", CountText(count), singular);
}

std::string AnswersWithoutText(int64_t count) {
  return fmt::format("{} {} no text", Counted(count, "answer"), count == 1 ? "has" : "have");
}

std::string MomentText(absl::Time moment) {
  return absl::FormatTime("%-d %B %Y, %H:%M UTC", moment, absl::UTCTimeZone());
}

}  // namespace ftl::exporter
