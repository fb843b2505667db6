#pragma once

#include <span>
#include <string_view>

namespace ftl {

// The schema as it was when this program was built.
struct EmbeddedFile {
  std::string_view name;  // 0001_sessions.sql
  std::string_view text;
};

// Makes the roles that are missing; may run any number of times.
EmbeddedFile EmbeddedRoles();
// In order. The number before the first underscore is the version, from 1 without gaps.
std::span<const EmbeddedFile> EmbeddedMigrations();
// The shipped suites, each a JSON object.
std::span<const EmbeddedFile> EmbeddedSuites();

}  // namespace ftl
