#include "services/batch-runner/suite/prompt_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"

namespace ftl::batch_runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> Prompts(std::string_view content, pb::ContentFormat format) {
  const auto prompts = ImportPrompts(content, format);
  EXPECT_TRUE(prompts.ok()) << prompts.status();
  std::vector<std::string> texts;
  if (!prompts.ok()) return texts;
  for (const pb::Prompt& prompt : *prompts) texts.push_back(prompt.prompt());
  return texts;
}

std::vector<std::string> Faults(std::string_view content, pb::ContentFormat format) {
  std::vector<std::string> messages;
  for (const FieldFault& fault : FieldFaultsOf(ImportPrompts(content, format).status()))
    messages.push_back(fault.message);
  return messages;
}

TEST(PromptImportTest, TakesAPromptALine) {
  EXPECT_THAT(Prompts("\xEF\xBB\xBFone\r\n\n  two \nthree", pb::CONTENT_FORMAT_TEXT),
              ElementsAre("one", "two", "three"));
}

TEST(PromptImportTest, TakesCsvWithColumnsInAnyOrder) {
  const auto prompts =
      ImportPrompts("category,Prompt,expected_answer\nmath,\"What is 1,5 + 1?\",2.5\n,Hi,\n", pb::CONTENT_FORMAT_CSV);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ((*prompts)[0].prompt(), "What is 1,5 + 1?");
  EXPECT_EQ((*prompts)[0].category(), "math");
  EXPECT_EQ((*prompts)[0].expected_answer(), "2.5");
  EXPECT_FALSE((*prompts)[1].has_category());
  EXPECT_FALSE((*prompts)[1].has_expected_answer());
}

TEST(PromptImportTest, TakesJsonLinesOfStringsAndObjects) {
  const auto prompts = ImportPrompts(
      "\"one\"\n\n{\"prompt\":\"two\",\"checks\":{\"kind\":\"contains\",\"value\":\"2\"}}\n", pb::CONTENT_FORMAT_JSONL);
  ASSERT_TRUE(prompts.ok()) << prompts.status();
  EXPECT_EQ((*prompts)[0].prompt(), "one");
  EXPECT_EQ((*prompts)[1].checks(0).value().string_value(), "2");
}

TEST(PromptImportTest, TakesAJsonListOrAnObjectWithPrompts) {
  EXPECT_THAT(Prompts(R"(["one",{"prompt":"two"}])", pb::CONTENT_FORMAT_JSON), ElementsAre("one", "two"));
  EXPECT_THAT(Prompts(R"({"prompts":["one"]})", pb::CONTENT_FORMAT_JSON), ElementsAre("one"));
}

TEST(PromptImportTest, NamesEveryFaultWithItsLine) {
  EXPECT_THAT(Faults("prompt,category\n,math\na,b,c\nok,x\n", pb::CONTENT_FORMAT_CSV),
              ElementsAre("line 2: prompt is missing", StartsWith("line 3: has 3 fields where the header has 2")));
  EXPECT_THAT(
      Faults(
          "{\"promt\":\"x\"}\n\"ok\"\n[1]\n{\"prompt\":\n{\"prompt\":\"x\",\"checks\":[{\"kind\":\"regex\",\"value\":"
          "\"(\"}]}",
          pb::CONTENT_FORMAT_JSONL),
      ElementsAre(StartsWith("line 1: has no prompt"), StartsWith("line 3: must be text or an object"),
                  StartsWith("line 4: column"), StartsWith("line 5: checks[0].value is no regular expression")));
  EXPECT_THAT(Faults(R"(["ok",{"prompt":""},{"weight":"x"}])", pb::CONTENT_FORMAT_JSON),
              ElementsAre(StartsWith("prompts[1]: prompt is missing"), StartsWith("prompts[2]: has no prompt")));
  EXPECT_THAT(Faults("ok\n" + std::string(65537, 'x'), pb::CONTENT_FORMAT_TEXT),
              ElementsAre("line 2: prompt is longer than 64 KiB"));
}

