#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finetunelab/analytics/v1/query.pb.h"

namespace ftl::analytics {

namespace pb = finetunelab::analytics::v1;

// What the rows cannot answer, or what nobody is told.
enum class Topic {
  kCost,          // no price is known
  kQuality,       // nothing but checks says whether an answer is good
  kOtherSession,  // other people's data
  kSecrets,       // keys and the like
  kInstructions,  // its own, or an attempt to change them
  kActions,       // Atlas only reads
  kElsewhere,     // other models, the web, the weather
};

// What a session can be asked about; words that a question may use.
struct Vocabulary {
  std::vector<std::string> categories;
  std::string suite;  // name of the run's suite
  std::string model;  // name of the run's model
  int runs = 0;       // how many runs there are; 0 where that is not known
  int prompts = 0;    // how many the run has that is spoken of; 0 where that is not known
};

// What a question takes for granted and is not so: it speaks of `named`, and there are only `count` of them.
struct Contradiction {
  enum class Kind { kPrompt, kRun, kListed };
  Kind kind = Kind::kPrompt;
  int64_t named = 0;
  int64_t count = 0;
};

// One way to read a question that has two.
struct Choice {
  pb::Query query;
  // One that has this reading alone, in English; may be asked as it stands. Empty where only the query says it.
  std::string question;
};

// What a question turned out to mean: one to five queries, to be answered in order; or why there is none: a topic to
// refuse, a contradicted presupposition, two readings to choose from, a wish for help. Where it is none of them it was
// not understood: `left_over` are the words that nothing was made of, and `nearest` three questions that can be
// answered.
struct Understanding {
  std::string language = "en";  // of the question: en de es fr pt zh ja
  std::vector<pb::Query> queries;
  std::optional<Topic> refusal;
  std::optional<Contradiction> contradiction;
  std::vector<Choice> choices;
  bool wants_help = false;
  std::vector<std::string> left_over;
  std::vector<std::string> nearest;  // in its language
};

// Whether the question was not understood.
bool IsNothing(const Understanding& understanding);

}  // namespace ftl::analytics
