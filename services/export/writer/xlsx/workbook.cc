#include "services/export/writer/xlsx/workbook.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "common/error/try.h"
#include "common/proto/enum_word.h"
#include "common/time/proto_time.h"
#include "services/export/report/wording.h"
#include "services/export/writer/xlsx/cell_text.h"

namespace ftl::exporter {
namespace {

using finetunelab::batch_runner::v1::Result;
using google::protobuf::Duration;

constexpr lxw_row_t kMostRows = 1'000'000;  // of a sheet; its format ends at 1,048,576

struct SheetColumn {
  const char* name;
  double width;
};
constexpr SheetColumn kColumns[] = {
    {"prompt_id", 9},      {"prompt", 50},     {"response", 60},      {"latency_ms", 11},   {"success", 8},
    {"error", 30},         {"error_type", 13}, {"outcome", 13},       {"input_tokens", 11}, {"output_tokens", 12},
    {"ttft_ms", 10},       {"category", 16},   {"finish_reason", 12}, {"attempts", 8},      {"checks_passed", 12},
    {"checks_failed", 12}, {"model_id", 20},   {"test_run_id", 36},   {"created_at", 22}};
constexpr auto kLastColumn = static_cast<lxw_col_t>(std::size(kColumns) - 1);

// A row from its first cell to its last.
class RowOf {
 public:
  RowOf(lxw_worksheet* sheet, lxw_row_t row) : sheet_(sheet), row_(row) {}

  RowOf& Text(std::string_view text, lxw_format* format = nullptr) {
    if (!text.empty()) worksheet_write_string(sheet_, row_, column_, CellText(text).c_str(), format);
    return Next();
  }
  RowOf& Number(bool has, double number, lxw_format* format = nullptr) {
    if (has) worksheet_write_number(sheet_, row_, column_, number, format);
    return Next();
  }
  RowOf& Span(bool has, const Duration& span) { return Number(has, Milliseconds(span)); }
  RowOf& Truth(bool truth) {
    worksheet_write_boolean(sheet_, row_, column_, truth, nullptr);
    return Next();
  }

