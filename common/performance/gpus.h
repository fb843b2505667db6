#pragma once

#include <string>
#include <vector>

namespace ftl::performance {

// A GPU as its driver tells of it.
struct Gpu {
  std::string name;
  double usage_percent = 0;
  double memory_usage_percent = 0;
};

// The machine's GPUs by NVIDIA's management library, which is looked for once; none where there is no such library. For
// one thread at a time.
class Gpus {
 public:
  explicit Gpus(const char* library = "libnvidia-ml.so.1");
  ~Gpus();
  Gpus(const Gpus&) = delete;
  Gpus& operator=(const Gpus&) = delete;

  // One that does not answer is left out.
  std::vector<Gpu> Look() const;

 private:
  struct Nvml;
  Nvml* nvml_ = nullptr;
};

}  // namespace ftl::performance
