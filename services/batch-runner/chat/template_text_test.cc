#include "services/batch-runner/chat/template_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TemplateTextTest, FindsEachVariableOnceInTheOrderOfTheText) {
  EXPECT_THAT(VariablesIn("Dear {{name}}, {{ greeting }}! {{name}} is {{age_2}}."),
              ElementsAre("name", "greeting", "age_2"));
}

TEST(TemplateTextTest, TakesWhatIsNoNameForText) {
  for (const char* text : {"", "{name}", "{{}}", "{{ }}", "{{two words}}", "{{name", "{{na-me}}", "{{1st}}", "}}{{"}) {
    EXPECT_THAT(VariablesIn(text), IsEmpty()) << text;
    EXPECT_EQ(*FillIn(text, {}, 100), text);
  }
  EXPECT_THAT(VariablesIn("{{ {{name}} }}"), ElementsAre("name"));
  EXPECT_THAT(VariablesIn("{{{name}}}"), ElementsAre("name"));
  EXPECT_THAT(VariablesIn("{{" + std::string(65, 'n') + "}}"), IsEmpty());
}

TEST(TemplateTextTest, PutsValuesInPlaceAndReadsNothingInThem) {
  EXPECT_EQ(*FillIn("{{a}} and {{ b }} and {{a}}", {{"a", "{{b}}"}, {"b", "ü"}}, 100), "{{b}} and ü and {{b}}");
  EXPECT_EQ(*FillIn("{{{a}}}", {{"a", "x"}}, 100), "{x}");
}

TEST(TemplateTextTest, NamesEveryVariableWithoutAValue) {
  const absl::Status refused = FillIn("{{a}} {{b}} {{c}}", {{"b", ""}}, 100).status();
  const std::vector<FieldFault> faults = FieldFaultsOf(refused);
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].field, "variables.a");
  EXPECT_EQ(faults[1].field, "variables.c");
}

TEST(TemplateTextTest, GrowsNoLongerThanItMay) {
  const std::string many = std::string(10, 'x');
  EXPECT_TRUE(FillIn("{{a}}{{a}}", {{"a", many}}, 20).ok());
  EXPECT_EQ(ReasonOf(FillIn("{{a}}{{a}}", {{"a", many}}, 19).status()), Reason::kInvalidField);
}

}  // namespace
}  // namespace ftl::batch_runner
