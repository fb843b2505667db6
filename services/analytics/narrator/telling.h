#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/analytics/narrator/fact.h"
#include "services/analytics/narrator/language.h"

namespace ftl::analytics {

// Where a figure stands in a text, in UTF-16 code units, and which results it is of: a path of the results route.
struct FigurePlace {
  int32_t from = 0;
  int32_t to = 0;
  std::string link;
};

// Sentences that know their figures.
struct Prose {
  std::string text;
  std::vector<FigurePlace> figures;  // in order
  std::vector<Fact> facts;
};

// Tells in one language. A figure is given as text that carries a mark, which any sentence may be built around; Finish
// takes the marks out and says where the figures stand.
class Telling {
 public:
  explicit Telling(const Language& language) : language_(language) {}

  const Language& language() const { return language_; }
  std::string Say(std::string_view key, std::initializer_list<Slot> slots = {}) const {
    return language_.Say(key, slots);
  }

  // `text` as a figure. Without a `link` it is a fact and no more.
  std::string Figure(Fact fact, std::string text, std::string link = "");
  // A fact that stands in no sentence.
  void Know(Fact fact) { facts_.push_back(std::move(fact)); }

  Prose Finish(std::string_view marked) const;

 private:
  const Language& language_;
  std::vector<std::string> links_;
  std::vector<Fact> facts_;
};

// Text of people and models on one line, at most `most` characters, without Markdown, control characters and marks.
std::string Quoted(std::string_view text, size_t most);

}  // namespace ftl::analytics
