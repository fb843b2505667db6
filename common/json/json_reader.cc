#include "common/json/json_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>

#include "common/error/refusal.h"

namespace ftl {
namespace {

namespace json = boost::json;

// Wipes each block before it goes back.
class WipingResource final : public json::memory_resource {
  void* do_allocate(size_t bytes, size_t alignment) override {
    return ::operator new(bytes, std::align_val_t(alignment));
  }
  void do_deallocate(void* block, size_t bytes, size_t alignment) override {
    OPENSSL_cleanse(block, bytes);
    ::operator delete(block, std::align_val_t(alignment));
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }
};

// Builds the value and refuses what Boost.JSON lets pass.
class Handler {
 public:
  static constexpr size_t max_object_size = JsonLimits::kKeys;
  static constexpr size_t max_array_size = JsonLimits::kElements;
  static constexpr size_t max_key_size = JsonLimits::kKeyBytes;
  static constexpr size_t max_string_size = json::string::max_size();

  Handler(json::storage_ptr memory, size_t max_values) : max_values_(max_values) { stack_.reset(std::move(memory)); }
  ~Handler() { OPENSSL_cleanse(text_.data(), text_.size()); }

  json::value Release() { return stack_.release(); }
  const std::string& fault() const { return fault_; }
  bool too_much() const { return too_much_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& error) {
    keys_.emplace_back();
    return Counted(error);
  }
  bool on_object_end(size_t size, json::error_code&) {
    keys_.pop_back();
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code& error) { return Counted(error); }
  bool on_array_end(size_t size, json::error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view part, size_t, json::error_code& error) { return Collect(part, error); }
  bool on_key(json::string_view part, size_t, json::error_code& error) {
    if (!Collect(part, error)) return false;
    if (!keys_.back().insert(text_).second) return Refused("a key stands twice in one object", error);
    stack_.push_key(text_);
    text_.clear();
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code& error) { return Collect(part, error); }
  bool on_string(json::string_view part, size_t, json::error_code& error) {
    if (!Collect(part, error)) return false;
    stack_.push_string(text_);
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
    return Counted(error);
  }
  bool on_number_part(json::string_view part, json::error_code& error) {
    number_.append(part.data(), part.size());
    return number_.size() <= JsonLimits::kNumberBytes || TooMuch("a number is too long", error);
  }
  bool on_int64(int64_t number, json::string_view, json::error_code& error) {
    number_.clear();
    stack_.push_int64(number);
    return Counted(error);
  }
  bool on_uint64(uint64_t number, json::string_view, json::error_code& error) {
    number_.clear();
    stack_.push_uint64(number);
    return Counted(error);
  }
  // Read anew: this version of Boost.JSON rounds loosely and takes 1e400 for infinity.
  bool on_double(double, json::string_view part, json::error_code& error) {
    if (!on_number_part(part, error)) return false;
    double number = 0;
    const auto [end, fault] = std::from_chars(number_.data(), number_.data() + number_.size(), number);
    if (fault != std::errc() || end != number_.data() + number_.size() || !std::isfinite(number)) {
      // Too small to tell from zero is zero; too large is refused.
      if (std::fabs(std::strtod(number_.c_str(), nullptr)) > 1) return Refused("a number is too large", error);
      number = 0;
    }
    number_.clear();
    stack_.push_double(number);
    return Counted(error);
  }
  bool on_bool(bool truth, json::error_code& error) {
    stack_.push_bool(truth);
    return Counted(error);
  }
  bool on_null(json::error_code& error) {
    stack_.push_null();
    return Counted(error);
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool Collect(json::string_view part, json::error_code& error) {
    if (part.find('\0') != json::string_view::npos) return Refused("U+0000 is not allowed in text", error);
    text_.append(part.data(), part.size());
    return true;
  }
  bool Counted(json::error_code& error) {
    return ++values_ <= max_values_ || TooMuch("there are too many values", error);
  }
  bool TooMuch(std::string_view why, json::error_code& error) {
    too_much_ = true;
    return Refused(why, error);
  }
  bool Refused(std::string_view why, json::error_code& error) {
    fault_ = why;
    error = json::error::syntax;
    return false;
  }

  json::value_stack stack_;
  std::vector<std::unordered_set<std::string>> keys_;  // of the objects that are open
  std::string text_;
  std::string number_;
  std::string fault_;
  const size_t max_values_;
  size_t values_ = 0;
  bool too_much_ = false;
};

std::string InWords(const json::error_code& error) {
  if (error == json::error::incomplete) return "the text ends too early";
  if (error == json::error::too_deep) return fmt::format("it is nested deeper than {}", JsonLimits::kDepth);
  if (error == json::error::exponent_overflow) return "a number is too large";
  if (error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
      error == json::error::expected_utf16_escape) {
    return "a \\u escape is half of a surrogate pair";
  }
  return "this is not JSON";
}

// Empty where it is another fault.
std::string OverLimit(const json::error_code& error) {
  if (error == json::error::array_too_large) return fmt::format("a list has over {} elements", JsonLimits::kElements);
  if (error == json::error::object_too_large) return fmt::format("an object has over {} keys", JsonLimits::kKeys);
  if (error == json::error::key_too_large) return fmt::format("a key is over {} bytes", JsonLimits::kKeyBytes);
  return "";
}

absl::Status Malformed(Reason reason, std::string_view text, size_t offset, std::string_view why) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return Refuse(reason, fmt::format("The text is not acceptable JSON: line {}, column {}: {}.", line,
                                    before.size() - line_start + 1, why))
      .With("offset", static_cast<int64_t>(before.size()));
}

}  // namespace

class JsonDocument::Memory {
 public:
  json::storage_ptr storage() { return &blocks_; }

 private:
  WipingResource wiping_;
  json::monotonic_resource blocks_{1024, &wiping_};
};

JsonDocument::JsonDocument(std::shared_ptr<Memory> memory) : memory_(std::move(memory)) {}

absl::StatusOr<JsonDocument> JsonDocument::Parse(std::string_view text, size_t max_values) {
  JsonDocument document(std::make_shared<Memory>());
  json::parse_options options;
  options.max_depth = JsonLimits::kDepth;
  json::basic_parser<Handler> parser(options, document.memory_->storage(), max_values);
  json::error_code error;
  const size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), error);
  if (error) {
    const std::string& fault = parser.handler().fault();
    const std::string over = OverLimit(error);
    if (!over.empty()) return Malformed(Reason::kBodyTooLarge, text, read, over);
    const Reason reason = parser.handler().too_much() ? Reason::kBodyTooLarge : Reason::kMalformedJson;
    return Malformed(reason, text, read, fault.empty() ? InWords(error) : fault);
  }
  const size_t rest = text.find_first_not_of(" \t\r\n", read);
  if (rest != std::string_view::npos)
    return Malformed(Reason::kMalformedJson, text, rest, "there is more after the value");
  document.root_ = std::make_shared<const json::value>(parser.handler().Release());
  return document;
}

}  // namespace ftl
