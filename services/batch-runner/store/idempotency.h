#pragma once

#include <string>

namespace ftl::batch_runner {

// A repeat is known by its key and content.
struct Idempotency {
  std::string key;     // empty for none
  std::string digest;  // of the content
};

}  // namespace ftl::batch_runner
