#include "services/batch-runner/suite/yaml_reader.h"

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "common/endpoint/answer/clean_text.h"

namespace ftl::batch_runner {
namespace {

namespace json = boost::json;

constexpr size_t kMostDepth = 64;
constexpr size_t kMostValues = 200'000;
constexpr size_t kMostTextBytes = 8 * 1024 * 1024;

// Thrown through the library's parser, which knows no other way to stop.
struct TooMuch {
  int line;
  const char* what;
};

struct Measure {
  size_t values = 0;
  size_t bytes = 0;
};

// Builds the value from what the parser tells.
class Builder final : public YAML::EventHandler {
 public:
  json::value Release() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Put(nullptr, {1, 0}, mark, anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw TooMuch{mark.line + 1, "an alias stands within what it names"};
    const Measure measure = found->second.second;
    Count(measure, mark);  // before it is copied
    Place(found->second.first, measure, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, const std::string& value) override {
    Put(json::string(value), {1, value.size()}, mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(json::array(), mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(json::object(), mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    json::value value;
    YAML::anchor_t anchor;
    Measure measure;
    std::string key;
    bool has_key = false;
  };

  void Count(const Measure& measure, const YAML::Mark& mark) {
    line_ = mark.line + 1;
    Count(measure);
  }
  void Count(const Measure& measure) {
    all_.values += measure.values;
    all_.bytes += measure.bytes;
    if (all_.values > kMostValues) throw TooMuch{line_, "holds more than 200,000 values, aliases written out"};
    if (all_.bytes > kMostTextBytes) throw TooMuch{line_, "holds more than 8 MiB of text, aliases written out"};
  }
  void Put(json::value value, Measure measure, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Count(measure, mark);
    Place(std::move(value), measure, anchor);
  }
  void Open(json::value value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    Count({1, 0}, mark);
    if (levels_.size() == kMostDepth) throw TooMuch{mark.line + 1, "is nested deeper than 64"};
    levels_.push_back({std::move(value), anchor, {1, 0}, "", false});
  }
  void Close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    Place(std::move(level.value), level.measure, level.anchor);
  }
  void Place(json::value value, const Measure& measure, YAML::anchor_t anchor) {
    if (anchor != 0) {
      Count(measure);  // what is kept for aliases is a copy
      anchored_[anchor] = {value, measure};
    }
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    level.measure.values += measure.values;
    level.measure.bytes += measure.bytes;
    if (json::array* list = level.value.if_array()) {
      list->push_back(std::move(value));
    } else if (!level.has_key) {
      level.has_key = true;
      level.key = value.is_string() ? std::string(value.get_string()) : std::string("?");
    } else {
      level.has_key = false;
      level.value.get_object()[level.key] = std::move(value);
    }
  }

  json::value root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, std::pair<json::value, Measure>> anchored_;
  Measure all_;
  int line_ = 0;
};

}  // namespace

absl::StatusOr<json::value> ReadYaml(std::string_view text) {
  if (text.size() > kMostYamlBytes) return absl::InvalidArgumentError("is larger than 1 MiB, too much for YAML");
  std::istringstream stream{std::string(text)};
  Builder builder;
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
  } catch (const TooMuch& stop) {
    return absl::InvalidArgumentError(fmt::format("line {}: {}", stop.line, stop.what));
  } catch (const YAML::Exception& fault) {
    return absl::InvalidArgumentError(
        fmt::format("line {}, column {}: {}", fault.mark.line + 1, fault.mark.column + 1, CutText(fault.msg, 200)));
  }
  return builder.Release();
}

}  // namespace ftl::batch_runner
