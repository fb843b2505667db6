#pragma once

#include <absl/time/time.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

namespace ftl {

// Moments and spans between Abseil and protobuf. Both sides count nanoseconds; what is finer is cut off.
inline google::protobuf::Timestamp ToProto(absl::Time moment) {
  const timespec parts = absl::ToTimespec(moment);
  google::protobuf::Timestamp proto;
  proto.set_seconds(parts.tv_sec);
  proto.set_nanos(static_cast<int32_t>(parts.tv_nsec));
  return proto;
}

inline google::protobuf::Duration ToProto(absl::Duration span) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(span, absl::Seconds(1), &span));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(span)));
  return proto;
}

inline absl::Time FromProto(const google::protobuf::Timestamp& proto) {
  return absl::FromUnixSeconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

inline absl::Duration FromProto(const google::protobuf::Duration& proto) {
  return absl::Seconds(proto.seconds()) + absl::Nanoseconds(proto.nanos());
}

}  // namespace ftl
