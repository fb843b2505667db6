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
};

// What a question turned out to mean: a query, a topic to refuse, a wish for help, or none of them: then it was not
// understood, and `nearest` has three questions that can be answered.
struct Understanding {
  std::optional<pb::Query> query;
  std::optional<Topic> refusal;
  bool wants_help = false;
  std::vector<std::string> left_out;  // words of the question that the query does without
  std::vector<std::string> nearest;
};

}  // namespace ftl::analytics
