#pragma once

#include <string>

#include <absl/status/statusor.h>
#include <sys/types.h>

namespace ftl::exporter {

// A file without a name: it is gone with the process or with this, however either ends. Readable by nobody else.
class Spool {
 public:
  // In the folder for temporary files (TMPDIR). Fails as the disk does.
  static absl::StatusOr<Spool> Make();
  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&&) = delete;
  ~Spool();

  // By which this process opens it once more.
  std::string path() const;
  // Up to `most` bytes from where the last call ended; empty at the end.
  absl::StatusOr<std::string> Read(size_t most);

 private:
  explicit Spool(int file) : file_(file) {}

  int file_;
  off_t at_ = 0;
};

}  // namespace ftl::exporter
