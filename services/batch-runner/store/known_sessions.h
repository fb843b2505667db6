#pragma once

#include <string>

#include <absl/container/flat_hash_map.h>

namespace ftl::batch_runner {

// Whose run it is, of runs that were looked at; that never changes. Remembers the kMost looked at last, and at most as
// many more. For one thread.
class KnownSessions {
 public:
  static constexpr size_t kMost = 4096;

  // The session (hash); empty where it is not known.
  std::string Of(const std::string& test_run_id);
  void Learn(const std::string& test_run_id, std::string session);
  void Forget(const std::string& test_run_id);

 private:
  using Sessions = absl::flat_hash_map<std::string, std::string>;  // by run
  Sessions young_;
  Sessions old_;  // not looked at since `young_` began
};

}  // namespace ftl::batch_runner
