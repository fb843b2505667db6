// An event stream gives the same events whole, in pieces and byte by byte, and the same as a second reading of the
// WHATWG grammar that takes no care of speed or memory.
#include <string>
#include <utility>
#include <vector>

#include "common/endpoint/answer/sse_decoder.h"
#include "tests/fuzz/fuzz.h"

namespace ftl::fuzz {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

struct Outcome {
  bool broken = false;
  Events events;

  bool operator==(const Outcome&) const = default;
};

enum class Feeding { kWhole, kPieces, kBytes };

Outcome Decode(std::string_view input, size_t line_bytes, Feeding feeding) {
  SseDecoder decoder(line_bytes);
  Outcome outcome;
  const auto on_event = [&](const SseEvent& event) { outcome.events.emplace_back(event.name, event.data); };
  const auto take = [&](std::string_view piece) {
    outcome.broken = !decoder.Decode(piece, on_event);
    return !outcome.broken;
  };
  switch (feeding) {
    case Feeding::kWhole:
      take(input);
      break;
    case Feeding::kPieces:
      InPieces(input, input.size(), take);
      break;
    case Feeding::kBytes:
      for (size_t i = 0; i < input.size() && take(input.substr(i, 1)); ++i) {
      }
  }
  decoder.Finish(on_event);
  return outcome;
}

std::vector<std::string> Lines(std::string_view input) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < input.size(); ++i) {
    if (input[i] == '\r' || input[i] == '\n') {
      lines.emplace_back();
      if (input[i] == '\r' && input.substr(i + 1, 1) == "\n") ++i;
    } else {
      lines.back() += input[i];
    }
  }
  return lines;
}

// By the book, but that an end of the stream dispatches as an empty line does, that `error` is data of that name, and
// that a line of JSON is an event of its own.
Events ByTheBook(std::string_view input) {
  if (input.substr(0, 3) == "\xEF\xBB\xBF") input.remove_prefix(3);
  Events events;
  std::string name;
  std::string data;
  std::vector<std::string> lines = Lines(input);
  lines.emplace_back();
  const auto dispatch = [&] {
    if (!data.empty()) events.emplace_back(name, data.substr(0, data.size() - 1));
    name.clear();
    data.clear();
  };
  for (const std::string& line : lines) {
    if (line.empty()) {
      dispatch();
      continue;
    }
    if (line.front() == '{' || line.front() == '[') {
      dispatch();
      events.emplace_back("", line);
      continue;
    }
    const size_t colon = line.find(':');
    const std::string field = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.substr(0, 1) == " ") value.erase(0, 1);
    if (field == "event") name = value;
    if (field == "error") name = field;
    if (field == "data" || field == "error") data += value + "\n";
  }
  return events;
}

}  // namespace

void FuzzOne(std::string_view input) {
  for (const size_t line_bytes : {size_t{24}, size_t{64} * 1024}) {
    const Outcome whole = Decode(input, line_bytes, Feeding::kWhole);
    Require(Decode(input, line_bytes, Feeding::kPieces) == whole, "the events are the same whole and in pieces");
    Require(Decode(input, line_bytes, Feeding::kBytes) == whole, "the events are the same whole and byte by byte");
    if (line_bytes > input.size()) {
      Require(!whole.broken, "no bound is broken by what is shorter");
      Require(whole.events == ByTheBook(input), "the events are those of the grammar");
    }
  }
}

}  // namespace ftl::fuzz
