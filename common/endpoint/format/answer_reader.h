#pragma once

#include <memory>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "common/endpoint/answer/chat_answer.h"

namespace ftl {

class EventParser;

// Reads what one service sends into a ChatAnswer. One for a call; pure: no socket, no clock. What it cannot understand
// is a failure of the answer, never a crash.
class AnswerReader {
 public:
  using Brought = ChatAnswer::Brought;

  virtual ~AnswerReader() = default;
  // The data of one event of a stream. `name` is the event's. Where it `may_be_cut`, at the end of all bytes, data that
  // is no JSON is no fault of format.
  virtual Brought TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) = 0;
  // The body of an answer that is no stream.
  virtual void TakeWhole(std::string_view body) = 0;
};

// Of services with one maker, whose every event is one JSON object with one meaning: all but that meaning.
class ObjectReader : public AnswerReader {
 public:
  // `answer` must outlive the reader.
  explicit ObjectReader(ChatAnswer& answer);
  ~ObjectReader() override;

  Brought TakeEvent(std::string_view name, std::string_view data, bool may_be_cut) final;
  void TakeWhole(std::string_view body) final;

 protected:
  // One event that is no error.
  virtual Brought ReadEvent(const boost::json::object& event) = 0;
  virtual void ReadWhole(const boost::json::object& body) = 0;

  ChatAnswer& answer() { return answer_; }

 private:
  ChatAnswer& answer_;
  std::unique_ptr<EventParser> parser_;
};

}  // namespace ftl
