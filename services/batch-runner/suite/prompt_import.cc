#include "services/batch-runner/suite/prompt_import.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include "common/endpoint/answer/clean_text.h"
#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "common/json/message_json.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/csv_reader.h"
#include "services/batch-runner/suite/prompt_faults.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr std::string_view kColumns[] = {"prompt", "expected_answer", "category"};
constexpr std::string_view kKnownColumns = "known are prompt, expected_answer and category";

// The prompts of one text as they are found.
class Import {
 public:
  FieldFaults& faults() { return faults_; }
  bool IsFull() const { return prompts_.size() > static_cast<size_t>(kMostPrompts); }

  // `at` is where it stands: `line 7` or `prompts[6]`.
  void Add(pb::Prompt prompt, const std::string& at) {
    FieldFaults own;
    ValidatePrompt(prompt, "", own);
    for (const FieldFault& fault : own.listed())
      faults_.Add("content", fmt::format("{}: {} {}", at, fault.field, fault.message));
    prompts_.push_back(std::move(prompt));
  }

  absl::StatusOr<std::vector<pb::Prompt>> Finish() && {
    if (IsFull()) return TooManyPrompts();
    if (faults_.empty() && prompts_.empty()) faults_.Add("content", "holds no prompt");
    TRY(VerdictOnSuite(faults_));
    return std::move(prompts_);
  }

 private:
  std::vector<pb::Prompt> prompts_;
  FieldFaults faults_;
};

std::string AtLine(int line) { return fmt::format("line {}", line); }

void ImportText(std::string_view content, Import& import) {
  Lines lines(content);
  for (Line line; !import.IsFull() && lines.Next(line);) {
    const std::string_view text = Trimmed(line.text);
    if (text.empty()) continue;
    pb::Prompt prompt;
    prompt.set_prompt(std::string(text));
    import.Add(std::move(prompt), AtLine(line.number));
  }
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& byte : lower) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + ('a' - 'A'));
  }
  return lower;
}

// Which column each cell belongs to, or nullopt for a header that is none.
std::optional<std::vector<std::string>> ReadHeader(const CsvRecord& header, FieldFaults& faults) {
  std::vector<std::string> columns;
  for (const std::string& cell : header.fields) {
    std::string name = LowerCase(Trimmed(cell));
    if (std::find(std::begin(kColumns), std::end(kColumns), name) == std::end(kColumns)) {
      const bool has_other_sign = header.fields.size() == 1 && name.find_first_of(";\t") != std::string::npos;
      AddAtLine(header.line,
                has_other_sign ? std::string("the columns must be parted by commas")
                               : fmt::format("the column `{}` is not known; {}", CutText(name, 60), kKnownColumns),
                faults);
    } else if (std::find(columns.begin(), columns.end(), name) != columns.end()) {
      AddAtLine(header.line, fmt::format("the column `{}` stands there twice", name), faults);
    }
    columns.push_back(std::move(name));
  }
  if (!faults.empty()) return std::nullopt;
  if (std::find(columns.begin(), columns.end(), "prompt") != columns.end()) return columns;
  AddAtLine(header.line, fmt::format("the header has no column `prompt`; {}", kKnownColumns), faults);
  return std::nullopt;
}

pb::Prompt PromptOf(const std::vector<std::string>& columns, CsvRecord&& record) {
  pb::Prompt prompt;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (Trimmed(record.fields[i]).empty()) continue;
    if (columns[i] == "prompt") prompt.set_prompt(std::move(record.fields[i]));
    if (columns[i] == "expected_answer") prompt.set_expected_answer(std::move(record.fields[i]));
    if (columns[i] == "category") prompt.set_category(std::string(Trimmed(record.fields[i])));
  }
  return prompt;
}

void ImportCsv(std::string_view content, Import& import) {
  CsvReader reader(content);
  CsvRecord record;
  std::optional<std::vector<std::string>> columns;
  while (!import.IsFull()) {
    const absl::StatusOr<bool> is_there = reader.Next(record);
    if (!is_there.ok()) {
      return AddAtLine(record.line, std::string(is_there.status().message()), import.faults());
    }
    if (!*is_there) return;
    if (!columns) {
      columns = ReadHeader(record, import.faults());
      if (!columns) return;
    } else if (record.fields.size() != columns->size()) {
      AddAtLine(record.line,
                fmt::format("has {} fields where the header has {}; put text with commas in quotes",
                            record.fields.size(), columns->size()),
                import.faults());
    } else {
      const int line = record.line;
      import.Add(PromptOf(*columns, std::move(record)), AtLine(line));
    }
  }
}

