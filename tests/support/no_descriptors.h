#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <stdexcept>

namespace ftl {

// While it is there, this process can open no file and no socket. For tests of what happens then.
class NoDescriptors {
 public:
  NoDescriptors() {
    const int lowest_free = dup(STDERR_FILENO);
    if (lowest_free < 0 || getrlimit(RLIMIT_NOFILE, &usual_) != 0) throw std::runtime_error("no limit to lower");
    close(lowest_free);
    const rlimit none{.rlim_cur = static_cast<rlim_t>(lowest_free), .rlim_max = usual_.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) throw std::runtime_error("the limit cannot be lowered");
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &usual_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit usual_{};
};

}  // namespace ftl
