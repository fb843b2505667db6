#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/time/time.h>

namespace ftl {

// How spans are counted where no row is read: in buckets that are a sixteenth of a power of two wide, in steps of 0.1
// ms (log-linear, as HdrHistogram's). The same as `latency_bucket` of the schema, which counts. Buckets are numbered
// from 1; the last holds all from an hour on. Pure.
//
// Whatever is in a bucket is told as its middle: at most 1/32 (3.2 %) beside the truth from 3.2 ms on, at most 0.05 ms
// below.
int BucketOf(absl::Duration span);
absl::Duration MiddleOfBucket(int bucket);

// The span below which `share` (0 to 1) of what is counted lies, by nearest rank; nullopt where nothing is. `counts` is
// by bucket, the first at 0.
std::optional<absl::Duration> QuantileOf(const std::vector<int64_t>& counts, double share);

}  // namespace ftl
