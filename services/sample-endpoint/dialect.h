#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "services/sample-endpoint/fault.h"

namespace ftl::sample_endpoint {

// One request as it came.
struct HttpRequest {
  std::string method;
  std::string path;   // without query
  std::string query;  // without `?`
  std::string authorization;
  std::string api_key;         // Azure's header
  std::string x_api_key;       // Anthropic's
  std::string x_goog_api_key;  // Google's
  std::string anthropic_version;
  std::string body;
};

// How one family of services speaks, as this endpoint plays it. Each is served below a path of its own, since their
// paths collide. Immutable.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // `/anthropic`; empty for OpenAI's, which is everywhere else.
  virtual std::string_view base() const = 0;

  enum class Asks { kNothing, kChat, kModels, kKey };
  // What a path below base() is for.
  virtual Asks AsksFor(std::string_view path) const = 0;
  // Whether that may be asked without a good key.
  virtual bool IsOpen(Asks) const { return false; }
  virtual std::string_view KeyIn(const HttpRequest& request) const = 0;
  // INVALID_ARGUMENT with a sentence for the caller.
  virtual absl::StatusOr<ChatRequest> ReadChat(std::string_view path, const HttpRequest& request) const = 0;

  // A stream's events, and a whole answer.
  virtual std::vector<Step> Events(const Completion& completion) const = 0;
  virtual std::string Whole(const Completion& completion) const = 0;
  Script Answer(const ChatRequest& request, const Completion& completion) const;

  // An error as the service shapes it: before the answer, and within a stream.
  virtual std::string ErrorJson(int status, std::string_view message) const = 0;
  virtual std::string ErrorEvent(std::string_view message) const = 0;

  virtual std::string ModelsJson() const = 0;
  // What a good key is told of itself.
  virtual std::string KeyJson() const { return ModelsJson(); }

  // Faults that this service alone has.
  virtual std::span<const Fault> OwnFaults() const = 0;
  // The answer of a model `fault-…`, its own or one that all have; nullopt for none of them.
  virtual std::optional<Script> Fail(std::string_view model, const Scene& scene) const;
};

// All but OpenAI's.
std::span<const Dialect* const> Dialects();
const Dialect& OpenAiDialect();
// By the path; `path` goes on behind the base.
const Dialect& DialectOf(std::string_view& path);

// Faults that each of Dialects() has, in its own shape.
struct CommonFault {
  std::string_view model;
  Script (*answer)(const Dialect& dialect, const Scene& scene);
  std::string_view words;
};
std::span<const CommonFault> CommonFaults();

}  // namespace ftl::sample_endpoint
