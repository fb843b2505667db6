// free and realloc that wipe first. gRPC, protobuf and Beast copy a message many times and leave every copy in freed
// memory, where a core dump or a read past an end would find keys. Linked into programs that handle keys it covers all
// of them, operator delete and the libraries included. Sanitizers bring an allocator of their own and are built without
// it.
#include <cstddef>
#include <cstring>

#include <malloc.h>

extern "C" {

void __libc_free(void* memory);
void* __libc_malloc(size_t size);

__attribute__((visibility("default"))) void free(void* memory) {
  if (memory == nullptr) return;
  std::memset(memory, 0, malloc_usable_size(memory));
  __asm__ volatile("" : : "r"(memory) : "memory");  // or the compiler takes the wipe for a dead store
  __libc_free(memory);
}

__attribute__((visibility("default"))) void* realloc(void* memory, size_t size) {
  if (memory == nullptr) return __libc_malloc(size);
  if (size == 0) {
    free(memory);
    return nullptr;
  }
  const size_t old_size = malloc_usable_size(memory);
  // Shrinking a little or fitting in place needs no move, and leaves nothing behind that is not still owned.
  if (size <= old_size && size > old_size / 2) return memory;
  void* const moved = __libc_malloc(size);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, memory, size < old_size ? size : old_size);
  free(memory);
  return moved;
}
}
