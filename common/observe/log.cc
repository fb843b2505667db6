#include "common/observe/log.h"

#include <absl/strings/str_replace.h>
#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace ftl::log {
namespace {

Format g_format = Format::kJson;

// A JSON string without its quotation marks.
std::string Escaped(std::string_view text) {
  const auto value = boost::json::value(boost::json::string_view(text.data(), text.size()));
  const std::string json = boost::json::serialize(value);
  // JSON has no need to escape DEL; a terminal has.
  return absl::StrReplaceAll({json.data() + 1, json.size() - 2}, {{"\x7f", "\\u007f"}});
}

std::string Quoted(std::string_view text) { return fmt::format("\"{}\"", Escaped(text)); }

void Write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
  if (!spdlog::should_log(level)) return;
  fmt::memory_buffer line;
  auto out = std::back_inserter(line);
  if (g_format == Format::kJson) {
    fmt::format_to(out, "\"message\":{}", Quoted(message));
    for (const Field& field : fields) fmt::format_to(out, ",\"{}\":{}", field.name, field.json);
  } else {
    fmt::format_to(out, "{}", Escaped(message));
    for (const Field& field : fields) fmt::format_to(out, " {}={}", field.name, field.json);
  }
  spdlog::log(level, "{}", std::string_view(line.data(), line.size()));
}

}  // namespace

Field::Field(std::string_view field_name, std::string_view text) : name(field_name), json(Quoted(text)) {}
Field::Field(std::string_view field_name, int64_t number) : name(field_name), json(fmt::to_string(number)) {}
Field::Field(std::string_view field_name, double number) : name(field_name), json(fmt::format("{:.6g}", number)) {}
Field::Field(std::string_view field_name, bool truth) : name(field_name), json(truth ? "true" : "false") {}
Field::Field(std::string_view field_name, const absl::Status& status)
    : name(field_name),
      json(Quoted(std::string(absl::StatusCodeToString(status.code())) + ": " + std::string(status.message()))) {}

void Configure(std::string_view level, Format format, std::string_view program) {
  g_format = format;
  auto logger =
      std::make_shared<spdlog::logger>(std::string(program), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::trace);
  const auto utc = spdlog::pattern_time_type::utc;
  logger->set_formatter(format == Format::kJson
                            ? std::make_unique<spdlog::pattern_formatter>(
                                  R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","program":"%n",%v})", utc)
                            : std::make_unique<spdlog::pattern_formatter>("%H:%M:%S.%e %-5l %n  %v", utc));
  spdlog::set_default_logger(std::move(logger));
}

void Debug(std::string_view message, Fields fields) { Write(spdlog::level::debug, message, fields); }
void Info(std::string_view message, Fields fields) { Write(spdlog::level::info, message, fields); }
void Warn(std::string_view message, Fields fields) { Write(spdlog::level::warn, message, fields); }
void Error(std::string_view message, Fields fields) { Write(spdlog::level::err, message, fields); }

}  // namespace ftl::log
