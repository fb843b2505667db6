#pragma once

#include <cstddef>

namespace ftl::host {

// What the allocator may keep for later, in bytes.
inline constexpr size_t kKeptFreeBytes = 12 << 20;

// Gives memory back to the machine where the allocator keeps more than that after somebody's large request. Cheap
// where there is nothing to give; any thread.
void ReturnFreeMemory();

}  // namespace ftl::host
