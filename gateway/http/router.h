#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "gateway/http/target.h"

namespace ftl::http {

// Method and path to a route, by its place in the table it was made from. A pattern's segments stand for themselves or,
// in braces, for any one segment: `/api/demo/v2/test-suites/{id}`. GET answers HEAD too.
class Router {
 public:
  // `route` comes back from Find.
  void Add(std::string_view method, std::string_view pattern, size_t route);

  struct Match {
    size_t route;
    Parameters path_fields;  // decoded
  };
  // NOT_FOUND; METHOD_NOT_ALLOWED where only the method is wrong (see Allowed).
  absl::StatusOr<Match> Find(std::string_view method, std::string_view path) const;

  // For `Allow`: `GET, HEAD, OPTIONS`; empty for an unknown path.
  std::string Allowed(std::string_view path) const;

 private:
  struct Pattern {
    std::vector<std::string> segments;
    std::map<std::string, size_t, std::less<>> routes;  // by method
  };
  const Pattern* PatternFor(const std::vector<std::string_view>& segments) const;

  std::vector<Pattern> patterns_;  // those without braces first
};

}  // namespace ftl::http
