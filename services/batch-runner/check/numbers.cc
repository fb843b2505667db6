#include "services/batch-runner/check/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace ftl::batch_runner {
namespace {

constexpr std::string_view kMinus = "\xE2\x88\x92";  // U+2212
// What may part thousands and never stands between two numbers of a list.
constexpr std::array<std::string_view, 6> kTightSeparators = {
    "'", "\xE2\x80\x99", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", "_"};

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
bool IsLetter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || static_cast<unsigned char>(byte) >= 0xC3;
}

std::optional<double> Parsed(const std::string& digits) {
  double value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (fault != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// A run of digit groups with the separator before each but the first, as one byte: `,`, `.`, ` ` or `'`.
struct Run {
  std::vector<std::string> groups;
  std::string separators;  // one shorter than groups
  std::string exponent;    // `e6`
  bool is_negative = false;
};

// Length of the separator at `at` if a digit follows it, and its one-byte form.
size_t SeparatorAt(std::string_view text, size_t at, char& form) {
  const auto followed = [&](size_t bytes) { return at + bytes < text.size() && IsDigit(text[at + bytes]); };
  for (const char plain : {',', '.', ' '}) {
    form = plain;
    if (text[at] == plain) return followed(1) ? 1 : 0;
  }
  form = '\'';
  for (const std::string_view tight : kTightSeparators) {
    if (text.substr(at).starts_with(tight)) return followed(tight.size()) ? tight.size() : 0;
  }
  return 0;
}

size_t ExponentBytes(std::string_view text, size_t at) {
  size_t end = at;
  if (end >= text.size() || (text[end] != 'e' && text[end] != 'E')) return 0;
  ++end;
  if (end < text.size() && (text[end] == '+' || text[end] == '-')) ++end;
  const size_t digits = end;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end == digits || (end < text.size() && IsLetter(text[end])) ? 0 : end - at;
}

bool IsNegativeAt(std::string_view text, size_t at) {
  size_t sign = at;
  if (at >= 1 && text[at - 1] == '-') {
    sign = at - 1;
  } else if (at >= kMinus.size() && text.substr(at - kMinus.size(), kMinus.size()) == kMinus) {
    sign = at - kMinus.size();
  } else {
    return false;
  }
  return sign == 0 || (!IsDigit(text[sign - 1]) && !IsLetter(text[sign - 1]) && text[sign - 1] != ')');
}

// Reads the run that starts at the digit `at`, and moves `at` behind it.
Run ReadRun(std::string_view text, size_t& at) {
  Run run;
  run.is_negative = IsNegativeAt(text, at);
  for (;;) {
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    run.groups.emplace_back(text.substr(begin, at - begin));
    char form;
    const size_t bytes = at < text.size() ? SeparatorAt(text, at, form) : 0;
    if (bytes == 0) break;
    run.separators += form;
    at += bytes;
  }
  const size_t bytes = ExponentBytes(text, at);
  run.exponent = text.substr(at, bytes);
  if (run.exponent.size() > 1 && run.exponent[1] == '+') run.exponent.erase(1, 1);
  at += bytes;
  return run;
}

// The groups [first, end) as whole thousands parted by one kind of separator, with or without a last decimal group.
void ReadGroups(const Run& run, size_t first, size_t end, std::vector<double>& numbers) {
  const auto add = [&](const std::string& whole, const std::string& decimals) {
    std::string digits = decimals.empty() ? whole : whole + "." + decimals;
    if (end == run.groups.size()) digits += run.exponent;
    const auto value = Parsed(digits);
    if (value) numbers.push_back(first == 0 && run.is_negative ? -*value : *value);
  };
  const auto whole = [&](size_t stop) -> std::optional<std::string> {
    std::string digits = run.groups[first];
    if (stop - first == 1) return digits;
    if (digits.size() > 3) return std::nullopt;
    for (size_t i = first + 1; i < stop; ++i) {
      if (run.groups[i].size() != 3 || run.separators[i - 1] != run.separators[first]) return std::nullopt;
      digits += run.groups[i];
    }
    return digits;
  };
  if (const auto digits = whole(end)) add(*digits, "");
  if (end - first < 2) return;
  const char decimal = run.separators[end - 2];
  const bool is_parted_by_it = end - first > 2 && run.separators[first] == decimal;
  if ((decimal != '.' && decimal != ',') || is_parted_by_it) return;
  if (const auto digits = whole(end - 1)) add(*digits, run.groups[end - 1]);
}

void ReadRunAs(const Run& run, size_t first, size_t end, std::vector<double>& numbers) {
  const size_t before = numbers.size();
  ReadGroups(run, first, end, numbers);
  // Commas that part no thousands part the numbers of a list.
  if (numbers.size() > before) return;
  size_t begin = first;
  for (size_t i = first + 1; i <= end; ++i) {
    if (i < end && run.separators[i - 1] != ',') continue;
    if (begin != first || i != end) ReadGroups(run, begin, i, numbers);
    begin = i;
  }
}

}  // namespace

std::vector<double> NumbersIn(std::string_view text) {
  std::vector<double> numbers;
  for (size_t at = 0; at < text.size();) {
    if (!IsDigit(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    const Run run = ReadRun(text, at);
    // `.5`
    if (begin > 0 && text[begin - 1] == '.' && run.groups.size() == 1 && (begin == 1 || !IsLetter(text[begin - 2]))) {
      if (const auto value = Parsed("0." + run.groups[0])) {
        numbers.push_back(IsNegativeAt(text, begin - 1) ? -*value : *value);
      }
    }
    ReadRunAs(run, 0, run.groups.size(), numbers);
    if (run.separators.find(' ') == std::string::npos) continue;
    // A space may part thousands or two numbers.
    size_t first = 0;
    for (size_t i = 1; i <= run.groups.size(); ++i) {
      if (i < run.groups.size() && run.separators[i - 1] != ' ') continue;
      ReadRunAs(run, first, i, numbers);
      first = i;
    }
  }
  return numbers;
}

}  // namespace ftl::batch_runner
