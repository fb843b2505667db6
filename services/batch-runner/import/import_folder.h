#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

namespace ftl::batch_runner {

// A text file of at most `most_bytes`. Links are not followed and only a regular file is opened, so that no file leads
// elsewhere or holds the reader up. INVALID_ARGUMENT with what is wrong, as the end of a sentence that begins with the
// file: "is a link, and links are not followed".
absl::StatusOr<std::string> ReadImportFile(const std::string& path, size_t most_bytes);

// What lies in a folder to be imported: the names that end in `.json`, in order. Folders in it are not entered.
struct ImportFolder {
  std::string path;
  std::vector<std::string> names;
  int others = 0;  // what else lies there, but for hidden files

  // NOT_FOUND where it cannot be read, with a sentence.
  static absl::StatusOr<ImportFolder> List(const std::string& path);
};

// A file's name as a terminal may show it: what would steer the terminal is written as an escape.
std::string ShownName(const std::string& name);

}  // namespace ftl::batch_runner
