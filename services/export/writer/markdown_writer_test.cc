#include "services/export/writer/markdown_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ftl::exporter {
namespace {

using testing::HasSubstr;
using testing::Not;

void ExpectSame(const std::vector<TextBlock>& read, const std::vector<TextBlock>& blocks, const std::string& text) {
  ASSERT_EQ(read.size(), blocks.size()) << text;
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(read[i].kind, blocks[i].kind) << text;
    EXPECT_EQ(read[i].text, blocks[i].text) << text;
    EXPECT_EQ(read[i].rows, blocks[i].rows) << text;
    EXPECT_EQ(read[i].marker, blocks[i].marker) << text;
    EXPECT_EQ(read[i].indent, blocks[i].indent) << text;
    EXPECT_EQ(read[i].quotes, blocks[i].quotes) << text;
  }
}

TEST(MarkdownWriterTest, WhatIsWrittenIsReadAsTheSameBlocks) {
  for (const char* text : {"a **b** *c* `d` ~~e~~ ***f***", "1. one\n2. two\n   - inner\n\n     more of it\n3. three",
                           "- [x] done\n- [ ] open", "```\nx = `1`\n\n```", "````\n```\n````", "> said\n>\n> again",
                           "|a|b|\n|---|---|\n|1 \\| 2|**3**|\n", "---", "a\\\nb", "\\* no list", "`` ` ``",
                           "7\\. no number", "&amp;lt;"}) {
    const std::vector<TextBlock> blocks = ReadMarkdown(text);
    std::string written;
    AppendMarkdownBlocks(blocks, written);
    ExpectSame(ReadMarkdown(written), blocks, written);
  }
}

TEST(MarkdownWriterTest, NothingOfATextIsPartOfTheReport) {
  Document document{
      .cover = {.kind = "Report", .title = "# *title*", .details = "<b>", .verdict = Told("All **went** well.")},
      .footer = "Powered by FineTuneLab"};
  Table table{.columns = {{"Name"}, {"Count", 1, true}}, .rows = {{{"a|b"}, {"1"}}}};
  Sample sample{
      .title = "one", .facts = "2 s", .prompt = "# asked\nso", .whole = "```\nnever closed\r\r# no heading\n"};
  document.sections.push_back({.title = "Section", .blocks = {table, Facts{{{"model_id", "x*"}}}, sample}});
  document.sections.push_back({.title = "Next"});
  const std::string text = WriteMarkdown(document);
  EXPECT_THAT(text, testing::StartsWith(
                        "# \\# \\*title\\*\n\nReport  \u00B7  \\<b\\>\n\nAll **went** well.\n\n## Section\n\n"));
  EXPECT_THAT(text, HasSubstr("| Name | Count |\n| --- | ---: |\n| a\\|b | 1 |\n"));
  EXPECT_THAT(text, HasSubstr("- model\\_id: x\\*\n"));
  EXPECT_THAT(
      text,
      HasSubstr("### one\n\n*2 s*\n\n> \\# asked\\\n> so\n\n> ```\n> never closed\n> \n> # no heading\n\n## Next\n"));
}

}  // namespace
}  // namespace ftl::exporter
