#include "services/batch-runner/suite/prompt_import.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "services/batch-runner/suite/content_text.h"
#include "services/batch-runner/suite/encoding.h"
#include "services/batch-runner/suite/field_names.h"
#include "services/batch-runner/suite/pasted_json.h"
#include "services/batch-runner/suite/prompt_faults.h"
#include "services/batch-runner/suite/prompt_object.h"
#include "services/batch-runner/suite/promptfoo.h"
#include "services/batch-runner/suite/table_reader.h"
#include "services/batch-runner/suite/yaml_reader.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr size_t kMostLineBytes = 1024 * 1024;
constexpr size_t kSample = 64 * 1024;
constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz_";

// The lists that files of the field have in an object of their own.
constexpr std::string_view kLists[] = {"prompts", "tests",     "test_cases", "cases",         "data",
                                       "dataset", "examples",  "questions",  "queries",       "items",
                                       "rows",    "records",   "results",    "conversations", "samples",
                                       "train",   "instances", "entries",    "evals",         "evaluations"};

Place AtLine(int line) { return {line, ""}; }

void ReadText(std::string_view content, SuiteReading& reading) {
  Lines lines(content);
  for (Line line; !reading.IsFull() && lines.Next(line);) {
    const std::string_view text = Trimmed(line.text);
    if (text.empty()) continue;
    pb::Prompt prompt;
    prompt.set_prompt(std::string(text));
    reading.Add(std::move(prompt), AtLine(line.number));
  }
}

// What the reader says of a body, without what it says first.
std::string WhyNoJson(const absl::Status& status) {
  const std::string message(status.message());
  const size_t colon = message.find(": ");
  return colon == std::string::npos ? message : message.substr(colon + 2);
}

// As it stands, or made strict where that helps.
absl::StatusOr<JsonDocument> ParsePasted(std::string_view text) {
  auto document = JsonDocument::Parse(text);
  if (document.ok()) return document;
  auto strict = JsonDocument::Parse(StrictJson(text));
  return strict.ok() ? std::move(strict) : std::move(document);
}

void ReadJsonLines(std::string_view content, SuiteReading& reading) {
  Lines lines(content);
  for (Line line; !reading.IsFull() && lines.Next(line);) {
    if (Trimmed(line.text).empty()) continue;
    if (line.text.size() > kMostLineBytes) {
      reading.Fault(AtLine(line.number), "is longer than 1 MiB");
      continue;
    }
    const auto document = ParsePasted(line.text);
    if (document.ok()) {
      ReadExample(document->root(), AtLine(line.number), reading);
    } else if (!Trimmed(StrictJson(line.text)).empty()) {
      std::string why = WhyNoJson(document.status());
      if (why.starts_with("line 1, ")) why = why.substr(8);
      reading.Fault(AtLine(line.number), why);
    }
  }
}

void ReadList(const json::array& list, std::string_view name, SuiteReading& reading) {
  int i = 0;
  for (const json::value& value : list) {
    if (reading.IsFull()) return;
    ReadExample(value, {0, fmt::format("{}[{}]", name, i++)}, reading);
  }
}

// The values of a column: a list, or an object by row as pandas writes it. Texts and numbers only.
std::optional<std::vector<const json::value*>> ColumnOf(const json::value& value) {
  std::vector<const json::value*> cells;
  if (const json::array* list = value.if_array()) {
    for (const json::value& cell : *list) cells.push_back(&cell);
  } else if (const json::object* rows = value.if_object()) {
    for (const json::key_value_pair& row : *rows) cells.push_back(&row.value());
  }
  const bool is_column = !cells.empty() && std::all_of(cells.begin(), cells.end(),
                                                       [](const json::value* cell) { return cell->is_primitive(); });
  return is_column ? std::optional(std::move(cells)) : std::nullopt;
}

