#include "services/session-vault/vault/key_directory.h"

#include <cerrno>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "common/error/try.h"
#include "common/text/view.h"
#include "services/session-vault/vault/aead.h"

namespace ftl::vault {
namespace {

constexpr std::string_view kMarkName = "mark";
constexpr std::string_view kTemporaryPrefix = ".new-";
constexpr const char* kLockName = ".lock";
constexpr absl::Duration kLeftoverAge = absl::Minutes(1);
constexpr off_t kLargestFileBytes = 4096;

absl::Status Failure(std::string_view doing, std::string_view what) {
  const int error = errno;
  return absl::ErrnoToStatus(error, ToAbsl(fmt::format("cannot {} {}", doing, what)));
}

bool IsPrivate(const struct stat& facts) { return facts.st_uid == geteuid() && (facts.st_mode & 077) == 0; }

absl::Status WriteAll(int file, std::string_view bytes, std::string_view what) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t written = pwrite(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failure("write", what);
    done += static_cast<size_t>(written);
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failure("sync", what);
}

absl::Status Overwrite(int file, std::string_view what) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return Failure("examine", what);
  TRY(const Secret noise, RandomSecret(static_cast<size_t>(facts.st_size)));
  return WriteAll(file, noise.Reveal(), what);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (valid()) close(number_);
}

absl::StatusOr<KeyDirectory> KeyDirectory::Open(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("FTL_KEY_DIR is missing");
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Failure("make FTL_KEY_DIR", path);
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.valid()) return Failure("open FTL_KEY_DIR", path);
  struct stat facts;
  if (fstat(directory.number(), &facts) != 0) return Failure("examine FTL_KEY_DIR", path);
  if (!IsPrivate(facts)) {
    return absl::FailedPreconditionError(fmt::format(
        "FTL_KEY_DIR {} must belong to the user of this program (uid {}) and be open to nobody else; it belongs "
        "to uid {} with mode {:04o}. Try: chown {} '{}' && chmod 700 '{}'",
        path, geteuid(), facts.st_uid, facts.st_mode & 07777, geteuid(), path, path));
  }
  return KeyDirectory(path, std::move(directory));
}

absl::StatusOr<std::string> KeyDirectory::WriteTemporary(std::string_view bytes) const {
  TRY(const Secret random, RandomSecret(16));
  const std::string name = std::string(kTemporaryPrefix) + absl::BytesToHexString(ToAbsl(random.Reveal()));
  const Descriptor file(
      openat(directory_.number(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return Failure("create a file in", path_);
  if (const absl::Status written = WriteAll(file.number(), bytes, path_); !written.ok()) {
    unlinkat(directory_.number(), name.c_str(), 0);
    return written;
  }
  return name;
}

absl::StatusOr<bool> KeyDirectory::Add(std::string_view name, std::string_view bytes) const {
  TRY(const std::string temporary, WriteTemporary(bytes));
  const int at = directory_.number();
  const bool added = linkat(at, temporary.c_str(), at, std::string(name).c_str(), 0) == 0;
  const absl::Status failure = added || errno == EEXIST ? absl::OkStatus() : Failure("name a file in", path_);
  unlinkat(at, temporary.c_str(), 0);
  TRY(failure);
  TRY(Sync());
  return added;
}

absl::StatusOr<std::string> KeyDirectory::Read(std::string_view name) const {
  const Descriptor file(openat(directory_.number(), std::string(name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return Failure("open", name);
  struct stat facts;
  if (fstat(file.number(), &facts) != 0) return Failure("examine", name);
  if (!S_ISREG(facts.st_mode) || !IsPrivate(facts) || facts.st_size > kLargestFileBytes) {
    return absl::FailedPreconditionError(
        fmt::format("{} in {} is not a file of ours alone with mode 0600", name, path_));
  }
  std::string bytes(static_cast<size_t>(facts.st_size), '\0');
  if (pread(file.number(), bytes.data(), bytes.size(), 0) != facts.st_size) return Failure("read", name);
  return bytes;
}

absl::Status KeyDirectory::Replace(std::string_view name, std::string_view bytes) const {
  const std::string existing(name);
  const Descriptor old(openat(directory_.number(), existing.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!old.valid()) return Failure("open", name);
  TRY(const std::string temporary, WriteTemporary(bytes));
  if (renameat(directory_.number(), temporary.c_str(), directory_.number(), existing.c_str()) != 0) {
    return Failure("rename", name);
  }
  TRY(Sync());
  return Overwrite(old.number(), name);
}

absl::Status KeyDirectory::Destroy(std::string_view name) const {
  const std::string existing(name);
  const Descriptor file(openat(directory_.number(), existing.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return errno == ENOENT ? absl::OkStatus() : Failure("open", name);
  TRY(Overwrite(file.number(), name));
  if (unlinkat(directory_.number(), existing.c_str(), 0) != 0 && errno != ENOENT) return Failure("unlink", name);
  return Sync();
}

absl::Status KeyDirectory::DestroyLeftovers(absl::Time now) const {
  TRY(const std::vector<std::string> names, Names());
  for (const std::string& name : names) {
    struct stat facts;
    if (name.compare(0, kTemporaryPrefix.size(), kTemporaryPrefix) != 0) continue;
    if (fstatat(directory_.number(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (now - absl::TimeFromTimespec(facts.st_mtim) < kLeftoverAge) continue;
    // A kill between link and unlink leaves a second name of a key in use: only the name may go.
    if (facts.st_nlink > 1) {
      unlinkat(directory_.number(), name.c_str(), 0);
    } else {
      TRY(Destroy(name));
    }
  }
  return Sync();
}

absl::StatusOr<std::string> KeyDirectory::Mark() const {
  TRY(const Secret random, RandomSecret(16));
  TRY(Add(kMarkName, absl::BytesToHexString(ToAbsl(random.Reveal()))).status());
  return Read(kMarkName);
}

absl::StatusOr<std::vector<std::string>> KeyDirectory::Names() const {
  const int copy = openat(directory_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return Failure("open", path_);
  DIR* const listing = fdopendir(copy);
  if (listing == nullptr) {
    close(copy);
    return Failure("list", path_);
  }
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(listing)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && name != kLockName) names.emplace_back(name);
  }
  closedir(listing);
  return names;
}

absl::StatusOr<Descriptor> KeyDirectory::Lock() const {
  Descriptor file(openat(directory_.number(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid()) return Failure("open the lock of", path_);
  if (flock(file.number(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) return absl::UnavailableError("another replica works on the key directory");
  return Failure("lock", path_);
}

absl::Status KeyDirectory::Sync() const {
  return fsync(directory_.number()) == 0 ? absl::OkStatus() : Failure("sync", path_);
}

}  // namespace ftl::vault
