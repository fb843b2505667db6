#include <cstddef>
#include <cstdint>

#include "tests/fuzz/fuzz.h"

// libFuzzer brings its own main and calls this (preset `fuzz`).
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ftl::fuzz::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
