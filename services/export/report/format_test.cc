#include "services/export/report/format.h"

#include <google/protobuf/generated_enum_reflection.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;

TEST(FormatTest, NamesTheChoicesWhereNoneWasMade) {
  const absl::Status status = RequireFormat(pb::EXPORT_FORMAT_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(status), Reason::kInvalidField);
  ASSERT_EQ(FieldFaultsOf(status).size(), 1u);
  EXPECT_EQ(FieldFaultsOf(status)[0].field, "format");
  EXPECT_EQ(FieldFaultsOf(status)[0].message, "must be pdf, csv, json, jsonl, html, xlsx or junit");
}

TEST(FormatTest, EveryFormatOfTheContractIsWritten) {
  const auto* words = google::protobuf::GetEnumDescriptor<pb::ExportFormat>();
  EXPECT_EQ(static_cast<int>(Formats().size()), words->value_count() - 1);
  for (const FormatFacts& facts : Formats()) EXPECT_TRUE(RequireFormat(facts.format).ok()) << facts.name;
}

TEST(FormatTest, NamesTheFileByItsDayInUtc) {
  const absl::Time late = absl::FromCivil(absl::CivilSecond(2025, 11, 21, 23, 59, 59), absl::UTCTimeZone());
  EXPECT_EQ(FileNameOf(pb::EXPORT_FORMAT_CSV, late), "finetunelab-batch-test-2025-11-21.csv");
  EXPECT_EQ(FileNameOf(pb::EXPORT_FORMAT_JSONL, late), "finetunelab-batch-test-2025-11-21.jsonl");
}

}  // namespace
}  // namespace ftl::exporter