// A table told column by column: `{"prompt": ["a", "b"], "expected_answer": ["x", "y"]}`. False where it is none.
bool ReadColumns(const json::object& object, SuiteReading& reading) {
  std::vector<std::string> names;
  for (const json::key_value_pair& member : object) names.push_back(PlainName(std::string_view(member.key())));
  const std::optional<size_t> prompt = FieldFor(FieldRole::kPrompt, names);
  if (!prompt) return false;
  std::vector<std::pair<std::string_view, std::vector<const json::value*>>> columns;
  for (const json::key_value_pair& member : object) {
    auto cells = ColumnOf(member.value());
    if (!cells) return false;
    columns.emplace_back(std::string_view(member.key()), *std::move(cells));
    if (columns.back().second.size() != columns.front().second.size()) return false;
  }
  if (!columns[*prompt].second.front()->is_string()) return false;
  for (size_t row = 0; row < columns.front().second.size() && !reading.IsFull(); ++row) {
    json::object example;
    for (const auto& [name, cells] : columns) example.emplace(json::string_view(name.data(), name.size()), *cells[row]);
    ReadExample(json::value(std::move(example)), {0, fmt::format("row {}", row + 1)}, reading);
  }
  return true;
}

void ReadTree(const json::value& root, SuiteReading& reading) {
  if (const json::array* list = root.if_array()) return ReadList(*list, "prompts", reading);
  const json::object* object = root.if_object();
  if (object == nullptr) return reading.Fault({}, "must be a list of prompts, or an object that holds one");
  if (IsPromptfoo(*object)) return ReadPromptfoo(*object, reading);
  for (const std::string_view word : kLists) {
    const auto named = std::find_if(object->begin(), object->end(), [&](const json::key_value_pair& member) {
      return PlainName(std::string_view(member.key())) == word;
    });
    if (named == object->end() || !named->value().is_array()) continue;
    const std::string_view name = named->key();
    const json::value* list = &named->value();
    const json::array& values = list->get_array();
    // One conversation of ShareGPT's is a list too, of messages.
    const json::object* first = values.empty() ? nullptr : values.front().if_object();
    if (first != nullptr && name == "conversations" && (first->contains("from") || first->contains("role"))) continue;
    for (const json::key_value_pair& member : *object) {
      if (std::string_view(member.key()) != name) reading.LeaveOut(std::string_view(member.key()));
    }
    return ReadList(values, name, reading);
  }
  if (ReadColumns(*object, reading)) return;
  ReadExample(root, {0, "the object"}, reading);
}

// Values one behind the other, over as many lines as they like. False where the text does not begin with one.
bool ReadJsonSequence(std::string_view content, SuiteReading& reading) {
  const std::string strict = StrictJson(content);
  JsonPieces pieces(strict);
  JsonPiece piece;
  if (!pieces.Next(piece) || piece.text.size() == Trimmed(strict).size() || !JsonDocument::Parse(piece.text).ok()) {
    return false;
  }
  do {
    const auto document = JsonDocument::Parse(piece.text);
    if (document.ok()) {
      ReadExample(document->root(), AtLine(piece.line), reading);
    } else {
      reading.Fault(AtLine(piece.line), WhyNoJson(document.status()));
    }
  } while (!reading.IsFull() && pieces.Next(piece));
  reading.format = pb::CONTENT_FORMAT_JSONL;
  return true;
}

void ReadJson(std::string_view content, SuiteReading& reading) {
  const auto document = ParsePasted(content);
  if (document.ok()) return ReadTree(document->root(), reading);
  if (!ReadJsonSequence(content, reading)) reading.Fault({}, WhyNoJson(document.status()));
}

void ReadYamlText(std::string_view content, SuiteReading& reading) {
  const auto root = ReadYaml(content);
  if (!root.ok()) return reading.Fault({}, std::string(root.status().message()));
  ReadTree(*root, reading);
}

void NoteNul(std::string_view content, SuiteReading& reading) {
  if (content.find('\0') == std::string_view::npos) return;
  Lines lines(content);
  for (Line line; !reading.IsFull() && lines.Next(line);) {
    if (line.text.find('\0') != std::string_view::npos) reading.Fault(AtLine(line.number), "holds U+0000");
  }
}

// The first lines that are not blank, two at most.
std::vector<std::string_view> FirstLines(std::string_view content) {
  std::vector<std::string_view> found;
  Lines lines(content);
  for (Line line; found.size() < 2 && lines.Next(line);) {
    if (!Trimmed(line.text).empty()) found.push_back(Trimmed(line.text));
  }
  return found;
}

bool IsJsonLine(std::string_view line) { return line.size() <= kMostLineBytes && ParsePasted(line).ok(); }

