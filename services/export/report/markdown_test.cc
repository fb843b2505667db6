#include "services/export/report/markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

using Kind = TextBlock::Kind;

std::string TextOf(const TextBlock& block) {
  std::string text;
  for (const Span& span : block.text) text += span.text;
  return text;
}

TEST(MarkdownTest, ReadsStyles) {
  const auto blocks = ReadMarkdown("a **b** *c* `d` ~~e~~ &amp; &#233;");
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_THAT(blocks[0].text, testing::ElementsAre(
                                  Span{.text = "a "}, Span{.text = "b", .bold = true}, Span{.text = " "},
                                  Span{.text = "c", .italic = true}, Span{.text = " "}, Span{.text = "d", .code = true},
                                  Span{.text = " "}, Span{.text = "e", .struck = true}, Span{.text = " & é"}));
}

TEST(MarkdownTest, ReadsListsWithinLists) {
  const auto blocks = ReadMarkdown("3. three\n4. four\n   - inner\n\n- [x] done");
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].marker, "3.");
  EXPECT_EQ(blocks[1].marker, "4.");
  EXPECT_EQ(blocks[2].marker, "\u2022");
  EXPECT_EQ(blocks[2].indent, 2);
  EXPECT_EQ(blocks[3].marker, "\u2611");
  EXPECT_EQ(TextOf(blocks[3]), "done");
}

TEST(MarkdownTest, ReadsHeadingsCodeQuotationsAndTables) {
  const auto blocks = ReadMarkdown("## Head\n\n```py\nx = 1\n```\n\n> said\n\n|a|b|\n|---|---|\n|1|2|\n");
  ASSERT_EQ(blocks.size(), 4u);
  EXPECT_EQ(blocks[0].level, 2);
  EXPECT_EQ(blocks[1].kind, Kind::kCode);
  EXPECT_EQ(TextOf(blocks[1]), "x = 1\n");
  EXPECT_EQ(blocks[2].quotes, 1);
  ASSERT_EQ(blocks[3].rows.size(), 2u);
  EXPECT_EQ(blocks[3].rows[1][1][0].text, "2");
}

TEST(MarkdownTest, ALinkIsItsWordsAndItsAddress) {
  EXPECT_EQ(TextOf(ReadMarkdown("[here](https://a.example/x)")[0]), "here (https://a.example/x)");
  EXPECT_EQ(TextOf(ReadMarkdown("![a cat](https://a.example/cat.png)")[0]), "a cat");
  EXPECT_EQ(TextOf(ReadMarkdown("<b>bold</b>")[0]), "<b>bold</b>");
}

TEST(MarkdownTest, WhatIsEscapedIsReadAsItWas) {
  for (const char* text : {"1. one", "- a", "+ b", "# c", "> d", "a_b_c *d* **e**", "`f` ~~g~~", "[h](i) ![j](k)",
                           "<b>l</b>", "&amp; m", "a|b", "\\*", "=== n", "12) o", "3.14 of 10", "-12.5", "2.", "-"}) {
    const auto blocks = ReadMarkdown(EscapedMarkdown(text));
    ASSERT_EQ(blocks.size(), 1u) << text;
    EXPECT_EQ(blocks[0].text, Spans{Span{.text = text}});
    EXPECT_EQ(blocks[0].marker, "");
  }
  EXPECT_EQ(EscapedMarkdown("two\nlines"), "two lines");
}

TEST(MarkdownTest, BearsWhatIsNested) {
  EXPECT_LE(ReadMarkdown(std::string(20'000, '>') + " x")[0].quotes, 6);
  EXPECT_FALSE(ReadMarkdown(std::string(20'000, '[')).empty());
}

}  // namespace
}  // namespace ftl::exporter
