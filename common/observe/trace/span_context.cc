#include "common/observe/trace/span_context.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

namespace ftl::trace {
namespace {

constexpr size_t kLength = 55;  // 00-<32>-<16>-<2>

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string BytesOf(std::string_view hex) { return absl::HexStringToBytes({hex.data(), hex.size()}); }

template <size_t N>
bool ReadId(std::string_view hex, std::array<uint8_t, N>& id) {
  if (!IsLowerHex(hex)) return false;
  const std::string bytes = BytesOf(hex);
  std::memcpy(id.data(), bytes.data(), N);
  return std::any_of(id.begin(), id.end(), [](uint8_t byte) { return byte != 0; });
}

template <size_t N>
void DrawId(std::array<uint8_t, N>& id) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  for (size_t at = 0; at < N; at += sizeof(uint64_t)) {
    const uint64_t word = random() | 1;
    std::memcpy(id.data() + at, &word, sizeof word);
  }
}

template <size_t N>
std::string HexOf(const std::array<uint8_t, N>& id) {
  return absl::BytesToHexString({reinterpret_cast<const char*>(id.data()), N});
}

}  // namespace

std::optional<SpanContext> ParseTraceparent(std::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  const bool is_later = version != "00" && text.size() > kLength && text[kLength] == '-';
  if (!IsLowerHex(version) || version == "ff" || !IsLowerHex(flags) || (text.size() != kLength && !is_later)) {
    return std::nullopt;
  }
  SpanContext context;
  if (!ReadId(text.substr(3, 32), context.trace_id) || !ReadId(text.substr(36, 16), context.span_id)) {
    return std::nullopt;
  }
  context.sampled = (BytesOf(flags)[0] & 1) != 0;
  return context;
}

std::string TraceparentOf(const SpanContext& context) {
  return fmt::format("00-{}-{}-{}", HexOf(context.trace_id), HexOf(context.span_id), context.sampled ? "01" : "00");
}

SpanContext ChildOf(const std::optional<SpanContext>& parent) {
  SpanContext child = parent.value_or(SpanContext());
  if (!parent) DrawId(child.trace_id);
  DrawId(child.span_id);
  return child;
}

}  // namespace ftl::trace
