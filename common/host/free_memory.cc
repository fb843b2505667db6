#include "common/host/free_memory.h"

#include <malloc.h>

#include <fstream>

#include <unistd.h>

namespace ftl::host {
namespace {

size_t PrivateBytes() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  size_t shared = 0;
  file >> size >> resident >> shared;
  return resident < shared ? 0 : (resident - shared) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

size_t UsedBytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

}  // namespace

void ReturnFreeMemory() {
  // Pages given back still count as free in the allocator's own books; what is resident beyond what is in use does not.
  // Part of it never was the allocator's: the least seen after giving back stands for that.
  static size_t unused_after = 0;
  const auto unused = [] {
    const size_t resident = PrivateBytes();
    const size_t used = UsedBytes();
    return resident < used ? 0 : resident - used;
  };
  const size_t before = unused();
  if (before < unused_after + kKeptFreeBytes) return;
  malloc_trim(0);
  unused_after = unused();
}

}  // namespace ftl::host
