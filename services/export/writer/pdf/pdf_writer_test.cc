#include "services/export/writer/pdf/pdf_writer.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/export/report/readable.h"
#include "services/export/report/shown_result.h"

namespace ftl::exporter {
namespace {

namespace pb = finetunelab::exporter::v1;
using testing::HasSubstr;
using testing::Not;

const absl::Time kNoon = absl::FromCivil(absl::CivilSecond(2026, 11, 27, 12, 0, 0), absl::UTCTimeZone());

// What a tool says of a file.
std::string Said(const std::string& command, int* status = nullptr) {
  std::string text;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> bytes{};
  for (size_t size; (size = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) text.append(bytes.data(), size);
  const int ended = pclose(pipe);
  if (status != nullptr) *status = ended;
  return text;
}

class PdfWriterTest : public testing::Test {
 protected:
  static Document Empty() {
    return {.title = "Batch test of Model",
            .made_at = kNoon,
            .cover = {.kind = "Report", .title = "Model"},
            .footer = "Powered by FineTuneLab"};
  }

  static Document With(const std::string& answer) {
    ShownResult shown;
    shown.result.set_prompt_id(1);
    shown.result.set_success(true);
    shown.result.set_prompt(answer.substr(0, 600));
    shown.result.set_response(answer);
    shown.response_characters = static_cast<int64_t>(answer.size());
    Document document = Empty();
    document.sections.push_back({.title = "Sample responses", .blocks = {SampleOf(shown), ResultTable({shown})}});
    return document;
  }

  // Writes the document, holds that it is sound and that no text lies beyond the page, and gives its text.
  std::string TextOf(const Document& document, pb::Paper paper = pb::PAPER_A4) {
    std::ofstream(path_, std::ios::binary) << WritePdf(document, paper);
    int status = 0;
    const std::string verdict = Said("qpdf --check " + path_, &status);
    EXPECT_EQ(status, 0) << verdict;
    EXPECT_THAT(Said("qpdf --qdf --object-streams=disable " + path_ + " -"),
                testing::AllOf(Not(HasSubstr("/URI")), Not(HasSubstr("/JavaScript")), Not(HasSubstr("/Annots"))));
    return Said("pdftotext -layout " + path_ + " -");
  }

  const std::string path_ = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name() + ".pdf";
};

TEST_F(PdfWriterTest, DrawsTheFirstPageAloneAsAPicture) {
  const std::string picture = DrawFirstPage(With("Paris."), pb::PAPER_A4);
  // Signature, then the first chunk's length, name, width and height.
  EXPECT_EQ(picture.substr(0, 24), std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x03\x84\0\0\x04\xf9", 24));
  EXPECT_EQ(picture, DrawFirstPage(With("Paris."), pb::PAPER_A4));
  Document other = With("Paris.");
  other.cover.title = "Another model";
  EXPECT_NE(picture, DrawFirstPage(other, pb::PAPER_A4));
}

TEST_F(PdfWriterTest, ShapesEveryScriptAndEmbedsItsFonts) {
  const std::string text =
      TextOf(With("Latin, \u0395\u03BB\u03BB\u03B7\u03BD\u03B9\u03BA\u03AC, "
                  "\u0420\u0443\u0441\u0441\u043A\u0438\u0439, \u4E2D\u6587, \u65E5\u672C\u8A9E, "
                  "\uD55C\uAD6D\uC5B4, \u0939\u093F\u0928\u094D\u0926\u0940, \u0E44\u0E17\u0E22, "
                  "\u05E2\u05D1\u05E8\u05D9\u05EA, \u0627\u0644\u0639\u0631\u0628\u064A\u0629, \U0001F389"));
  EXPECT_THAT(text, HasSubstr("\u0395\u03BB\u03BB\u03B7\u03BD\u03B9\u03BA\u03AC"));
  EXPECT_THAT(text, HasSubstr("\u4E2D\u6587"));
  EXPECT_THAT(text, HasSubstr("\uD55C\uAD6D\uC5B4"));
  const std::string fonts = Said("pdffonts " + path_);
  for (const char* script : {"Arabic", "Hebrew", "Devanagari", "Thai", "CJK"}) EXPECT_THAT(fonts, HasSubstr(script));
  EXPECT_THAT(fonts, Not(testing::ContainsRegex("(WinAnsi|Identity-H|Custom) +no"))) << "a font is not embedded";
}

TEST_F(PdfWriterTest, ShowsWhatNoFontHasAsItsCodePoint) {
  const std::string text = TextOf(With("before \U0010FFF0 after \uE123 and \a."));
  EXPECT_THAT(text, HasSubstr("U+10FFF0"));
  EXPECT_THAT(text, HasSubstr("U+E123"));
  EXPECT_THAT(text, HasSubstr("U+0007"));
}

TEST_F(PdfWriterTest, HostileTextsStayOnTheirPage) {
  std::string wide = "|";
  std::string rule = "|";
  for (int i = 0; i < 50; ++i) wide += "column " + std::to_string(i) + "|", rule += "---|";
  const std::vector<std::string> texts = {
      std::string(10'000, 'W'),
      std::string(500, '\n') + "end",
      wide + "\n" + rule + "\n" + wide + "\n",
      std::string(2'000'000, 'x'),
      "\u202E gnp.exe \u202D" + std::string(200, '\b'),
      "Z" +
          [] {
            std::string marks;
            for (int i = 0; i < 500; ++i) marks += "\u0301";
            return marks;
          }(),
      std::string(3000, '>') + " deep",
      "[click](javascript:alert(1)) <script>alert(1)</script> ![x](http://127.0.0.1/x.png)",
  };
  for (const std::string& text : texts) {
    const std::string told = TextOf(With(text));
    EXPECT_THAT(told, HasSubstr("Powered by FineTuneLab"));
    // bbox gives every word's place; the page is 595.28 wide.
    std::string boxes = Said("pdftotext -bbox " + path_ + " -");
    for (size_t at = 0; (at = boxes.find("xMax=\"", at)) != std::string::npos; ++at) {
      ASSERT_LE(std::stod(boxes.substr(at + 6)), 595.28 - 40) << boxes.substr(at, 120);
    }
  }
  EXPECT_THAT(TextOf(With(texts[2])), HasSubstr("42 more columns"));
  EXPECT_THAT(TextOf(With(texts[3])), HasSubstr("The answer is cut; it has 2,000,000 characters"));
}

TEST_F(PdfWriterTest, IsTaggedNamedAndTheSameEachTime) {
  const Document document = With("# Heading\n\n- one\n- two\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |");
  EXPECT_THAT(TextOf(document), HasSubstr("Page 1 of 1"));
  const std::string facts = Said("pdfinfo " + path_);
  EXPECT_THAT(facts, HasSubstr("Batch test of Model"));
  EXPECT_THAT(facts, testing::ContainsRegex("Tagged: +yes"));
  EXPECT_THAT(facts, testing::ContainsRegex("Author: +FineTuneLab"));
  EXPECT_THAT(facts, testing::ContainsRegex("A4"));
  EXPECT_THAT(Said("qpdf --qdf --object-streams=disable " + path_ + " -"), HasSubstr("/Lang (en)"));
  EXPECT_EQ(WritePdf(document, pb::PAPER_A4), WritePdf(document, pb::PAPER_A4));
  TextOf(document, pb::PAPER_LETTER);
  EXPECT_THAT(Said("pdfinfo " + path_), testing::ContainsRegex("612 x 792"));
}

}  // namespace
}  // namespace ftl::exporter
