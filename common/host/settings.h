#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

#include "common/error/refusal.h"
#include "common/secret/secret.h"

namespace ftl::host {

// Reads settings by name from flags, then the environment, then defaults, and keeps what it was asked for: --help,
// --print-config and deploy/finetunelab.env.example are made from that. A wrong value is noted, not thrown: `faults()`
// has all of them when every setting has been read. Each read says default and meaning, so a setting is declared where
// it is used.
class Settings {
 public:
  // What a setting is: shown to people, and kept in the order of the first read.
  struct Declaration {
    std::string name;  // as in the environment: FTL_HTTP_ADDRESS
    std::string default_text;
    std::string meaning;
    bool secret = false;
    std::string value;    // in force; empty for secrets
    std::string section;  // who read it first
  };
  // Gives the text set for a name, or nullopt.
  using Source = std::function<std::optional<std::string>(const std::string& name)>;

  explicit Settings(Source source) : source_(std::move(source)) {}

  // Whose settings are read from here on: what --help puts together.
  void Section(std::string name) { section_ = std::move(name); }

  std::string Text(const std::string& name, std::string_view default_value, std::string_view meaning);
  // Where a socket listens (listen_address.h), as it was written; empty stays empty.
  std::string ListenAddress(const std::string& name, std::string_view default_value, std::string_view meaning);
  // Where gRPC listens or is found: HOST:PORT or unix:PATH, as it was written; empty stays empty.
  std::string GrpcAddress(const std::string& name, std::string_view default_value, std::string_view meaning);
  bool Flag(const std::string& name, bool default_value, std::string_view meaning);
  // Both bounds inclusive.
  int32_t Number(const std::string& name, int32_t default_value, int32_t least, int32_t most, std::string_view meaning);
  // Plain seconds or absl::Duration text, at least `least`.
  absl::Duration Span(const std::string& name, absl::Duration default_value, absl::Duration least,
                      std::string_view meaning);
  // From `name` or the file named by `name`_FILE, never from a flag; empty where neither is set.
  Secret SecretText(const std::string& name, std::string_view meaning);
  // One of `choices`; the first is the default.
  std::string Choice(const std::string& name, const std::vector<std::string>& choices, std::string_view meaning);

  void Fault(std::string_view name, std::string_view message) { faults_.Add(name, message); }
  const FieldFaults& faults() const { return faults_; }
  const std::vector<Declaration>& declarations() const { return declarations_; }
  // NAME=value lines; secrets as `(hidden)` or `(not set)`.
  void Print(std::ostream& out) const;

 private:
  std::optional<std::string> Read(const std::string& name, std::string default_text, std::string_view meaning,
                                  bool secret);

  Source source_;
  std::string section_;
  std::vector<Declaration> declarations_;
  FieldFaults faults_;
};

}  // namespace ftl::host
