#include "services/sample-endpoint/prompt_hash.h"

namespace ftl::sample_endpoint {

uint64_t PromptHash(std::string_view text, uint64_t salt) {
  uint64_t hash = 0xcbf29ce484222325u ^ salt;  // FNV-1a
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3u;
  // The finisher of SplitMix64: FNV's low bits alone are too regular to divide by.
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
  return hash ^ (hash >> 31);
}

}  // namespace ftl::sample_endpoint
