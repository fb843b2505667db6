#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

// What the question language can speak of: one row for each measure, field and grouping. The compiler, the planner, the
// tables and the sentences read it; a new measure is a new row (and its words in `lexicon/`). Constant, any thread.

enum class MeasureUnit { kNone, kMilliseconds, kTokens, kCharacters, kWords, kTokensPerSecond, kCalls, kVerdict };

// Which results a measure is over, unless failures are asked for.
enum class Population {
  kSuccesses,  // how long an answer took or was
  kAll,
  kChecked,  // those that have checks
};

struct MeasureRow {
  finetunelab::analytics::v1::Measure measure;
  std::string_view sql;  // its value for a result r, in its unit; null where it has none; 1 or 0 for verdicts
  Population population;
  MeasureUnit unit;
  // What a question wants to know of it when it says no more: the first alone where grouped. Ended by UNSPECIFIED.
  finetunelab::analytics::v1::Statistic usual[3];
  finetunelab::analytics::v1::FilterField field;  // the field that compares it; UNSPECIFIED where none does
  std::string_view column;                        // `latency_ms`
  std::string_view name;                          // in English
};

enum class FieldKind { kNumber, kText, kFlag, kRun };

struct FieldRow {
  finetunelab::analytics::v1::FilterField field;
  FieldKind kind;
  std::string_view sql;          // the column of a result r; for a flag the condition that it is so
  std::string_view sql_not;      // for a flag: that it is not so
  bool means_successes = false;  // is asked of successes, unless failures are asked for
  bool chooses_outcome = false;  // chooses between successes and failures itself
  bool needs_run = false;        // needs the run as u
};

struct GroupRow {
  finetunelab::analytics::v1::Grouping grouping;
  std::string_view sql;    // a group's name for a result r
  std::string_view order;  // what puts groups in their own order
  std::string_view column;
  std::string_view name;       // in English
  std::string_view condition;  // which results are in a group at all; empty for all
  bool needs_run = false;
};

// The rows; never fail for a known value, and give the first row, which stands for none, for any other.
const MeasureRow& RowOf(finetunelab::analytics::v1::Measure measure);
const FieldRow& RowOf(finetunelab::analytics::v1::FilterField field);
const GroupRow& RowOf(finetunelab::analytics::v1::Grouping grouping);

// The measure that a field compares; nullopt for fields of no measure.
std::optional<finetunelab::analytics::v1::Measure> MeasureOf(finetunelab::analytics::v1::FilterField field);

std::span<const MeasureRow> Measures();
std::span<const GroupRow> Groupings();

}  // namespace ftl::analytics
