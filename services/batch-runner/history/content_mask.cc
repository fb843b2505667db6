#include "services/batch-runner/history/content_mask.h"

#include <algorithm>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include "common/text/view.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kPreviewBytes = 200;
constexpr std::string_view kMark = "[key removed]";
constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kStarts[] = {"sk-",  "sk_",  "pk-",         "gsk_", "hf_",  "fw_",   "xai-", "tgp_v1_",
                                        "ftl_", "ghp_", "github_pat_", "AIza", "AKIA", "demo-", "eyJ"};
constexpr size_t kShortest = 16;

bool IsKeyCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '_' || c == '-' || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

// How many bytes at the front of `text` are a key's; 0 for none.
size_t KeyAtFront(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsKeyCharacter);
  const std::string_view run = text.substr(0, static_cast<size_t>(end - text.begin()));
  const bool has_digit = std::any_of(run.begin(), run.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  return run.size() >= kShortest && has_digit ? run.size() : 0;
}

// What a key begins with here; empty where none does.
std::string_view StartAt(std::string_view text) {
  if (absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(kBearer))) return text.substr(0, kBearer.size());
  for (const std::string_view start : kStarts) {
    if (text.starts_with(start)) return start;
  }
  return {};
}

}  // namespace

std::string WithoutKeys(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  bool at_word = true;
  for (size_t place = 0; place < text.size();) {
    const std::string_view start = at_word ? StartAt(text.substr(place)) : std::string_view();
    const size_t key = start.empty() ? 0 : KeyAtFront(text.substr(place + start.size()));
    if (key > 0) {
      clean += start;
      clean += kMark;
      place += start.size() + key;
      at_word = false;
      continue;
    }
    at_word = !absl::ascii_isalnum(static_cast<unsigned char>(text[place])) && text[place] != '_';
    clean += text[place++];
  }
  return clean;
}

std::string PreviewOf(std::string_view text) {
  size_t end = std::min(text.size(), kPreviewBytes);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

}  // namespace ftl::batch_runner
