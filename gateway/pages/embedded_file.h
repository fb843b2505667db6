#pragma once

#include <span>
#include <string_view>

namespace ftl::gateway {

// A file that stands in the program.
struct EmbeddedFile {
  std::string_view path;  // below the folder it came from: `assets/index-3f2a.js`
  std::string_view bytes;
  std::string_view gzip;  // the same, compressed
  std::string_view hash;  // of the bytes, hex
};

// The files of gateway/web's dist, by path; empty in a build without the page.
std::span<const EmbeddedFile> PageFiles();

}  // namespace ftl::gateway
