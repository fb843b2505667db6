#pragma once

#include <string>
#include <vector>

#include "common/async/task.h"
#include "common/db/database.h"
#include "common/time/deadline.h"
#include "finetunelab/batch_runner/v1/conversation.pb.h"

namespace ftl::exporter {

// Reads an owner's conversation for a file. `owner` is the hash; an id may be any text.
class ConversationReader {
 public:
  explicit ConversationReader(Database& database) : database_(database) {}

  // Without its messages. NOT_FOUND.
  Task<finetunelab::batch_runner::v1::Conversation> Get(Deadline deadline, std::string owner, std::string id);

  // Which of its messages.
  enum class Part {
    kAll,     // of all branches, in the order in which they came
    kBranch,  // of the branch that went on last, from its beginning
  };
  // Those after place `after`, as many as fit into 1 MiB, at least one; none at the end. A place is a message's number
  // in the conversation or in its branch; `after` moves behind those given.
  Task<std::vector<finetunelab::batch_runner::v1::Message>> ReadAfter(Deadline deadline, std::string owner,
                                                                      std::string id, Part part, int32_t& after);

 private:
  Database& database_;
};

}  // namespace ftl::exporter
