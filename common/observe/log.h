#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace ftl::log {

// One fact of a log line. Never a secret: a Secret has no way to become one. Never a session's id.
struct Field {
  Field(std::string_view field_name, std::string_view text);
  Field(std::string_view field_name, const char* text) : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, const std::string& text) : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, int64_t number);
  Field(std::string_view field_name, int number) : Field(field_name, static_cast<int64_t>(number)) {}
  Field(std::string_view field_name, size_t number) : Field(field_name, static_cast<int64_t>(number)) {}
  Field(std::string_view field_name, double number);
  Field(std::string_view field_name, bool truth);
  Field(std::string_view field_name, const absl::Status& status);

  std::string name;
  std::string json;  // the value, already as JSON
};
using Fields = std::initializer_list<Field>;

enum class Format { kJson, kText };

// Call once at start, before threads. `level` is debug, info, warn or error. Until then: info, JSON.
void Configure(std::string_view level, Format format, std::string_view program);

// One line on stderr: time, level, message and the fields. Control characters are escaped. Any thread.
void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warn(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

}  // namespace ftl::log