// `- question: …`, the item of a list whose objects begin with a name that the field uses for a prompt.
bool IsItemOfPrompts(std::string_view line) {
  if (!line.starts_with("- ")) return false;
  const std::string_view name = line.substr(2, std::min(line.find(": "), line.size()) - 2);
  if (line.find(": ") == std::string_view::npos || name.find_first_not_of(kNameLetters) != std::string_view::npos) {
    return false;
  }
  return name == "vars" || FieldFor(FieldRole::kPrompt, {PlainName(name)}).has_value();
}

// A key at the start of the first line that is no comment, and somewhere one that only files of prompts have.
bool LooksLikeYaml(std::string_view content) {
  Lines lines(content.substr(0, kSample));
  bool begins_as_yaml = false;
  for (Line line; lines.Next(line);) {
    if (Trimmed(line.text).empty() || line.text.starts_with('#')) continue;
    const bool is_key = line.text.starts_with("prompts:") || line.text.starts_with("tests:") ||
                        line.text.starts_with("- vars:") || line.text.starts_with("- messages:") ||
                        IsItemOfPrompts(line.text);
    if (!begins_as_yaml) {
      const size_t colon = line.text.find(':');
      const std::string_view word = line.text.substr(0, std::min(colon, line.text.size()));
      begins_as_yaml = is_key || line.text == "---" ||
                       (colon != std::string_view::npos && word.find_first_of(" \t,;\"'") == std::string_view::npos &&
                        (colon + 1 == line.text.size() || line.text[colon + 1] == ' '));
      if (!begins_as_yaml) return false;
    }
    if (is_key) return true;
  }
  return false;
}

// `{{name}} asks` and `[note] …` are text; a list of numbers is JSON, and is refused as that.
bool IsBracketedText(std::string_view start, const std::vector<std::string_view>& lines) {
  const std::string_view inside = Trimmed(start.substr(1));
  if (inside.empty() || inside.starts_with("//") || inside.starts_with("/*")) return false;
  const std::string_view surely = start.front() == '{' ? "\"'}" : "\"'{[]";
  if (surely.find(inside.front()) != std::string_view::npos) return false;
  return start.front() == '{' || (lines[0].size() > 1 && lines[0].size() <= kMostLineBytes && !IsJsonLine(lines[0]));
}

pb::ContentFormat FormatOfBracketed(std::string_view content, const std::vector<std::string_view>& lines) {
  const std::string_view start = Trimmed(content.substr(0, kSample));
  if (IsBracketedText(start, lines)) return pb::CONTENT_FORMAT_TEXT;
  const bool is_lines = start.front() == '{' && lines.size() > 1 && IsJsonLine(lines[0]);
  return is_lines ? pb::CONTENT_FORMAT_JSONL : pb::CONTENT_FORMAT_JSON;
}

// The text without the quotes around it.
std::string_view Unquoted(std::string_view line) {
  return line.size() < 2 ? std::string_view() : line.substr(1, line.size() - 2);
}

pb::ContentFormat FormatOf(std::string_view content) {
  const std::vector<std::string_view> lines = FirstLines(content);
  if (lines.empty()) return pb::CONTENT_FORMAT_TEXT;
  const char first = lines[0].front();
  if (first == '{' || first == '[') return FormatOfBracketed(content, lines);
  const bool names_prompt = FieldFor(FieldRole::kPrompt, {PlainName(Unquoted(lines[0]))}).has_value();
  if (first == '"' && !names_prompt && IsJsonLine(lines[0]) && (lines.size() == 1 || IsJsonLine(lines[1]))) {
    return pb::CONTENT_FORMAT_JSONL;
  }
  if (LooksLikeYaml(content)) return pb::CONTENT_FORMAT_YAML;
  const TableForm form = FormOfTable(content);
  const bool has_rows = lines.size() > 1 || form.understood > 1;
  if (form.names_delimiter || (form.has_header && form.is_plainly_a_header && has_rows)) {
    return pb::CONTENT_FORMAT_CSV;
  }
  return IsPastedTable(content) ? pb::CONTENT_FORMAT_CSV : pb::CONTENT_FORMAT_TEXT;
}

