#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

namespace ftl::vault {

// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }
  bool valid() const { return number_ >= 0; }

 private:
  int number_;
};

// FTL_KEY_DIR: small files that several replicas share, that are whole or not there, and that are gone when destroyed.
// All files are 0600 and written through to the disk before they have their name; names are plain, without a slash.
// Calls block for one write to the disk at most. Any number of processes may work on one directory.
class KeyDirectory {
 public:
  // Makes the last folder of `path` where it is missing. Refuses, with what to do, a directory that belongs to another
  // user or is open to others.
  static absl::StatusOr<KeyDirectory> Open(const std::string& path);

  // False where `name` exists already: whoever came first has won, and its file is whole.
  absl::StatusOr<bool> Add(std::string_view name, std::string_view bytes) const;
  // NotFound where there is none; refuses a file that others may read.
  absl::StatusOr<std::string> Read(std::string_view name) const;
  // Puts `bytes` in the place of an existing file's and overwrites the old ones on the disk. Needs the lock.
  absl::Status Replace(std::string_view name, std::string_view bytes) const;
  // Overwrites, writes through, unlinks. Ok where it was gone already. Needs the lock.
  absl::Status Destroy(std::string_view name) const;
  // Destroys what a killed process left half-way more than a minute before `now`. Needs the lock.
  absl::Status DestroyLeftovers(absl::Time now) const;
  absl::StatusOr<std::vector<std::string>> Names() const;

  // What tells this directory from every other: 32 hexadecimal digits, made by whoever asks first.
  absl::StatusOr<std::string> Mark() const;

  // Held by whoever replaces or destroys, so that neither brings back what the other took away. Unavailable, without
  // waiting, where another process holds it. Released with the descriptor, also by a kill.
  absl::StatusOr<Descriptor> Lock() const;

 private:
  KeyDirectory(std::string path, Descriptor directory) : path_(std::move(path)), directory_(std::move(directory)) {}

  absl::StatusOr<std::string> WriteTemporary(std::string_view bytes) const;
  absl::Status Sync() const;

  std::string path_;
  Descriptor directory_;
};

}  // namespace ftl::vault