// What the reader says of a body, without `The body is not acceptable JSON: `.
std::string WhyNoJson(const absl::Status& status) {
  const std::string message(status.message());
  const size_t colon = message.find(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

void NoteAll(const InputFaults& found, const std::string& at, FieldFaults& faults) {
  for (const FieldFault& fault : FieldFaultsOf(found.Verdict())) {
    faults.Add("content", fmt::format("{}{}{} {}", at, at.empty() ? "" : ": ", fault.field, fault.message));
  }
}

// A line of JSONL: a string or an object.
void ImportJsonLine(const Line& line, Import& import) {
  const auto document = JsonDocument::Parse(line.text);
  if (!document.ok()) {
    std::string why = WhyNoJson(document.status());
    if (why.starts_with("line 1, ")) why = why.substr(8);
    return AddAtLine(line.number, why, import.faults());
  }
  pb::Prompt prompt;
  if (document->root().is_string()) {
    prompt.set_prompt(std::string(document->root().get_string()));
  } else if (document->root().is_object()) {
    InputFaults found;
    const absl::Status read = ReadBody(line.text, prompt, found);
    if (!found.empty() || !read.ok()) return NoteAll(found, AtLine(line.number), import.faults());
  } else {
    return AddAtLine(line.number, "must be text or an object", import.faults());
  }
  import.Add(std::move(prompt), AtLine(line.number));
}

void ImportJsonLines(std::string_view content, Import& import) {
  Lines lines(content);
  for (Line line; !import.IsFull() && lines.Next(line);) {
    if (!Trimmed(line.text).empty()) ImportJsonLine(line, import);
  }
}

void ImportJson(std::string_view content, Import& import) {
  const auto document = JsonDocument::Parse(content);
  if (!document.ok()) return import.faults().Add("content", WhyNoJson(document.status()));
  const json::value* list = &document->root();
  if (const json::object* object = list->if_object()) {
    list = object->if_contains("prompts");
    for (const json::key_value_pair& member : *object) {
      if (member.key() != "prompts") {
        import.faults().Add("content", fmt::format("{} is not known here; only prompts is", std::string(member.key())));
      }
    }
  }
  if (!list || !list->is_array()) {
    return import.faults().Add("content", "must be a list of prompts, or an object with the list `prompts`");
  }
  if (list->get_array().size() > static_cast<size_t>(kMostPrompts)) {
    for (int i = 0; i <= kMostPrompts; ++i) import.Add({}, "");
    return;
  }
  pb::CreateSuiteRequest request;
  InputFaults found;
  const absl::Status read = ReadBody(fmt::format("{{\"prompts\":{}}}", json::serialize(*list)), request, found);
  if (!read.ok()) return import.faults().Add("content", WhyNoJson(read));
  NoteAll(found, "", import.faults());
  int i = 0;
  for (pb::Prompt& prompt : *request.mutable_prompts()) {
    import.Add(std::move(prompt), fmt::format("prompts[{}]", i++));
  }
}

}  // namespace

absl::StatusOr<std::vector<pb::Prompt>> ImportPrompts(std::string_view content, pb::ContentFormat format) {
  Import import;
  if (content.size() > kMostContentBytes) import.faults().Add("content", "is larger than 32 MiB");
  if (import.faults().empty()) NoteUnreadableLines(content, import.faults());
  if (!import.faults().empty()) return std::move(import).Finish();
  content = WithoutMark(content);
  switch (format) {
    case pb::CONTENT_FORMAT_TEXT:
      ImportText(content, import);
      break;
    case pb::CONTENT_FORMAT_CSV:
      ImportCsv(content, import);
      break;
    case pb::CONTENT_FORMAT_JSONL:
      ImportJsonLines(content, import);
      break;
    case pb::CONTENT_FORMAT_JSON:
      ImportJson(content, import);
      break;
    default:
      import.faults().Add("content_format", "must be text, csv, jsonl or json");
  }
  return std::move(import).Finish();
}

}  // namespace ftl::batch_runner
