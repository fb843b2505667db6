#include "services/batch-runner/import/request_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/error/try.h"
#include "common/history/timed_id.h"
#include "common/proto/enum_word.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "common/workspace/token.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/history/content_mask.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kWordBytes = 200;
constexpr double kLongestMillis = 24.0 * 60 * 60 * 1000;

struct Column {
  std::string_view name;
  std::vector<std::string_view> also;
};
const std::vector<Column>& Columns() {
  static const auto& columns =
      *new std::vector<Column>{{"timestamp", {"created_at", "time", "date", "datetime"}},
                               {"id", {"request_id"}},
                               {"kind", {}},
                               {"service", {"provider", "service_name"}},
                               {"key_name", {}},
                               {"model", {"model_name", "model_id"}},
                               {"status", {}},
                               {"prompt", {"prompt_text", "input", "question"}},
                               {"response", {"response_text", "output", "answer", "completion"}},
                               {"response_time_ms", {"latency_ms", "duration_ms"}},
                               {"response_time", {"response_time_s", "latency", "duration"}},
                               {"ttft_ms", {}},
                               {"prompt_tokens", {"input_tokens", "tokens_in"}},
                               {"completion_tokens", {"output_tokens", "tokens_out"}},
                               {"tokens_estimated", {}},
                               {"cost", {"cost_usd"}},
                               {"finish_reason", {}},
                               {"error_type", {}},
                               {"error", {"error_message"}},
                               {"http_status", {"status_code"}},
                               {"attempts", {}}};
  return columns;
}

absl::Status Fault(std::string what) { return absl::InvalidArgumentError(std::move(what)); }

// The sign that the header has most of between its cells.
char DelimiterOf(std::string_view text) {
  const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
  constexpr std::string_view kSigns = ",;\t";
  return *std::max_element(kSigns.begin(), kSigns.end(), [header](char a, char b) {
    return std::count(header.begin(), header.end(), a) < std::count(header.begin(), header.end(), b);
  });
}

// RFC 3339, the same without a zone (taken for UTC), or seconds since 1970.
std::optional<absl::Time> MomentOf(std::string_view text) {
  const std::string written(absl::StripAsciiWhitespace(ToAbsl(text)));
  absl::Time moment;
  for (const char* form :
       {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d %H:%M:%E*S"}) {
    if (absl::ParseTime(form, written, absl::UTCTimeZone(), &moment, nullptr)) return moment;
  }
  double seconds = 0;
  if (absl::SimpleAtod(written, &seconds) && std::isfinite(seconds)) return absl::UnixEpoch() + absl::Seconds(seconds);
  return std::nullopt;
}

absl::StatusOr<std::optional<int32_t>> CountIn(std::string_view column, std::string_view cell) {
  if (cell.empty()) return std::optional<int32_t>();
  int32_t count = 0;
  if (!absl::SimpleAtoi(std::string(cell), &count) || count < 0) {
    return Fault(fmt::format("has in `{}` no whole number from 0 to 2147483647", column));
  }
  return std::optional(count);
}

absl::StatusOr<std::optional<double>> FigureIn(std::string_view column, std::string_view cell, double most) {
  if (cell.empty()) return std::optional<double>();
  double figure = 0;
  if (!absl::SimpleAtod(std::string(cell), &figure) || !(figure >= 0 && figure <= most)) {
    return Fault(fmt::format("has in `{}` no number from 0 to {}", column, most));
  }
  return std::optional(figure);
}

google::protobuf::Duration SpanOf(double millis) { return ToProto(absl::Microseconds(std::llround(millis * 1000))); }

pb::RequestStatus StatusOf(std::string_view word, bool has_error) {
  const auto known = EnumOf<pb::RequestStatus>(word);
  if (known == pb::REQUEST_STATUS_IN_PROGRESS) return pb::REQUEST_STATUS_INTERRUPTED;
  if (known != pb::REQUEST_STATUS_UNSPECIFIED) return known;
  return has_error || word == "failed" || word == "failure" ? pb::REQUEST_STATUS_ERROR : pb::REQUEST_STATUS_SUCCESS;
}

}  // namespace

absl::StatusOr<RequestTable> RequestTable::Open(std::string_view text, bool keeps_content) {
  RequestTable table(CsvReader(text, DelimiterOf(text)), keeps_content);
  TRY(const bool has_header, table.ReadRecord());
  std::map<std::string, size_t, std::less<>> places;
  for (size_t i = 0; has_header && i < table.record_.fields.size(); ++i) {
    places.emplace(absl::AsciiStrToLower(absl::StripAsciiWhitespace(table.record_.fields[i])), i);
  }
  for (const Column& column : Columns()) {
    std::vector<std::string_view> names = {column.name};
    names.insert(names.end(), column.also.begin(), column.also.end());
    for (const std::string_view name : names) {
      if (const auto place = places.find(name); place != places.end()) {
        table.columns_.emplace(column.name, place->second);
        break;
      }
    }
  }
  for (const char* needed : {"timestamp", "model"}) {
    if (!table.columns_.contains(needed)) return Fault(fmt::format("has no column `{}` in its first line", needed));
  }
  return table;
}

absl::StatusOr<bool> RequestTable::ReadRecord() {
  absl::StatusOr<bool> read = reader_.Next(record_);
  if (!read.ok()) return Fault(fmt::format("cannot be read: {}", ToStd(read.status().message())));
  return read;
}

