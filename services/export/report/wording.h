#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>

namespace ftl::exporter {

// How numbers are written in a report; rounded as Atlas rounds.

// `1,234`.
std::string CountText(int64_t count);
// With up to `decimals` decimals and no trailing zeros: `142.3`.
std::string NumberText(double value, int decimals);
// `850 ms`, `1.235 s`, `2 min 5 s`.
std::string DurationText(double milliseconds);
std::string DurationText(const google::protobuf::Duration& span);
// Milliseconds as the metrics route and CSV write them: `1234.5`.
std::string ExactMilliseconds(const google::protobuf::Duration& span);
// Rounded likewise to the nearest microsecond.
double Milliseconds(const google::protobuf::Duration& span);
// `1 prompt`, `2 prompts`.
std::string Counted(int64_t count, std::string_view singular);
// `1 answer has no text`, `4 answers have no text`.
std::string AnswersWithoutText(int64_t count);
// `27 November 2026, 14:05 UTC`.
std::string MomentText(absl::Time moment);

}  // namespace ftl::exporter
