#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "services/session-vault/vault/epoch_keys.h"

namespace ftl::vault {

// For tests: a key directory of one's own, gone with the test, and keys in it.
class ScratchKeys {
 public:
  static constexpr std::string_view kMaster = "8f1c2ab04477de905b3e6a1127c9d3f6e20b5874a91fcd3308467be12d59f0ac";
  static constexpr std::string_view kOtherMaster = "0b77e2c19a5d403f86e1d2c4b7a8950f3c6e19d7284ba05f9361ce7d80f4a2b5";

  ScratchKeys() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ftl-keys-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ScratchKeys(const ScratchKeys&) = delete;
  ScratchKeys& operator=(const ScratchKeys&) = delete;
  ~ScratchKeys() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }

  // Keys of 15 minutes for sessions of an hour, as one replica with these master keys sees them.
  EpochKeys Keys(const std::string& masters = std::string(kMaster)) const {
    return EpochKeys(*KeyDirectory::Open(path_), *MasterKeys::Parse(Secret(masters)), absl::Minutes(15),
                     absl::Hours(1));
  }

 private:
  std::string path_;
};

}  // namespace ftl::vault
