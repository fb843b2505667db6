#include "common/performance/gpus.h"

#include <dlfcn.h>

namespace ftl::performance {
namespace {

// As nvml.h declares them.
using Device = void*;
struct Utilization {
  unsigned int gpu;
  unsigned int memory;
};
struct Memory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};
constexpr int kSuccess = 0;

template <typename Function>
bool Find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct Gpus::Nvml {
  void* library;
  int (*init)();
  int (*shutdown)();
  int (*count)(unsigned int*);
  int (*device_at)(unsigned int, Device*);
  int (*name)(Device, char*, unsigned int);
  int (*utilization)(Device, Utilization*);
  int (*memory)(Device, Memory*);
};

Gpus::Gpus(const char* library) {
  void* const opened = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (opened == nullptr) return;
  Nvml nvml{.library = opened};
  const bool is_whole = Find(opened, "nvmlInit_v2", nvml.init) && Find(opened, "nvmlShutdown", nvml.shutdown) &&
                        Find(opened, "nvmlDeviceGetCount_v2", nvml.count) &&
                        Find(opened, "nvmlDeviceGetHandleByIndex_v2", nvml.device_at) &&
                        Find(opened, "nvmlDeviceGetName", nvml.name) &&
                        Find(opened, "nvmlDeviceGetUtilizationRates", nvml.utilization) &&
                        Find(opened, "nvmlDeviceGetMemoryInfo", nvml.memory);
  if (is_whole && nvml.init() == kSuccess) {
    nvml_ = new Nvml(nvml);
  } else {
    dlclose(opened);
  }
}

Gpus::~Gpus() {
  if (nvml_ == nullptr) return;
  nvml_->shutdown();
  dlclose(nvml_->library);
  delete nvml_;
}

std::vector<Gpu> Gpus::Look() const {
  std::vector<Gpu> gpus;
  unsigned int count = 0;
  if (nvml_ == nullptr || nvml_->count(&count) != kSuccess) return gpus;
  for (unsigned int index = 0; index < count; ++index) {
    Device device = nullptr;
    char name[96] = {};
    Utilization use{};
    Memory memory{};
    if (nvml_->device_at(index, &device) != kSuccess || nvml_->name(device, name, sizeof name) != kSuccess ||
        nvml_->utilization(device, &use) != kSuccess || nvml_->memory(device, &memory) != kSuccess ||
        memory.total == 0) {
      continue;
    }
    gpus.push_back({name, static_cast<double>(use.gpu),
                    100 * static_cast<double>(memory.used) / static_cast<double>(memory.total)});
  }
  return gpus;
}

}  // namespace ftl::performance
