#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ftl::analytics {

// What a sentence has in a place: its text, and the number that its plural goes by.
struct Slot {
  std::string_view name;
  std::string text;
  std::optional<double> count = std::nullopt;
};

// The sentences, numbers and lists of one language: `sentences/<code>.json`, as ICU message patterns. In a pattern
// `{name}` is a slot's text, `{name_count, plural, …}` goes by its number. Constant, any thread.
class Language {
 public:
  // `en`, `de`, `es`, `fr`, `pt`, `zh` or `ja`; English for any other.
  static const Language& Of(std::string_view code);
  static std::span<const std::string_view> Codes();

  const std::string& code() const { return code_; }
  bool Has(std::string_view key) const { return patterns_.find(key) != patterns_.end(); }
  // All keys, for tests.
  std::vector<std::string_view> Keys() const;

  // The sentence of a key. A key that is not there gives the key itself, which a test forbids.
  std::string Say(std::string_view key, std::initializer_list<Slot> slots = {}) const;
  std::string Say(std::string_view key, std::span<const Slot> slots) const;
  // With up to `decimals` decimals, half up, and no trailing zeros: `1,234.5`, `1.234,5`.
  std::string Number(double value, int decimals = 0) const;
  // `a, b and c`.
  std::string And(const std::vector<std::string>& parts) const;
  // `a, b or c`.
  std::string Or(const std::vector<std::string>& parts) const;

 private:
  explicit Language(std::string_view code);

  std::string code_;
  std::map<std::string, std::string, std::less<>> patterns_;
};

// `value` as it is shown with up to `decimals` decimals: what a plural goes by.
double Rounded(double value, int decimals);

// Text as it is compared: in compatibility form, case folded, without what is not seen, digits of all scripts as 0 to
// 9: `½` is `1⁄2`, `３` is `3`. Any thread.
std::string PlainForm(std::string_view text);

}  // namespace ftl::analytics