std::string_view RequestTable::Cell(std::string_view column) const {
  const auto found = columns_.find(column);
  if (found == columns_.end() || found->second >= record_.fields.size()) return "";
  return record_.fields[found->second];
}

std::string RequestTable::IdOf(absl::Time moment) {
  const std::string_view given = Cell("id");
  if (TimeOfTimedId(given) == moment) return std::string(given);
  std::string all = fmt::format("{}\n{}\n{}", absl::ToUnixMillis(moment), given, Cell("model"));
  if (given.empty()) {
    for (const std::string& field : record_.fields) all += '\n' + std::to_string(field.size()) + ' ' + field;
    const int before = seen_[TokenSha256(all)]++;
    all += fmt::format("\n{}", before);
  }
  const std::string digest = TokenSha256(all);
  const auto millis = static_cast<uint64_t>(absl::ToUnixMillis(moment));
  return fmt::format("{:08x}-{:04x}-7{}-8{}-{}", millis >> 16, millis & 0xffff, digest.substr(0, 3),
                     digest.substr(3, 3), digest.substr(6, 12));
}

absl::Status RequestTable::ReadFigures(pb::LoggedRequest& row) const {
  for (const auto& [column, factor] : {std::pair("response_time", 1000.0), std::pair("response_time_ms", 1.0)}) {
    TRY(const auto span, FigureIn(column, Cell(column), kLongestMillis / factor));
    if (span) *row.mutable_response_time() = SpanOf(*span * factor);
  }
  TRY(const auto ttft, FigureIn("ttft_ms", Cell("ttft_ms"), kLongestMillis));
  if (ttft) *row.mutable_ttft() = SpanOf(*ttft);
  TRY(const auto cost, FigureIn("cost", Cell("cost"), 1e9));
  if (cost) row.set_cost(*cost);
  TRY(const auto read, CountIn("prompt_tokens", Cell("prompt_tokens")));
  if (read) row.set_prompt_tokens(*read);
  TRY(const auto written, CountIn("completion_tokens", Cell("completion_tokens")));
  if (written) row.set_completion_tokens(*written);
  TRY(const auto http_status, CountIn("http_status", Cell("http_status")));
  if (http_status) row.set_http_status(*http_status);
  TRY(const auto attempts, CountIn("attempts", Cell("attempts")));
  if (attempts) row.set_attempts(*attempts);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<pb::LoggedRequest>> RequestTable::Next() {
  TRY(const bool is_there, ReadRecord());
  if (!is_there) return std::optional<pb::LoggedRequest>();
  for (const std::string& field : record_.fields) {
    if (field.size() > kMessageBytes) return Fault("has a cell of more than 1 MiB");
    if (field.find('\0') != std::string::npos) return Fault("has a character U+0000");
  }
  const auto written = MomentOf(Cell("timestamp"));
  if (!written) return Fault("has in `timestamp` no moment like 2026-01-31T12:00:00Z, and no seconds since 1970");
  if (*written < absl::FromCivil(absl::CivilYear(2000), absl::UTCTimeZone()) ||
      *written > absl::Now() + absl::Hours(24)) {
    return Fault("began before the year 2000, or in the future");
  }
  const absl::Time moment = absl::FromUnixMillis(absl::ToUnixMillis(*written));
  for (const char* word : {"service", "key_name", "model", "finish_reason"}) {
    if (Cell(word).size() > kWordBytes) return Fault(fmt::format("has a `{}` of more than {} bytes", word, kWordBytes));
  }
  if (Cell("model").empty()) return Fault("names no model");
  const auto or_else = [this](std::string_view column, std::string_view otherwise) {
    const std::string_view cell = Cell(column);
    return std::string(cell.empty() ? otherwise : cell);
  };
  pb::LoggedRequest row;
  row.set_id(IdOf(moment));
  *row.mutable_timestamp() = ToProto(moment);
  row.set_project(std::string(kDefaultProject));
  row.set_service(or_else("service", "unknown"));
  row.set_key_name(or_else("key_name", "default"));
  row.set_model(or_else("model", ""));
  const auto kind = EnumOf<pb::RequestKind>(Cell("kind"));
  row.set_kind(kind == pb::REQUEST_KIND_UNSPECIFIED ? pb::REQUEST_KIND_CHAT : kind);
  row.set_status(StatusOf(absl::AsciiStrToLower(or_else("status", "")), !Cell("error").empty()));
  if (!Cell("finish_reason").empty()) row.set_finish_reason(or_else("finish_reason", ""));
  if (row.status() == pb::REQUEST_STATUS_ERROR) {
    const auto type = EnumOf<finetunelab::endpoint::v1::ErrorType>(Cell("error_type"));
    row.set_error_type(type == 0 ? finetunelab::endpoint::v1::ERROR_TYPE_UNKNOWN : type);
    if (!Cell("error").empty()) row.set_error(WithoutKeys(Cell("error")));
  }
  row.set_tokens_estimated(absl::AsciiStrToLower(or_else("tokens_estimated", "")) == "true");
  TRY(ReadFigures(row));
  if (!keeps_content_) return std::optional(std::move(row));
  if (!Cell("prompt").empty()) {
    pb::PromptMessage& asked = *row.add_messages();
    asked.set_role("user");
    asked.set_content(WithoutKeys(Cell("prompt")));
    row.set_prompt_preview(PreviewOf(asked.content()));
  }
  if (!Cell("response").empty()) row.set_response(WithoutKeys(Cell("response")));
  return std::optional(std::move(row));
}

}  // namespace ftl::batch_runner
