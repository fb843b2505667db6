#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "services/session-vault/vault/epoch_key.h"
#include "services/session-vault/vault/key_directory.h"
#include "services/session-vault/vault/master_keys.h"

namespace ftl::vault {

// The keys that make "deleted" mean gone. Each epoch has one; it wraps the data keys of the sessions opened meanwhile.
// It stands in a file of KeyDirectory, wrapped by the first master key, and nowhere else: not in the database, not in
// memory beyond the call that uses it. Once its file is destroyed, no backup of the database opens, whoever has the
// master key.
//
// Every call reads the disk, so that a key destroyed by one replica is gone for all of them at once.
class EpochKeys {
 public:
  // An epoch lasts `epoch`, at least a second; a session opened in it lasts `session_life` at most. Both are rounded up
  // to whole seconds.
  EpochKeys(KeyDirectory directory, MasterKeys masters, absl::Duration epoch, absl::Duration session_life);

  // The epoch that `now` falls into, as KeyId::Epoch() names it.
  std::string EpochAt(absl::Time now) const;
  // The key of that epoch. Makes it where there is none; of several replicas that do so at once all get the same.
  absl::StatusOr<EpochKey> KeyAt(absl::Time now) const;
  // NotFound where it was destroyed or never was.
  absl::StatusOr<EpochKey> Find(const KeyId& id) const;
  // Every key that there is, oldest first.
  absl::StatusOr<std::vector<KeyId>> List() const;
  // Overwrites, writes through and unlinks its file. Ok where it is gone already; Unavailable: ask again.
  absl::Status Destroy(const KeyId& id) const;
  // Destroys every key whose time is over, needed or not.
  absl::Status DestroyOverdue(absl::Time now) const;
  // Wraps every key anew with the first master key, whichever it was wrapped with. Answers how many it changed.
  // Sessions are untouched: their data keys hang on the epoch keys, which stay.
  absl::StatusOr<int> Rewrap() const;
  // Destroys what killed processes left half-way.
  absl::Status DestroyLeftovers(absl::Time now) const;

  const MasterKeys& masters() const { return masters_; }

 private:
  KeyId IdAt(absl::Time now) const;
  absl::StatusOr<std::string> Wrap(const EpochKey& key) const;
  // NotFound also where the file has been overwritten and not yet unlinked.
  absl::StatusOr<KeyId> IdIn(std::string_view epoch) const;
  // Takes away a file that a killed process had overwritten and not yet unlinked, so that its name is free.
  absl::Status DestroyRuin(std::string_view epoch) const;
  absl::StatusOr<EpochKey> Unwrap(std::string_view file) const;

  KeyDirectory directory_;
  MasterKeys masters_;
  absl::Duration epoch_;
  absl::Duration session_life_;
};

}  // namespace ftl::vault