TEST(PromptImportTest, RefusesAHeaderItDoesNotUnderstand) {
  EXPECT_THAT(Faults("category\na\n", pb::CONTENT_FORMAT_CSV), ElementsAre(HasSubstr("names no prompt")));
  EXPECT_THAT(Faults("prompt,prompt\na,b\n", pb::CONTENT_FORMAT_CSV), ElementsAre(HasSubstr("twice")));
}

TEST(PromptImportTest, RefusesNulAtItsLine) {
  EXPECT_THAT(Faults(std::string_view("ok\na\0b\nc\n", 9), pb::CONTENT_FORMAT_TEXT),
              ElementsAre("line 2: holds U+0000"));
}

TEST(PromptImportTest, RefusesNothingTooMuchAndNoFormat) {
  EXPECT_THAT(Faults(" \n", pb::CONTENT_FORMAT_TEXT), ElementsAre("holds no prompt"));
  EXPECT_THAT(Faults("prompt\n", pb::CONTENT_FORMAT_CSV), ElementsAre("holds no prompt"));
  EXPECT_THAT(Faults("x", pb::CONTENT_FORMAT_UNSPECIFIED), ElementsAre(HasSubstr("text, csv, jsonl, json")));
  std::string many;
  for (int i = 0; i < 100'001; ++i) many += "x\n";
  EXPECT_EQ(ReasonOf(ImportPrompts(many, pb::CONTENT_FORMAT_TEXT).status()), Reason::kPromptLimitExceeded);
  many.resize(many.size() - 2);
  EXPECT_EQ(Prompts(many, pb::CONTENT_FORMAT_TEXT).size(), 100'000u);
}

TEST(PromptImportTest, ListsAtMostAHundredFaultsAndCountsTheOthers) {
  std::string many = "prompt,category\n";
  for (int i = 0; i < 160; ++i) many += "a,b,c\n";
  const absl::Status verdict = ImportPrompts(many, pb::CONTENT_FORMAT_CSV).status();
  EXPECT_EQ(FieldFaultsOf(verdict).size(), 100u);
  EXPECT_EQ(FactsOf(verdict).at("more_errors"), "60");
}

// A prompt in short: `[role] text` for each message where it is a conversation, `=> answer`, `? check` words.
std::string InShort(const pb::Prompt& prompt) {
  std::string text;
  for (const pb::PromptMessage& message : prompt.messages()) {
    text += "[" + message.role() + "] " + message.content() + " ";
  }
  if (prompt.messages().empty()) text = prompt.prompt();
  if (text.ends_with(' ')) text.pop_back();
  if (prompt.has_expected_answer()) text += " => " + prompt.expected_answer();
  if (prompt.has_category()) text += " #" + prompt.category();
  for (const pb::Check& check : prompt.checks()) {
    text += " ?" + (check.has_kind() ? pb::CheckKind_Name(check.kind()).substr(11)
                                     : "any of " + std::to_string(check.any_size()));
  }
  return text;
}

struct File {
  const char* what;
  std::string content;
  pb::ContentFormat format;
  std::vector<std::string> prompts;
  std::vector<std::string> left_out;
};

TEST(PromptImportTest, ReadsTheFilesOfTheField) {
  using namespace std::string_literals;  // NOLINT: some files hold zeros
  const File files[] = {
      {"text", "Hello, world.\nHow are you?", pb::CONTENT_FORMAT_TEXT, {"Hello, world.", "How are you?"}, {}},
      {"CR alone", "a\rb\r", pb::CONTENT_FORMAT_TEXT, {"a", "b"}, {}},
      {"further columns",
       "id,prompt,expected_answer,notes\n1,Hi,Hello,x\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {"id", "notes"}},
      {"empty columns", "prompt,expected_answer,,\nHi,Hello,,\n,,,\n", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"quote within",
       "prompt,expected_answer\nSay \"hi\" twice,hi\n",
       pb::CONTENT_FORMAT_CSV,
       {"Say \"hi\" twice => hi"},
       {}},
      {"semicolons", "prompt;expected_answer\nHi, you;Hello\n", pb::CONTENT_FORMAT_CSV, {"Hi, you => Hello"}, {}},
      {"tabs", "Prompt\tExpected Answer\nHi\tHello\n", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"sep=", "sep=;\r\nprompt;category\r\nHi;a\r\n", pb::CONTENT_FORMAT_CSV, {"Hi #a"}, {}},
      {"other words", "Question,Expected Answer\nHi,Hello\n", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"short rows",
       "prompt,expected_answer,category\nCapital of France?\n",
       pb::CONTENT_FORMAT_CSV,
       {"Capital of France?"},
       {}},
      {"one column",
       "prompt\nHello, world.\n\"Two\nlines\"\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hello, world.", "Two\nlines"},
       {}},
      {"a table of Markdown",
       "| prompt | expected |\n| --- | :--- |\n| Hi | Hello |\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {}},
      {"another language", "Frage;Erwartete Antwort\nHallo?;Ja\n", pb::CONTENT_FORMAT_CSV, {"Hallo? => Ja"}, {}},
      {"column by column",
       R"({"prompt":["a","b"],"expected_answer":["x",2]})",
       pb::CONTENT_FORMAT_JSON,
       {"a => x", "b => 2"},
       {}},
      {"pandas", R"({"question":{"0":"a","1":"b"},"n":{"0":1,"1":2}})", pb::CONTENT_FORMAT_JSON, {"a", "b"}, {"n"}},
      {"rows of a viewer",
       R"({"rows":[{"row_idx":0,"row":{"question":"a","answer":"x"}}]})",
       pb::CONTENT_FORMAT_JSON,
       {"a => x"},
       {}},
      {"two halves",
       R"([{"inputs":{"question":"a"},"outputs":{"answer":"x"}}])",
       pb::CONTENT_FORMAT_JSON,
       {"a => x"},
       {}},
      {"Anthropic batch",
       R"({"custom_id":"1","params":{"model":"m","system":"s","messages":[{"role":"user","content":"u"}]}})",
       pb::CONTENT_FORMAT_JSON,
       {"[system] s [user] u"},
       {"params.model", "custom_id"}},
      {"pasted rows",
       "What is 1 + 1?\t2\nWhat is 2 + 2?\t4\n",
       pb::CONTENT_FORMAT_CSV,
       {"What is 1 + 1? => 2", "What is 2 + 2? => 4"},
       {}},
      {"UTF-16", "\xFF\xFEH\0\xF6\0\n\0x\0"s, pb::CONTENT_FORMAT_TEXT, {"Hö", "x"}, {}},
      {"UTF-16 without a mark", "H\0a\0l\0l\0o\0"s, pb::CONTENT_FORMAT_TEXT, {"Hallo"}, {}},
      {"Windows-1252",
       "Gr\xF6\xDF"
       "e und \x84Zitat\x93",
       pb::CONTENT_FORMAT_TEXT,
       {"Größe und „Zitat“"},
       {}},
      {"JSON lines",
       "{\"prompt\":\"Hi\",\"expected_answer\":4,\"id\":1}\n{\"prompt\":\"x\",\"expected_answer\":[\"a\",\"b\"]}",
       pb::CONTENT_FORMAT_JSONL,
       {"Hi => 4", "x ?any of 2"},
       {"id"}},
      {"JSON in an object",
       R"({"prompts":[{"prompt":"Hi"},"x"],"version":1})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi", "x"},
       {"version"}},
      {"OpenAI batch",
       R"({"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}})",
       pb::CONTENT_FORMAT_JSON,
       {"[system] Be brief. [user] Hi"},
       {"body.model", "custom_id", "method", "url"}},
      {"fine-tuning",
       "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello\"}]}\n"
       "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":"
       "\"user\","
       "\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}]}",
       pb::CONTENT_FORMAT_JSONL,
       {"Hi => Hello", "[user] a [assistant] b [user] c"},
       {}},
      {"evals",
       R"({"input":[{"role":"user","content":"2+2?"}],"ideal":"4"})",
       pb::CONTENT_FORMAT_JSON,
       {"2+2? => 4"},
       {}},
      {"ShareGPT",
       R"([{"id":"a","conversations":[{"from":"human","value":"Hi"},{"from":"gpt","value":"Hello"}]}])",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {"id"}},
      {"Alpaca",
       R"([{"instruction":"Translate.","input":"Haus","output":"house"}])",
       pb::CONTENT_FORMAT_JSON,
       {"Translate.\n\nHaus => house"},
       {}},
      {"promptfoo CSV",
       "question,__expected\nCapital of France?,contains: Paris\n2+2?,4\nPoem?,llm-rubric: is nice\n",
       pb::CONTENT_FORMAT_CSV,
       {"Capital of France? ?CONTAINS", "2+2? => 4", "Poem?"},
       {"__expected: llm-rubric"}},
      {"promptfoo YAML",
       "description: Capitals\nproviders: [openai:gpt-4o]\nprompts:\n  - 'Capital of {{country}}?'\ntests:\n"
       "  - vars: {country: [France, Spain]}\n    assert:\n      - {type: icontains, value: a}\n"
       "      - {type: javascript, value: 'true'}\n",
       pb::CONTENT_FORMAT_YAML,
       {"Capital of France? ?CONTAINS", "Capital of Spain? ?CONTAINS"},
       {"providers", "assert: javascript"}},
      {"YAML tests",
       "- vars:\n    question: Hi?\n  assert:\n    - type: equals\n      value: Hello\n",
       pb::CONTENT_FORMAT_YAML,
       {"Hi? ?EQUALS"},
       {}},
      {"prompt in brackets",
       "[INST] Say hi [/INST]\n{{name}} asks",
       pb::CONTENT_FORMAT_TEXT,
       {"[INST] Say hi [/INST]", "{{name}} asks"},
       {}},
      {"names with spaces of word processors",
       "\uFEFF\u00A0Prompt\u200B,Expected\u00A0Answer\nHi,Hello\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {}},
      {"names that say more",
       "ID,Question (English),Ideal Response*\n1,Hi,Hello\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {"ID"}},
      {"test prompt", "Test Prompt;Expected Result\nHi;Hello\n", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"q and a", "Q,A\nHi,Hello\n", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"choices that are called A", "question,A,B\nHi,x,y\n", pb::CONTENT_FORMAT_CSV, {"Hi"}, {"A", "B"}},
      {"titles above the header",
       "My questions,,\n,,\nPrompt,Expected,Notes\nHi,Hello,x\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {"above the header: lines 1 to 2", "Notes"}},
      {"our own CSV",
       "# Demo Batch Test Export\r\n# Model: m\r\n\r\n# Summary Metrics\r\nTotal Prompts,1\r\n\r\n"
       "# Individual Results\r\nprompt_id,prompt,response,latency_ms,category\r\n1,Hi,Hello,12,greeting\r\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi #greeting"},
       {"above the header: lines 1 to 7", "prompt_id", "response", "latency_ms"}},
      {"spaces around quotes",
       "prompt, expected\n\"Hi, you\" , \"Hello, me\"\nSay, \"x\" y\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi, you => Hello, me", "Say =>  \"x\" y"},
       {}},
      {"conversations in cells",
       "messages,expected\n\"[{\"\"role\"\":\"\"User\"\",\"\"content\"\":\"\"Hi\"\"}]\",Hello\n",
       pb::CONTENT_FORMAT_CSV,
       {"Hi => Hello"},
       {}},
      {"lines of nothing", "Hi\u00A0\n\u200B\n\u3000Bye\n", pb::CONTENT_FORMAT_TEXT, {"Hi", "Bye"}, {}},
      {"commas behind lines",
       "{\"prompt\":\"a\"},\n{\"prompt\":\"b,]\"},\n",
       pb::CONTENT_FORMAT_JSONL,
       {"a", "b,]"},
       {}},
      {"objects over lines",
       "{\n \"prompt\":\"a\"\n}\n{\n \"prompt\":\"b\"\n}",
       pb::CONTENT_FORMAT_JSONL,
       {"a", "b"},
       {}},
      {"record separators",
       "\x1E{\"prompt\":\"a\"}\n\x1E{\"prompt\":\"b\"}\n",
       pb::CONTENT_FORMAT_JSONL,
       {"a", "b"},
       {}},
      {"comments and a last comma",
       "[ /* mine */ \"a // b\", // two\n\"c\",]",
       pb::CONTENT_FORMAT_JSON,
       {"a // b", "c"},
       {}},
      {"a fence around a table", "```csv\nprompt,expected\nHi,Hello\n```", pb::CONTENT_FORMAT_CSV, {"Hi => Hello"}, {}},
      {"a fence", "```json\n[\"a\",\n\"b\"]\n```\n", pb::CONTENT_FORMAT_JSON, {"a", "b"}, {}},
      {"YAML of questions",
       "- question: Hi?\n  answer: Hello\n- question: Bye?\n",
       pb::CONTENT_FORMAT_YAML,
       {"Hi? => Hello", "Bye?"},
       {}},
      {"bullets",
       "- Capital of France?\n- Note: be brief. Why?\n",
       pb::CONTENT_FORMAT_TEXT,
       {"- Capital of France?", "- Note: be brief. Why?"},
       {}},
      {"Google's batch",
       R"({"key":"1","request":{"contents":[{"parts":[{"text":"Hi"}]}],"systemInstruction":{"parts":[{"text":"Be brief."}]}}})",
       pb::CONTENT_FORMAT_JSON,
       {"[system] Be brief. [user] Hi"},
       {"key"}},
      {"Google's tuning",
       R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Hello"}]}]})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {}},
      {"Bedrock",
       R"({"system":[{"text":"Be brief."}],"messages":[{"role":"user","content":[{"text":"Hi"}]}]})",
       pb::CONTENT_FORMAT_JSON,
       {"[system] Be brief. [user] Hi"},
       {}},
      {"Bedrock's batch",
       R"({"recordId":"1","modelInput":{"max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi"},
       {"modelInput.max_tokens", "recordId"}},
      {"Cohere",
       R"({"message":"Hi","chat_history":[{"role":"USER","message":"A"},{"role":"CHATBOT","message":"B"}]})",
       pb::CONTENT_FORMAT_JSON,
       {"[user] A [assistant] B [user] Hi"},
       {}},
      {"turns",
       R"({"turns":["Hi","And?"],"reference":["x","y"]})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi"},
       {"turns after the first", "reference"}},
      {"answers in an object",
       R"({"question":"Hi","answers":{"text":["Hello"],"answer_start":[1]}})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {}},
      {"a conversation and its completion",
       R"({"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant","content":"Hello"}]})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {}},
      {"preferences",
       R"({"input":{"messages":[{"role":"user","content":"Hi"}]},"preferred_output":[]})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi"},
       {"preferred_output"}},
      {"fields of the input",
       R"([{"input":{"question":"Hi"},"expected":"Hello"}])",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {}},
      {"test cases",
       R"({"testCases":[{"input":"Hi","expected_output":"Hello"}]})",
       pb::CONTENT_FORMAT_JSON,
       {"Hi => Hello"},
       {}},
      {"words with a colon",
       "Translate: house\nExplain: why?",
       pb::CONTENT_FORMAT_TEXT,
       {"Translate: house", "Explain: why?"},
       {}},
  };
  for (const File& file : files) {
    const SuiteReading reading = ReadSuite(file.content, pb::CONTENT_FORMAT_AUTO);
    EXPECT_EQ(pb::ContentFormat_Name(reading.format), pb::ContentFormat_Name(file.format)) << file.what;
    std::vector<std::string> prompts;
    for (const pb::Prompt& prompt : reading.prompts()) prompts.push_back(InShort(prompt));
    EXPECT_EQ(prompts, file.prompts) << file.what;
    EXPECT_EQ(reading.left_out(), file.left_out) << file.what;
    EXPECT_EQ(reading.fault_count(), 0u) << file.what << ": "
                                         << (reading.faults().empty() ? "" : reading.faults()[0].message());
  }
}

TEST(PromptImportTest, RefusesWhatWouldBeSentAsAPromptByMistake) {
  const struct {
    const char* content;
    const char* fault;
  } cases[] = {{"{\\rtf1\\ansi Hi?\\par}", "RTF"},
               {"<!DOCTYPE html><html><p>Hi?</p></html>", "web page"},
               {"<?xml version=\"1.0\"?><prompts/>", "XML"},
               {"['Hi?', 'Bye?']", "not JSON"},
               {"prompt,expected\n", "holds no prompt"},
               {R"({"prompt":"Hi?","system":{"file":"x"}})", "the system message is not text"}};
  for (const auto& [content, fault] : cases) {
    const SuiteReading reading = ReadSuite(content, pb::CONTENT_FORMAT_AUTO);
    ASSERT_EQ(reading.faults().size(), 1u) << content;
    EXPECT_THAT(reading.faults()[0].message(), HasSubstr(fault)) << content;
  }
  EXPECT_EQ(ReadSuite("<html> is a tag. What is it for?", pb::CONTENT_FORMAT_AUTO).prompts().size(), 1u);
}

TEST(PromptImportTest, SaysWhichEncodingSignAndShape) {
  const SuiteReading table = ReadSuite(
      "prompt;category\nGr\xFC\xDF"
      "e;a",
      pb::CONTENT_FORMAT_AUTO);
  EXPECT_EQ(table.encoding, "windows-1252");
  EXPECT_EQ(table.delimiter, ";");
  EXPECT_EQ(ReadSuite(R"({"input":"a","ideal":"b"})", pb::CONTENT_FORMAT_AUTO).shape, "evals");
  const SuiteReading archive = ReadSuite(std::string_view("PK\x03\x04\x00\xFF", 6), pb::CONTENT_FORMAT_AUTO);
  ASSERT_EQ(archive.faults().size(), 1u);
  EXPECT_THAT(archive.faults()[0].message(), HasSubstr("spreadsheet"));
}

TEST(PromptImportTest, TellsOtherAlphabetsFromWesternOnes) {
  const SuiteReading russian =
      ReadSuite("prompt\n\xCA\xE0\xEA\xE0\xFF \xF1\xF2\xEE\xEB\xE8\xF6\xE0 \xD4\xF0\xE0\xED\xF6\xE8\xE8?\n",
                pb::CONTENT_FORMAT_AUTO);
  ASSERT_EQ(russian.prompts().size(), 1u);
  EXPECT_EQ(russian.prompts()[0].prompt(), "Какая столица Франции?");
  EXPECT_EQ(russian.encoding, "windows-1251");
}

TEST(PromptImportTest, SaysWhereAFileIsNoTextOrBroken) {
  const std::pair<std::string, const char*> files[] = {
      {"Größe eins?\nWo ist \xE9?\n", "is UTF-8 but for a byte in line 2"},
      {"\x89PNG\r\n\x1A\n", "is a picture"},
      {"\x28\xB5\x2F\xFD\x04\x90", "is compressed"}};
  for (const auto& [content, fault] : files) {
    const SuiteReading reading = ReadSuite(content, pb::CONTENT_FORMAT_AUTO);
    ASSERT_EQ(reading.faults().size(), 1u) << fault;
    EXPECT_THAT(reading.faults()[0].message(), HasSubstr(fault));
  }
}

TEST(PromptImportTest, KnowsATableByRarerSignsAndInOtherLanguages) {
  for (const std::string sign : {"^", "~", "\x1F", "\x01"}) {
    EXPECT_THAT(Prompts("prompt" + sign + "expected_answer\nHi?" + sign + "Ho\n", pb::CONTENT_FORMAT_AUTO),
                ElementsAre("Hi?"))
        << sign;
  }
  for (const std::string header : {"Вопрос,Ответ", "질문,정답", "Domanda,Risposta attesa", "vraag,antwoord",
                                   "Pytanie,Odpowiedź", "utterance,expected", "query,ground_truth_answer"}) {
    const SuiteReading reading = ReadSuite(header + "\nHi?,Ho\n", pb::CONTENT_FORMAT_AUTO);
    ASSERT_EQ(reading.prompts().size(), 1u) << header;
    EXPECT_EQ(reading.prompts()[0].prompt(), "Hi?") << header;
    EXPECT_EQ(reading.prompts()[0].expected_answer(), "Ho") << header;
  }
  EXPECT_THAT(Prompts("What is 2^3?\nIs ~5 about 5?\n", pb::CONTENT_FORMAT_AUTO),
              ElementsAre("What is 2^3?", "Is ~5 about 5?"));
}

TEST(PromptImportTest, RefusesAtOnceWhatIsTooMuch) {
  const auto only_fault = [](const std::string& content, pb::ContentFormat format) {
    const SuiteReading reading = ReadSuite(content, format);
    return reading.faults().empty() ? std::string("none") : reading.faults()[0].message();
  };
  EXPECT_THAT(only_fault("prompt" + std::string(5'000'000, ',') + "\nx", pb::CONTENT_FORMAT_CSV),
              HasSubstr("1,000 columns"));
  std::string numbers = "[1";
  for (int i = 0; i < 2'000'000; ++i) numbers += ",1";
  EXPECT_THAT(only_fault(numbers + "]", pb::CONTENT_FORMAT_JSON), HasSubstr("131072 elements"));
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += (i == 0 ? "*" : ",*") + std::string(1, static_cast<char>(c - 1));
    bomb += "]\n";
  }
  EXPECT_THAT(only_fault(bomb, pb::CONTENT_FORMAT_YAML), HasSubstr("200,000 values"));
  EXPECT_THAT(only_fault(std::string(100'000, '['), pb::CONTENT_FORMAT_YAML), HasSubstr("line 1"));
  std::string product = "prompts: ['{{a}}{{b}}{{c}}{{d}}']\ntests:\n  - vars:\n";
  for (const char name : {'a', 'b', 'c', 'd'}) {
    product += std::string("      ") + name + ": [";
    for (int i = 0; i < 100; ++i) product += (i == 0 ? "x" : ",x") + std::to_string(i);
    product += "]\n";
  }
  EXPECT_THAT(only_fault(product, pb::CONTENT_FORMAT_YAML), HasSubstr("100,000 prompts"));
  std::string comments = "[1 ";
  for (int i = 0; i < 5'000'000; ++i) comments += "/* ";
  EXPECT_THAT(only_fault(comments, pb::CONTENT_FORMAT_JSON), HasSubstr("not JSON"));
  std::string empty;
  for (int i = 0; i < 10'000'000; ++i) empty += "[]";
  EXPECT_THAT(only_fault(empty, pb::CONTENT_FORMAT_JSON), HasSubstr("must be text or an object"));
  EXPECT_EQ(ReadSuite(std::string(20'000'000, '"'), pb::CONTENT_FORMAT_CSV).prompts().size(), 0u);
}

}  // namespace
}  // namespace ftl::batch_runner
