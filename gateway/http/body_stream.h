#pragma once

#include <string_view>

#include "common/async/task.h"
#include "gateway/http/limits.h"
#include "gateway/http/response.h"
#include "gateway/http/wire.h"

namespace ftl::http {

// The body of an answer that goes out piece by piece, after its head. Copies nothing, so that many can send the same
// bytes; fails when the client has gone or takes too long to read. Wire and limits outlive it.
class BodyStream {
 public:
  // `is_silent` for an answer to HEAD, which has no body.
  BodyStream(Wire& wire, const Limits& limits, Framing framing, bool is_silent)
      : wire_(&wire), limits_(&limits), framing_(framing), is_silent_(is_silent) {}

  // `piece` stays until this returns. A long one goes out in slices, each within the write limit and in turns with all
  // other streams.
  Task<> Write(std::string_view piece);
  // All has been said; without it the client knows that something is missing.
  Task<> End();
  bool ended() const { return ended_; }

 private:
  static constexpr size_t kSliceBytes = 64 * 1024;

  Task<> WriteSlice(std::string_view piece);

  Wire* wire_;
  const Limits* limits_;
  Framing framing_;
  bool is_silent_;
  bool ended_ = false;
};

}  // namespace ftl::http
