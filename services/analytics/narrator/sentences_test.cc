#include <regex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/proto/enum_word.h"
#include "services/analytics/narrator/language.h"
#include "services/analytics/narrator/sentences.h"
#include "services/analytics/planner/builtin_planner.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

const std::vector<std::string>& Places() {
  static const std::vector<std::string> places = [] {
    std::set<std::string> names;
    const std::string text(SentencesOf("en"));
    const std::regex place(R"(\{([a-z_0-9]+?)(_count)?[,}])");
    for (auto at = std::sregex_iterator(text.begin(), text.end(), place); at != std::sregex_iterator(); ++at) {
      names.insert((*at)[1]);
    }
    return std::vector<std::string>(names.begin(), names.end());
  }();
  return places;
}

// The sentence with every place filled by its name in angle brackets.
std::string Filled(const Language& language, std::string_view key, double count) {
  std::vector<Slot> slots;
  for (const std::string& place : Places()) slots.push_back({place, "<" + place + ">", count});
  return language.Say(key, std::span<const Slot>(slots));
}

std::set<std::string> PlacesIn(const std::string& text) {
  std::set<std::string> found;
  const std::regex place("<([a-z_0-9]+)>");
  for (auto at = std::sregex_iterator(text.begin(), text.end(), place); at != std::sregex_iterator(); ++at) {
    found.insert((*at)[1]);
  }
  return found;
}

class SentencesTest : public testing::TestWithParam<std::string_view> {};

TEST_P(SentencesTest, HaveTheKeysOfEnglish) { EXPECT_EQ(Language::Of(GetParam()).Keys(), Language::Of("en").Keys()); }

TEST_P(SentencesTest, SayWhatEnglishSaysWithTheSamePlaces) {
  const Language& language = Language::Of(GetParam());
  for (const std::string_view key : language.Keys()) {
    const std::string said = Filled(language, key, 2);
    EXPECT_NE(said, key) << "a pattern that ICU does not take";
    EXPECT_EQ(said.find('{'), std::string::npos) << key << ": " << said;
    EXPECT_EQ(PlacesIn(said), PlacesIn(Filled(Language::Of("en"), key, 2))) << key << ": " << said;
  }
}

TEST_P(SentencesTest, NameEverythingOfTheCatalogue) {
  const Language& language = Language::Of(GetParam());
  for (const MeasureRow& row : Measures()) {
    if (row.measure == pb::MEASURE_UNSPECIFIED) continue;
    EXPECT_TRUE(language.Has("measure." + EnumWord(row.measure))) << row.name;
  }
  for (const GroupRow& row : Groupings()) {
    if (row.grouping != pb::GROUPING_UNSPECIFIED) {
      EXPECT_TRUE(language.Has("group." + EnumWord(row.grouping))) << row.name;
    }
  }
  for (int i = pb::STATISTIC_COUNT; i <= pb::Statistic_MAX; ++i) {
    if (i == pb::STATISTIC_LIST) continue;
    EXPECT_TRUE(language.Has("statistic." + EnumWord(static_cast<pb::Statistic>(i)))) << i;
  }
  for (int i = pb::COMPARISON_EQUAL; i <= pb::Comparison_MAX; ++i) {
    EXPECT_TRUE(language.Has("filter." + EnumWord(static_cast<pb::Comparison>(i)))) << i;
  }
  for (int i = pb::FILTER_FIELD_SUCCESS; i <= pb::FilterField_MAX; ++i) {
    const auto field = static_cast<pb::FilterField>(i);
    const FieldRow& row = RowOf(field);
    const std::string word = EnumWord(field);
    if (row.kind == FieldKind::kText) {
      EXPECT_TRUE(language.Has("what." + word)) << word;
    }
    if (row.kind == FieldKind::kFlag) {
      EXPECT_TRUE(language.Has("filter." + word + ".true")) << word;
      EXPECT_TRUE(language.Has("filter." + word + ".false")) << word;
    }
    if (row.kind == FieldKind::kNumber) {
      EXPECT_TRUE(MeasureOf(field) || language.Has("what." + word) || language.Has("filter." + word) ||
                  language.Has("filter." + word + ".1"))
          << word;
    }
  }
}

TEST_P(SentencesTest, SuggestWhatIsUnderstood) {
  const Language& language = Language::Of(GetParam());
  for (const std::string_view key : language.Keys()) {
    if (!key.starts_with("ask.") && !key.starts_with("example.")) continue;
    const Understanding understanding = PlanBuiltin({language.Say(key)}, {});
    EXPECT_FALSE(understanding.queries.empty()) << language.Say(key);
    EXPECT_EQ(understanding.language, GetParam()) << language.Say(key);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SentencesTest, testing::ValuesIn(Language::Codes().begin(), Language::Codes().end()),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ftl::analytics
