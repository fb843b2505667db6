#include "common/secret/stack_residue.h"

#include <cstddef>

#include <openssl/crypto.h>

namespace ftl {
namespace {

constexpr size_t kDeep = 64 * 1024;

}  // namespace

[[gnu::noinline]] void WipeStackResidue() {
  char residue[kDeep];
  OPENSSL_cleanse(residue, sizeof residue);
}

}  // namespace ftl
