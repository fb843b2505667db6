#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

namespace ftl::sample_endpoint {

// Bytes to be written at a moment, counted from the whole request's arrival.
struct Step {
  absl::Duration at;
  std::string bytes;
  bool is_first_token = false;
};

// What becomes of the connection after the last step.
enum class Ending {
  kKeepOpen,  // for the next request
  kClose,
  kSilence,  // held until the client leaves
  kRepeat,   // the last step again and again, each 1 ms after the other, until the client leaves
};

// All that is written in answer to one request, to the byte. Pure data: what plays it stands in server.cc.
struct Script {
  int status = 0;  // for the log and the ledger; 0 where no head is sent
  std::vector<Step> steps;
  Ending ending = Ending::kKeepOpen;
  bool byte_by_byte = false;  // one byte a write
};

struct Header {
  std::string_view name;
  std::string_view value;
};
using Headers = std::initializer_list<Header>;

// `HTTP/1.1 200 OK` and the headers, `x-sample-endpoint` among them, with the empty line at the end.
std::string Head(int status, Headers headers);
// An answer with Content-Length.
Script Whole(int status, std::string_view content_type, std::string_view body, absl::Duration at, Headers headers = {});
Script Json(int status, std::string_view body, absl::Duration at = absl::ZeroDuration(), Headers headers = {});

// An event stream in chunks: the head goes with the first step, the last chunk with the last.
Script EventStream(std::vector<Step> events, Ending ending = Ending::kKeepOpen, Headers headers = {});
// As above, but without the last chunk: as it is cut.
Script UnendedEventStream(std::vector<Step> events, Ending ending, Headers headers = {});

// `bytes` as one HTTP chunk.
std::string Chunk(std::string_view bytes);
// `data: <json>` and an empty line.
std::string Event(std::string_view json);

// `text` as a JSON string, with its quotes.
std::string Quoted(std::string_view text);

}  // namespace ftl::sample_endpoint
