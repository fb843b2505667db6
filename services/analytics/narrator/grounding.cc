#include "services/analytics/narrator/grounding.h"

#include <algorithm>
#include <cmath>

#include <absl/strings/numbers.h>

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

struct Figure {
  std::string raw;
  double value = 0;  // times in milliseconds
  double slack = 0;  // half of the last digit that is written
  bool has_unit = false;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Half of the last digit that says something: 1.7 is 0.05, 1,700 is 50. Two digits always count.
double Slack(const std::string& digits) {
  const size_t point = digits.find('.');
  if (point != std::string::npos) return 0.5 * std::pow(10, -static_cast<double>(digits.size() - point - 1));
  size_t zeros = 0;
  while (zeros + 2 < digits.size() && digits[digits.size() - 1 - zeros] == '0') ++zeros;
  return 0.5 * std::pow(10, static_cast<double>(zeros));
}

std::vector<Figure> FiguresIn(std::string_view text) {
  std::vector<Figure> figures;
  bool line_begins = true;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (!IsDigit(c) || (i > 0 && (IsLetter(text[i - 1]) || text[i - 1] == '_'))) {
      if (c == '\n') {
        line_begins = true;
      } else if (c != ' ' && c != '#' && c != '>' && c != '-' && c != '*') {
        line_begins = false;
      }
      ++i;
      // The rest of a word such as p95 names something and counts nothing.
      if (IsLetter(c)) {
        while (i < text.size() &&
               (IsDigit(text[i]) || IsLetter(text[i]) ||
                (text[i] == '.' && i + 1 < text.size() && IsDigit(text[i + 1]) && IsDigit(text[i - 1]))))
          ++i;
      }
      continue;
    }
    const size_t begin = i;
    std::string digits;
    for (; i < text.size(); ++i) {
      const bool goes_on = i + 1 < text.size() && IsDigit(text[i + 1]);
      if (IsDigit(text[i])) {
        digits += text[i];
      } else if (text[i] == '.' && goes_on && digits.find('.') == std::string::npos) {
        digits += '.';
      } else if (text[i] != ',' || !goes_on) {
        break;
      }
    }
    // 1. and 2. at the beginning of a line number the points of a list.
    const bool list_mark = line_begins && i < text.size() && (text[i] == '.' || text[i] == ')') && digits.size() < 3;
    line_begins = false;
    if (list_mark) continue;
    Figure figure;
    if (!absl::SimpleAtod(digits, &figure.value)) continue;
    figure.slack = Slack(digits);
    size_t unit = i;
    while (unit < text.size() && text[unit] == ' ') ++unit;
    std::string word;
    for (size_t at = unit; at < text.size() && (IsLetter(text[at]) || text[at] == '%') && word.size() < 12; ++at)
      word += text[at];
    // 95th percentile, 3rd prompt.
    if (unit == i && (word == "th" || word == "st" || word == "nd" || word == "rd")) {
      i += 2;
      continue;
    }
    double scale = 1;
    if (word == "s" || word == "sec" || word == "secs" || word == "second" || word == "seconds") scale = 1000;
    if (word == "min" || word == "minute" || word == "minutes") scale = 60'000;
    figure.has_unit =
        scale != 1 || word == "ms" || word == "milliseconds" || word == "%" || word == "tokens" || word == "token";
    figure.value *= scale;
    figure.slack *= scale;
    const size_t end = figure.has_unit ? unit + word.size() : i;
    figure.raw = std::string(text.substr(begin, end - begin));
    i = std::max(i, end);
    figures.push_back(std::move(figure));
  }
  return figures;
}

bool Bears(double fact, const Figure& figure) {
  const double slack = figure.slack * 1.000001;
  if (std::abs(fact - figure.value) <= slack) return true;
  // A bare number may be seconds.
  return !figure.has_unit && std::abs(fact / 1000 - figure.value) <= slack && figure.slack < 0.5;
}

}  // namespace

pb::Grounding CheckFigures(std::string_view comment, const pb::ToolResult& rows, const std::vector<std::string>& told) {
  std::vector<double> facts = {static_cast<double>(rows.total())};
  for (const auto& row : rows.rows()) {
    for (const auto& value : row.values()) {
      if (value.has_number_value()) facts.push_back(value.number_value());
    }
  }
  for (const std::string& text : told) {
    for (const Figure& figure : FiguresIn(text)) facts.push_back(figure.value);
  }
  pb::Grounding grounding;
  for (const Figure& figure : FiguresIn(comment)) {
    grounding.set_checked(grounding.checked() + 1);
    const bool borne_out = std::any_of(facts.begin(), facts.end(), [&](double fact) { return Bears(fact, figure); });
    const bool known = std::find(grounding.unsupported().begin(), grounding.unsupported().end(), figure.raw) !=
                       grounding.unsupported().end();
    if (!borne_out && !known) grounding.add_unsupported(figure.raw);
  }
  return grounding;
}

}  // namespace ftl::analytics
