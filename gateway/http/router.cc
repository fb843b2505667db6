#include "gateway/http/router.h"

#include <algorithm>

#include "common/error/refusal.h"
#include "common/error/try.h"

namespace ftl::http {
namespace {

std::vector<std::string_view> Split(std::string_view path) {
  if (path.substr(0, 1) != "/") return {path};  // `*`
  std::vector<std::string_view> segments;
  for (size_t at = 1; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return segments;
}

bool IsField(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

}  // namespace

void Router::Add(std::string_view method, std::string_view pattern, size_t route) {
  std::vector<std::string> segments;
  for (std::string_view segment : Split(pattern)) segments.emplace_back(segment);
  auto known =
      std::find_if(patterns_.begin(), patterns_.end(), [&](const Pattern& p) { return p.segments == segments; });
  if (known == patterns_.end()) {
    const bool has_fields = std::any_of(segments.begin(), segments.end(), IsField);
    known = patterns_.insert(has_fields ? patterns_.end() : patterns_.begin(), Pattern{std::move(segments), {}});
  }
  known->routes.emplace(method, route);
}

const Router::Pattern* Router::PatternFor(const std::vector<std::string_view>& segments) const {
  for (const Pattern& pattern : patterns_) {
    if (pattern.segments.size() != segments.size()) continue;
    const bool fits = std::equal(segments.begin(), segments.end(), pattern.segments.begin(),
                                 [](std::string_view given, const std::string& wanted) {
                                   return IsField(wanted) ? !given.empty() : given == wanted;
                                 });
    if (fits) return &pattern;
  }
  return nullptr;
}

absl::StatusOr<Router::Match> Router::Find(std::string_view method, std::string_view path) const {
  const std::vector<std::string_view> segments = Split(path);
  const Pattern* pattern = PatternFor(segments);
  if (pattern == nullptr) return Refuse(Reason::kNotFound, "There is nothing at this path; /docs shows what there is.");
  const auto route = pattern->routes.find(method == "HEAD" ? "GET" : method);
  if (route == pattern->routes.end()) {
    return Refuse(Reason::kMethodNotAllowed, "This path does not take this method; see the Allow header.");
  }
  Match match{route->second, {}};
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::string& wanted = pattern->segments[i];
    if (!IsField(wanted)) continue;
    TRY(std::string value, DecodeSegment(segments[i]));
    match.path_fields.emplace_back(wanted.substr(1, wanted.size() - 2), std::move(value));
  }
  return match;
}

std::string Router::Allowed(std::string_view path) const {
  const Pattern* pattern = PatternFor(Split(path));
  if (pattern == nullptr) return "";
  std::string allowed;
  for (const auto& [method, route] : pattern->routes) {
    allowed += method + ", ";
    if (method == "GET") allowed += "HEAD, ";
  }
  return allowed + "OPTIONS";
}

}  // namespace ftl::http