// What stands in a fence of Markdown, its own line left empty so that lines keep their numbers; nothing for other text.
std::string WithoutFence(std::string_view content) {
  constexpr std::string_view kFence = "```";
  const std::string_view whole = Trimmed(content);
  if (!whole.starts_with(kFence) || !whole.ends_with(kFence)) return {};
  const size_t first_end = LineEnd(whole.substr(0, kSample + 1));
  const size_t last = whole.size() - kFence.size();
  if (first_end > kSample || last < first_end || whole.find(kFence, first_end) != last ||
      whole.substr(0, first_end).find(' ') != std::string_view::npos) {
    return {};
  }
  const auto begin = static_cast<size_t>(whole.data() - content.data());
  std::string inside(content.substr(0, begin + last));
  inside.erase(begin, first_end);
  return inside;
}

// Documents whose text only their programs show; nothing for text.
std::string_view AdviceOn(std::string_view content) {
  const std::string_view text = Trimmed(content);
  const auto begins = [&](std::string_view lower) {
    return text.size() > lower.size() && std::equal(lower.begin(), lower.end(), text.begin(), [](char l, char c) {
             return l == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
           });
  };
  if (begins("{\\rtf") && text.back() == '}') return "is RTF, a document of a word processor; save it as plain text";
  if (text.back() != '>') return {};
  if (begins("<!doctype html") || begins("<html")) return "is a web page; copy its text, or save its table as CSV";
  return begins("<?xml") ? "is XML; save the prompts as CSV or JSON" : std::string_view();
}

void ReadAs(pb::ContentFormat format, std::string_view content, SuiteReading& reading) {
  const std::string inside = format == pb::CONTENT_FORMAT_AUTO ? WithoutFence(content) : std::string();
  if (!inside.empty()) return ReadAs(format, inside, reading);
  if (const std::string_view advice = AdviceOn(content); format == pb::CONTENT_FORMAT_AUTO && !advice.empty()) {
    return reading.Fault({}, advice);
  }
  reading.format = format == pb::CONTENT_FORMAT_AUTO ? FormatOf(content) : format;
  switch (reading.format) {
    case pb::CONTENT_FORMAT_TEXT:
      return ReadText(content, reading);
    case pb::CONTENT_FORMAT_CSV:
      if (!FormOfTable(content).has_header && IsPastedTable(content)) return ReadPastedTable(content, reading);
      return ReadTable(content, reading);
    case pb::CONTENT_FORMAT_JSONL:
      return ReadJsonLines(content, reading);
    case pb::CONTENT_FORMAT_JSON:
      return ReadJson(content, reading);
    case pb::CONTENT_FORMAT_YAML:
      return ReadYamlText(content, reading);
    default:
      return reading.Fault({}, "must be read as text, csv, jsonl, json, yaml or auto");
  }
}

}  // namespace

SuiteReading ReadSuite(std::string_view bytes, pb::ContentFormat format) {
  SuiteReading reading;
  reading.format = format;
  if (bytes.size() > kMostContentBytes) {
    reading.Fault({}, "is larger than 32 MiB");
    return reading;
  }
  const auto decoded = DecodeText(bytes);
  if (!decoded.ok()) {
    reading.encoding.clear();
    reading.Fault({}, std::string(decoded.status().message()));
    return reading;
  }
  reading.encoding = decoded->encoding;
  NoteNul(decoded->text, reading);
  if (reading.fault_count() == 0) ReadAs(format, decoded->text, reading);
  if (reading.fault_count() == 0 && reading.prompts().empty()) reading.Fault({}, "holds no prompt");
  return reading;
}

absl::Status NoteFaults(const SuiteReading& reading, FieldFaults& faults) {
  if (reading.has_too_many()) return TooManyPrompts();
  for (const pb::ContentFault& fault : reading.faults()) {
    faults.Add("content",
               fault.has_line() ? fmt::format("line {}: {}", fault.line(), fault.message()) : fault.message());
  }
  for (size_t i = reading.faults().size(); i < reading.fault_count(); ++i) faults.Add("content", "");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<pb::Prompt>> ImportPrompts(std::string_view bytes, pb::ContentFormat format) {
  SuiteReading reading = ReadSuite(bytes, format);
  FieldFaults faults;
  TRY(NoteFaults(reading, faults));
  TRY(faults.Verdict());
  return std::move(reading.prompts());
}

}  // namespace ftl::batch_runner
