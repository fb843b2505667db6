#pragma once

#include <optional>

#include "common/endpoint/format/answer_reader.h"
#include "common/endpoint/format/event_parser.h"

namespace ftl {

// Reads chat completions, whole or as a stream of chunks, in every shape in use: a shape that somebody sends is a row
// of its test.
class ChatReader : public AnswerReader {
 public:
  // `answer` must outlive the reader.
  explicit ChatReader(ChatAnswer& answer) : answer_(answer) {}

  Brought TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) override;
  void TakeWhole(std::string_view body) override;

 private:
  bool TakeJson(std::string_view text, bool is_error, Brought& brought);
  bool TakeLines(std::string_view body);
  bool TakeGlued(std::string_view text, bool may_be_cut, Brought& brought);
  void BecomeStream();

  Brought ReadChunk(const boost::json::object& chunk);
  const boost::json::object* OurChoice(const boost::json::array& choices);
  Brought ReadChoice(const boost::json::object& choice);
  Brought ReadMessage(const boost::json::object& message);
  Brought ReadContentPart(const boost::json::object& part);
  Brought ReadToolCalls(const boost::json::array& calls);
  size_t PlaceOf(std::string_view id, size_t position) const;
  Brought ReadToolCall(size_t index, std::string_view id, const boost::json::object* function);
  void ReadUsage(const boost::json::object& holder);

  ChatAnswer& answer_;
  EventParser parser_;
  std::optional<int64_t> choice_index_;  // of our choice, where it is not 0
  bool is_stream_ = true;
  bool has_deltas_ = false;
};

}  // namespace ftl
