#include "common/host/settings.h"

#include <algorithm>
#include <ostream>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <fmt/format.h>

#include "common/host/listen_address.h"
#include "common/rpc/server.h"

namespace ftl::host {

std::optional<std::string> Settings::Read(const std::string& name, std::string default_text, std::string_view meaning,
                                          bool secret) {
  std::optional<std::string> text = source_(name);
  const auto known = std::find_if(declarations_.begin(), declarations_.end(),
                                  [&](const Declaration& declaration) { return declaration.name == name; });
  if (known == declarations_.end()) {
    const std::string value = secret ? std::string(text ? "(hidden)" : "(not set)") : text.value_or(default_text);
    declarations_.push_back({name, std::move(default_text), std::string(meaning), secret, value, section_});
  }
  return text;
}

std::string Settings::Text(const std::string& name, std::string_view default_value, std::string_view meaning) {
  return Read(name, std::string(default_value), meaning, false).value_or(std::string(default_value));
}

std::string Settings::ListenAddress(const std::string& name, std::string_view default_value, std::string_view meaning) {
  const std::string text = Text(name, default_value, meaning);
  if (!text.empty() && !ParseListenAddress(text).ok()) {
    Fault(name, fmt::format("is \"{}\"; use an address and port such as 127.0.0.1:8080 or [::1]:8080", text));
  }
  return text;
}

std::string Settings::GrpcAddress(const std::string& name, std::string_view default_value, std::string_view meaning) {
  const std::string text = Text(name, default_value, meaning);
  const size_t colon = text.rfind(':');
  const bool has_host = colon != std::string::npos && colon > 0 && text.find_first_of(" \t/") == std::string::npos;
  uint32_t port = 0;
  const bool has_port = has_host && absl::SimpleAtoi(text.substr(colon + 1), &port) && port <= 65535;
  if (!text.empty() && !text.starts_with("unix:/") && !has_port) {
    Fault(name, fmt::format("is \"{}\"; use a host and port such as 127.0.0.1:50051, or unix:/path", text));
  }
  return text;
}

bool Settings::Flag(const std::string& name, bool default_value, std::string_view meaning) {
  const auto text = Read(name, default_value ? "true" : "false", meaning, false);
  bool value = default_value;
  if (text && !absl::SimpleAtob(*text, &value)) Fault(name, fmt::format("is \"{}\"; use true or false", *text));
  return value;
}

int32_t Settings::Number(const std::string& name, int32_t default_value, int32_t least, int32_t most,
                         std::string_view meaning) {
  const auto text = Read(name, fmt::to_string(default_value), meaning, false);
  int32_t value = default_value;
  if (text && (!absl::SimpleAtoi(*text, &value) || value < least || value > most)) {
    Fault(name, fmt::format("is \"{}\"; use a whole number from {} to {}", *text, least, most));
    return default_value;
  }
  return value;
}

absl::Duration Settings::Span(const std::string& name, absl::Duration default_value, absl::Duration least,
                              std::string_view meaning) {
  const auto text = Read(name, fmt::format("{:g}", absl::ToDoubleSeconds(default_value)), meaning, false);
  if (!text) return default_value;
  absl::Duration value;
  double seconds = 0;
  if (absl::SimpleAtod(*text, &seconds)) {
    value = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(*text, &value)) {
    Fault(name, fmt::format("is \"{}\"; use seconds, such as 90, or a duration, such as 1m30s", *text));
    return default_value;
  }
  if (value < least || value > absl::Seconds(std::numeric_limits<int32_t>::max())) {
    Fault(name, fmt::format("is \"{}\"; use at least {}", *text, absl::FormatDuration(least)));
    return default_value;
  }
  return value;
}

Secret Settings::SecretText(const std::string& name, std::string_view meaning) {
  std::optional<std::string> text = Read(name, "", meaning, true);
  const std::string file = Text(name + "_FILE", "", fmt::format("A file that holds {}.", name));
  if (!file.empty()) {
    if (text) Fault(name, fmt::format("is set, and so is {}_FILE; set one of them", name));
    absl::StatusOr<std::string> content = rpc::ReadFile(file);
    if (!content.ok()) {
      Fault(name + "_FILE", std::string(content.status().message()));
    } else {
      absl::StripAsciiWhitespace(&*content);
      return Secret::Take(*std::move(content));
    }
  }
  return text ? Secret::Take(*std::move(text)) : Secret();
}

std::string Settings::Choice(const std::string& name, const std::vector<std::string>& choices,
                             std::string_view meaning) {
  const std::string text = Text(name, choices.front(), meaning);
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    Fault(name, fmt::format("is \"{}\"; use one of {}", text, fmt::join(choices, ", ")));
    return choices.front();
  }
  return text;
}

void Settings::Print(std::ostream& out) const {
  for (const Declaration& declaration : declarations_) out << declaration.name << '=' << declaration.value << '\n';
}

}  // namespace ftl::host
