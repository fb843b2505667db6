#pragma once

#include <absl/time/time.h>

#include "services/export/report/comparison.h"

namespace ftl::exporter {

// Two models that were asked once, of which the second broke off.
inline ComparisonReport TestComparison() {
  namespace runner = finetunelab::batch_runner::v1;
  ComparisonReport report{.taken_at = absl::FromUnixSeconds(1'764'244'900)};
  runner::Comparison& comparison = report.comparison;
  comparison.set_id("11111111-1111-4111-8111-111111111111");
  comparison.set_project("default");
  comparison.mutable_created_at()->set_seconds(1'764'244'800);
  comparison.set_status(runner::COMPARISON_STATUS_COMPLETE);
  comparison.set_repeat(1);
  comparison.set_columns(2);
  for (const char* id : {"model_a", "model_b"}) {
    runner::ModelChoice& model = *comparison.add_models();
    model.set_service("openai");
    model.set_id(id);
  }
  runner::ChatMessage& asked = *comparison.add_messages();
  asked.set_role(runner::MESSAGE_ROLE_USER);
  asked.set_content("What is *one* and one?");
  runner::ComparedAnswer& whole = *comparison.add_answers();
  whole.set_repetition(1);
  whole.set_content("=2, \"surely\"");
  whole.set_status(runner::MESSAGE_STATUS_COMPLETE);
  whole.mutable_latency()->set_seconds(2);
  whole.set_output_tokens(3);
  whole.set_cost(0.0000475);
  whole.set_finish_reason("stop");
  runner::ComparedAnswer& broken = *comparison.add_answers();
  broken.set_index(1);
  broken.set_repetition(1);
  broken.set_status(runner::MESSAGE_STATUS_INCOMPLETE);
  broken.set_error("It was away.");
  broken.set_error_type(finetunelab::endpoint::v1::ERROR_TYPE_NETWORK);
  runner::ComparisonVerdict& verdict = *comparison.mutable_verdict();
  verdict.add_failed(1);
  runner::ComparisonFinding& finding = *verdict.add_findings();
  finding.set_measure(runner::COMPARISON_MEASURE_LATENCY);
  finding.add_leaders(0);
  finding.set_certainty(runner::COMPARISON_CERTAINTY_TOO_FEW_TO_TELL);
  runner::ComparisonColumn& column = *verdict.add_columns();
  column.set_answered(1);
  column.mutable_latency()->set_seconds(2);
  column.set_cost(0.0000475);
  runner::ComparisonColumn& failed = *verdict.add_columns();
  failed.set_index(1);
  failed.set_failed(1);
  auto& standing = *report.standings.add_standings();
  *standing.mutable_model() = comparison.models(0);
  standing.set_comparisons(7);
  standing.set_wins(6);
  standing.set_losses(1);
  standing.set_strength(2.5);
  standing.mutable_strength_interval()->set_low(1.25);
  standing.mutable_strength_interval()->set_high(5);
  report.standings.set_marks(7);
  report.standings.set_blind_marks(2);
  return report;
}

// The same as it is told while its models are hidden.
inline ComparisonReport HiddenComparison() {
  ComparisonReport report = TestComparison();
  report.comparison.set_blind(true);
  report.comparison.clear_models();
  for (auto& answer : *report.comparison.mutable_answers()) answer.clear_cost();
  return report;
}

}  // namespace ftl::exporter