 private:
  RowOf& Next() {
    ++column_;
    return *this;
  }
  lxw_worksheet* sheet_;
  lxw_row_t row_;
  lxw_col_t column_ = 0;
};

// Excel counts days from the end of 1899, without zones; ours are UTC.
double ExcelDate(absl::Time moment) { return absl::ToUnixMicros(moment) / 86'400e6 + 25'569; }

}  // namespace

absl::StatusOr<std::unique_ptr<Workbook>> Workbook::Begin(const Report& report) {
  TRY(Spool spool, Spool::Make());
  std::unique_ptr<Workbook> made(new Workbook(std::move(spool)));
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  options.use_zip64 = LXW_TRUE;
  made->book_ = workbook_new_opt(made->spool_.path().c_str(), &options);
  if (made->book_ == nullptr) return absl::InternalError("a workbook cannot be begun");
  lxw_doc_properties properties{};
  std::string title = "Batch test of " + CellText(report.session.model_name);
  title.resize(std::min<size_t>(title.size(), 200));
  properties.title = title.data();
  std::string author = "FineTuneLab";
  properties.author = author.data();
  properties.created = absl::ToTimeT(report.taken_at);
  workbook_set_properties(made->book_, &properties);
  made->bold_ = workbook_add_format(made->book_);
  format_set_bold(made->bold_);
  made->moment_ = workbook_add_format(made->book_);
  format_set_num_format(made->moment_, "yyyy-mm-dd hh:mm:ss.000");
  made->WriteSummary(report);
  made->BeginResults();
  return made;
}

Workbook::~Workbook() {
  if (book_ != nullptr) lxw_workbook_free(book_);
}

void Workbook::WriteSummary(const Report& report) {
  lxw_worksheet* sheet = workbook_add_worksheet(book_, "Summary");
  worksheet_set_column(sheet, 0, 0, 34, nullptr);
  worksheet_set_column(sheet, 1, 1, 44, nullptr);
  lxw_row_t next = 0;
  const auto row = [&](std::string_view name) { return std::move(RowOf(sheet, next++).Text(name, bold_)); };
  const auto& metrics = report.metrics;
  row("Model").Text(report.session.model_name);
  row("Model id").Text(report.session.model_id);
  row("Endpoint").Text(report.session.endpoint_origin);
  row("Export date (UTC)").Number(true, ExcelDate(report.taken_at), moment_);
  row("Complete").Truth(report.complete());
  row("Runs").Number(true, static_cast<double>(report.runs.size()));
  if (!report.filter.empty()) row("Results shown (the rest of this sheet is of all)").Text(report.filter);
  row("Total prompts").Number(true, metrics.total_prompts());
  row("Successful").Number(true, metrics.completed_prompts());
  row("Failed").Number(true, metrics.failed_prompts());
  row("Success rate (%)").Number(metrics.has_success_rate(), metrics.success_rate());
  const auto spans = [&](std::string_view what, bool has,
                         std::initializer_list<std::pair<const char*, const Duration*>> of) {
    for (const auto& [name, span] : of) row(fmt::format("{} {} (ms)", what, name)).Span(has, *span);
  };
  spans("Latency", metrics.has_avg_latency(),
        {{"mean", &metrics.avg_latency()},
         {"p50", &metrics.p50_latency()},
         {"p90", &metrics.p90_latency()},
         {"p95", &metrics.p95_latency()},
         {"p99", &metrics.p99_latency()},
         {"least", &metrics.min_latency()},
         {"greatest", &metrics.max_latency()}});
  spans("Time to first token", metrics.has_avg_ttft(),
        {{"mean", &metrics.avg_ttft()},
         {"p50", &metrics.p50_ttft()},
         {"p90", &metrics.p90_ttft()},
         {"p95", &metrics.p95_ttft()},
         {"p99", &metrics.p99_ttft()}});
  row("Answers without text").Number(true, metrics.answers_without_text());
  row("Input tokens").Number(true, static_cast<double>(metrics.total_input_tokens()));
  row("Output tokens").Number(true, static_cast<double>(metrics.total_output_tokens()));
  row("Some tokens estimated").Truth(metrics.tokens_estimated());
  row("Mean output tokens").Number(metrics.has_avg_output_tokens(), metrics.avg_output_tokens());
  row("Mean characters of an answer").Number(metrics.has_avg_response_length(), metrics.avg_response_length());
  row("Output tokens per second").Number(metrics.has_output_tokens_per_second(), metrics.output_tokens_per_second());
  row("Checks passed").Number(true, metrics.checks_passed());
  row("Checks failed").Number(true, metrics.checks_failed());
  const std::map<std::string, int32_t> errors(metrics.errors_by_type().begin(), metrics.errors_by_type().end());
  for (const auto& [type, count] : errors) row("Failed: " + type).Number(true, count);
}

void Workbook::BeginResults() {
  if (results_ != nullptr) worksheet_autofilter(results_, 0, 0, next_row_ - 1, kLastColumn);
  const std::string name = result_sheets_++ == 0 ? "Results" : fmt::format("Results {}", result_sheets_);
  results_ = workbook_add_worksheet(book_, name.c_str());
  worksheet_freeze_panes(results_, 1, 1);
  RowOf head(results_, 0);
  for (lxw_col_t i = 0; i <= kLastColumn; ++i) {
    worksheet_set_column(results_, i, i, kColumns[i].width, nullptr);
    head.Text(kColumns[i].name, bold_);
  }
  next_row_ = 1;
}

void Workbook::Add(const Result& result) {
  if (next_row_ > kMostRows) BeginResults();
  const auto checks_passed =
      std::count_if(result.checks().begin(), result.checks().end(), [](const auto& check) { return check.passed(); });
  const auto checks_failed = result.checks_size() - checks_passed;
  const bool has_checks = result.checks_size() > 0;
  RowOf(results_, next_row_++)
      .Number(true, result.prompt_id())
      .Text(result.prompt())
      .Text(result.response())
      .Span(result.has_latency(), result.latency())
      .Truth(result.success())
      .Text(result.error())
      .Text(EnumWord(result.error_type()))
      .Text(EnumWord(result.outcome()))
      .Number(result.has_input_tokens(), result.input_tokens())
      .Number(result.has_output_tokens(), result.output_tokens())
      .Span(result.has_ttft(), result.ttft())
      .Text(result.category())
      .Text(result.finish_reason())
      .Number(true, result.attempts())
      .Number(has_checks, static_cast<double>(checks_passed))
      .Number(has_checks, static_cast<double>(checks_failed))
      .Text(result.model_id())
      .Text(result.test_run_id())
      .Number(true, ExcelDate(FromProto(result.created_at())), moment_);
  Counts& counts = categories_[result.category()];
  ++counts.results;
  counts.successes += result.success() ? 1 : 0;
  counts.checks_passed += checks_passed;
  counts.checks_failed += checks_failed;
}

void Workbook::WriteCategories() {
  lxw_worksheet* sheet = workbook_add_worksheet(book_, "By category");
  worksheet_set_column(sheet, 0, 0, 28, nullptr);
  worksheet_set_column(sheet, 1, 5, 14, nullptr);
  worksheet_freeze_panes(sheet, 1, 0);
  RowOf head(sheet, 0);
  for (const char* name : {"category", "results", "successes", "failures", "checks_passed", "checks_failed"}) {
    head.Text(name, bold_);
  }
  lxw_row_t next = 1;
  for (const auto& [category, counts] : categories_) {
    RowOf row(sheet, next++);
    row.Text(category);
    for (const int64_t count : {counts.results, counts.successes, counts.results - counts.successes,
                                counts.checks_passed, counts.checks_failed}) {
      row.Number(true, static_cast<double>(count));
    }
  }
}

absl::Status Workbook::Close() {
  worksheet_autofilter(results_, 0, 0, std::max<lxw_row_t>(next_row_, 2) - 1, kLastColumn);
  WriteCategories();
  const lxw_error error = workbook_close(std::exchange(book_, nullptr));
  if (error == LXW_NO_ERROR) return absl::OkStatus();
  return absl::InternalError(fmt::format("a workbook cannot be written: {}", lxw_strerror(error)));
}

}  // namespace ftl::exporter
