#include "services/analytics/planner/spelling.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include "services/analytics/planner/lexicon.h"

namespace ftl::analytics {
namespace {

// How many slips a word of that length may have.
int Allowed(size_t length) {
  if (length < 4) return 0;
  return length < 8 ? 1 : 2;
}

bool IsKnown(const std::string& word, const std::vector<std::string>& more) {
  static const auto& known = *new std::unordered_set<std::string>(KnownWords().begin(), KnownWords().end());
  return known.count(word) > 0 || std::find(more.begin(), more.end(), word) != more.end();
}

}  // namespace

int EditDistance(std::string_view a, std::string_view b, int most) {
  if (std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size())) > most) return most + 1;
  std::vector<int> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    int least = now[0];
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
      least = std::min(least, now[j]);
    }
    if (least > most) return most + 1;
    std::swap(before, last);
    std::swap(last, now);
  }
  return std::min(last[b.size()], most + 1);
}

void CorrectSpelling(std::vector<Token>& tokens, const std::vector<std::string>& more) {
  for (Token& token : tokens) {
    if (token.kind != Token::Kind::kWord || IsKnown(token.stem, more)) continue;
    if (IsKnown(token.text, more)) {
      token.stem = token.text;
      continue;
    }
    const int allowed = Allowed(token.stem.size());
    int best = allowed + 1;
    std::string nearest;
    auto look = [&](const std::vector<std::string>& words) {
      for (const std::string& word : words) {
        // A slip seldom hits the first letter, and short known words lie near to everything.
        if (word.size() < 4 || word[0] != token.stem[0]) continue;
        const int distance = EditDistance(token.stem, word, std::min(best - 1, Allowed(word.size())));
        if (distance < best && distance <= Allowed(word.size())) {
          best = distance;
          nearest = word;
        }
      }
    };
    if (allowed > 0) {
      look(KnownWords());
      look(more);
    }
    if (!nearest.empty()) token.stem = nearest;
  }
}

}  // namespace ftl::analytics
