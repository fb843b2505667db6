#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <utility>

namespace ftl::fuzz {
namespace {

// Line ends, quotes, signs that separate, ends of ranges, and the beginnings of UTF-8 sequences.
constexpr char kBreakers[] = "\0\t\n\r \"#%&'+,-./0189:;<=>?@AFZ[\\]_`afxz{|}~\x7f\x80\xbf\xc0\xc2\xe0\xed\xf0\xff";
constexpr size_t kBreakerCount = sizeof(kBreakers) - 1;

}  // namespace

Mutator::Mutator(uint64_t seed, std::vector<std::string> examples, std::vector<std::string> words, size_t most_bytes)
    : state_(seed), examples_(std::move(examples)), words_(std::move(words)), most_bytes_(most_bytes) {
  if (examples_.empty()) examples_.emplace_back();
}

// SplitMix64: every seed is a good one.
uint64_t Mutator::Random() {
  uint64_t mixed = (state_ += 0x9e3779b97f4a7c15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 31);
}

char Mutator::Byte() { return Below(4) == 0 ? static_cast<char>(Below(256)) : kBreakers[Below(kBreakerCount)]; }

const std::string& Mutator::Next() {
  if (Below(4) != 0) input_ = Example();
  for (size_t steps = size_t{1} << Below(4); steps > 0; --steps) Step();
  if (input_.size() > most_bytes_) input_.resize(most_bytes_);
  return input_;
}

void Mutator::Step() {
  const size_t at = Below(input_.size() + 1);
  const size_t length = 1 + Below(std::min<size_t>(input_.size() - at, Below(8) == 0 ? 256 : 8));
  const bool has_byte = at < input_.size();
  switch (Below(11)) {
    case 0:
      if (has_byte) input_[at] = static_cast<char>(input_[at] ^ (1 << Below(8)));
      return;
    case 1:
      if (has_byte) input_[at] = Byte();
      return;
    case 2:
      input_.insert(at, 1 + Below(3), Byte());
      return;
    case 3:
      input_.erase(at, length);
      return;
    case 4:
      input_.insert(Below(input_.size() + 1), input_.substr(at, length));
      return;
    case 5:
      input_.resize(at);
      return;
    case 6: {
      const std::string& other = Example();
      input_ = input_.substr(0, at) + other.substr(Below(other.size() + 1));
      return;
    }
    case 7: {
      const std::string& other = Example();
      input_.insert(at, other.substr(Below(other.size() + 1), 1 + Below(16)));
      return;
    }
    case 8:
      if (has_byte)
        std::reverse(input_.begin() + static_cast<long>(at),
                     input_.begin() + static_cast<long>(std::min(at + length, input_.size())));
      return;
    case 9:
      if (!words_.empty()) input_.insert(at, words_[Below(words_.size())]);
      return;
    default:
      if (!words_.empty()) {
        const std::string& word = words_[Below(words_.size())];
        input_.replace(at, Below(2) == 0 ? word.size() : length, word);
      }
      return;
  }
}

}  // namespace ftl::fuzz
