#pragma once

#include <cstddef>
#include <string>

#include <absl/time/time.h>

namespace ftl {

// What a call may take of us, whatever the endpoint does.
struct CallerLimits {
  absl::Duration connect = absl::Seconds(10);  // look-up, TCP connect and TLS handshake together
  size_t head_bytes = 16 * 1024;               // of a response's head, interim ones included
  int interim_responses = 3;
  size_t line_bytes = 1024 * 1024;         // of a stream
  size_t body_bytes = 1024 * 1024;         // of an answer that is no stream
  size_t stream_bytes = 16 * 1024 * 1024;  // of a stream with all its wrapping
  size_t text_bytes = 1024 * 1024;         // of text, reasoning and tool calls together
  size_t models_bytes = 4 * 1024 * 1024;   // of one page of a model listing
  size_t models = 5000;                    // of a model listing

  // How long to wait for usage and `[DONE]` after the answer has said that it is finished.
  absl::Duration after_finish = absl::Seconds(2);
  // How long to wait for the words of an error whose status is known.
  absl::Duration error_words = absl::Seconds(5);
  absl::Duration keep_idle = absl::Seconds(30);
  size_t idle_connections = 1024;  // of all sessions together

  // A PEM file of roots to trust besides the system's; empty for none.
  std::string ca_file;
};

}  // namespace ftl
