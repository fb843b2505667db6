#include "services/export/writer/xlsx/spool.h"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

namespace ftl::exporter {
namespace {

absl::Status Failure(std::string_view what) {
  return absl::ErrnoToStatus(errno, absl::StrCat("the file for a workbook ", fmt::format("{}", what)));
}

}  // namespace

absl::StatusOr<Spool> Spool::Make() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "finetunelab-XXXXXX").string();
  const int file = mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return Failure("cannot be made");
  unlink(name.c_str());
  return Spool(file);
}

Spool::Spool(Spool&& other) noexcept : file_(std::exchange(other.file_, -1)), at_(other.at_) {}

Spool::~Spool() {
  if (file_ >= 0) close(file_);
}

std::string Spool::path() const { return fmt::format("/proc/self/fd/{}", file_); }

absl::StatusOr<std::string> Spool::Read(size_t most) {
  std::string bytes(most, '\0');
  const ssize_t size = pread(file_, bytes.data(), most, at_);
  if (size < 0) return Failure("cannot be read");
  bytes.resize(static_cast<size_t>(size));
  at_ += size;
  return bytes;
}

}  // namespace ftl::exporter
