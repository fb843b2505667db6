#include "common/endpoint/credential.h"

#include <algorithm>
#include <map>
#include <set>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <fmt/format.h>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/text/view.h"

namespace ftl {
namespace {

constexpr size_t kMostHeaders = 10;
constexpr size_t kLongestName = 64;
constexpr size_t kMostBytes = 8 * 1024;
constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kParting = ": ";

bool IsReserved(std::string_view name) {
  constexpr std::string_view kNames[] = {"host",    "authorization", "connection",        "keep-alive",     "te",
                                         "trailer", "upgrade",       "transfer-encoding", "http2-settings", "expect",
                                         "range"};
  constexpr std::string_view kStarts[] = {"content-", "proxy-", "accept", "sec-"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         std::any_of(std::begin(kStarts), std::end(kStarts),
                     [&](std::string_view start) { return name.substr(0, start.size()) == start; });
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

std::string_view FaultOfValue(std::string_view value) {
  if (value.empty()) return "is empty";
  const bool is_printable = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  return is_printable ? "" : "has a character that no header can carry, such as a line break or a letter outside ASCII";
}

// Calls `each` with name and value of every line.
template <typename Each>
void ForEachLine(std::string_view lines, Each each) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find(kLineEnd));
    const size_t parting = line.find(kParting);
    if (parting != std::string_view::npos) each(line.substr(0, parting), line.substr(parting + kParting.size()));
    lines.remove_prefix(std::min(line.size() + kLineEnd.size(), lines.size()));
  }
}

}  // namespace

bool Credential::HasHeader(std::string_view name) const {
  bool has = false;
  ForEachLine(header_lines.Reveal(), [&](std::string_view known, std::string_view) {
    has |= absl::EqualsIgnoreCase(ToAbsl(known), ToAbsl(name));
  });
  return has;
}

std::vector<std::string_view> Credential::HeaderValues() const {
  std::vector<std::string_view> values;
  ForEachLine(header_lines.Reveal(), [&](std::string_view, std::string_view value) { values.push_back(value); });
  return values;
}

absl::StatusOr<Secret> HeaderLines(const google::protobuf::Map<std::string, std::string>& headers) {
  FieldFaults faults;
  std::set<std::string> names;
  std::string lines;
  if (headers.size() > kMostHeaders) faults.Add("headers", fmt::format("has more than {} headers", kMostHeaders));
  std::map<std::string_view, std::string_view> by_name;
  for (const auto& header : headers) by_name.emplace(header.first, header.second);
  for (const auto& [name, given] : by_name) {
    const std::string lower = absl::AsciiStrToLower(ToAbsl(name));
    const std::string_view value = ToStd(absl::StripAsciiWhitespace(ToAbsl(given)));
    std::string_view fault = FaultOfValue(value);
    if (!names.insert(lower).second) fault = "is given twice";
    if (IsReserved(lower)) fault = "belongs to the connection, the body or the key, and cannot be set";
    if (!IsName(name)) fault = "is no name of a header: letters, digits, - and _, 64 at most";
    if (!fault.empty()) faults.Add(fmt::format("headers.{}", name), fault);
    fmt::format_to(std::back_inserter(lines), "{}{}{}{}", name, kParting, value, kLineEnd);
  }
  if (lines.size() > kMostBytes) faults.Add("headers", "are longer than 8 KiB together");
  TRY(faults.Verdict());
  return Secret::Take(std::move(lines));
}

}  // namespace ftl
