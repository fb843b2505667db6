#include "services/batch-runner/import/import_folder.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ftl::batch_runner {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMegabyte = 1024 * 1024;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

absl::Status Fault(std::string what) { return absl::InvalidArgumentError(std::move(what)); }

absl::Status CannotBeRead(int error) {
  return Fault(fmt::format("cannot be read: {}", std::generic_category().message(error)));
}

absl::Status TooLarge(size_t most_bytes) { return Fault(fmt::format("is larger than {} MiB", most_bytes / kMegabyte)); }

}  // namespace

absl::StatusOr<std::string> ReadImportFile(const std::string& path, size_t most_bytes) {
  // Without O_NONBLOCK a pipe would wait for somebody who writes.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.number() < 0) {
    return errno == ELOOP ? Fault("is a link, and links are not followed") : CannotBeRead(errno);
  }
  struct stat about {};
  if (fstat(file.number(), &about) != 0) return CannotBeRead(errno);
  if (!S_ISREG(about.st_mode)) return Fault("is no regular file");
  if (std::cmp_greater(about.st_size, most_bytes)) return TooLarge(most_bytes);
  std::string text(static_cast<size_t>(about.st_size) + 1, '\0');
  size_t size = 0;
  while (true) {
    const ssize_t got = read(file.number(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotBeRead(errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
    if (size > most_bytes) return TooLarge(most_bytes);
    if (size == text.size()) text.resize(2 * size);
  }
  text.resize(size);
  return text;
}

absl::StatusOr<ImportFolder> ImportFolder::List(const std::string& path) {
  ImportFolder folder{.path = path, .names = {}};
  std::error_code error;
  fs::directory_iterator entries(path, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    if (name.starts_with('.')) continue;
    if (absl::EndsWithIgnoreCase(name, ".json")) {
      folder.names.push_back(std::move(name));
    } else {
      ++folder.others;
    }
  }
  if (error) return absl::NotFoundError(fmt::format("{} cannot be read: {}.", ShownName(path), error.message()));
  std::sort(folder.names.begin(), folder.names.end());
  return folder;
}

std::string ShownName(const std::string& name) {
  // U+0080 to U+009F, which terminals obey as well, begin with this byte.
  return absl::StrContains(name, "\xc2") ? absl::CHexEscape(name) : absl::Utf8SafeCHexEscape(name);
}

}  // namespace ftl::batch_runner
