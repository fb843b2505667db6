#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ftl::fuzz {

// Makes inputs out of examples: bits flipped, bytes that break parsers, words of a dictionary, pieces cut, doubled and
// spliced with other examples, ends cut off; one to eight such steps on an example or on the input before. The same
// seed and examples give the same inputs on every machine.
class Mutator {
 public:
  // `examples` may be empty, and so may `words`. No input is longer than `most_bytes`.
  Mutator(uint64_t seed, std::vector<std::string> examples, std::vector<std::string> words, size_t most_bytes);

  const std::string& Next();

 private:
  uint64_t Random();
  // 0 to `limit` - 1; 0 where `limit` is 0.
  size_t Below(size_t limit) { return limit == 0 ? 0 : Random() % limit; }
  char Byte();
  const std::string& Example() { return examples_[Below(examples_.size())]; }
  void Step();

  uint64_t state_;
  std::vector<std::string> examples_;
  std::vector<std::string> words_;
  size_t most_bytes_;
  std::string input_;
};

}  // namespace ftl::fuzz
