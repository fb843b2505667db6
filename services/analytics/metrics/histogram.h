#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/db/row.h"

namespace ftl::analytics {

// Buckets of equal width without gaps, with bounds that people can read: multiples of 1, 2 or 5 times a power of ten.
struct Histogram {
  struct Bucket {
    double from;  // inclusive
    double to;    // exclusive
    int64_t count;
  };
  std::vector<Bucket> buckets;
  int64_t count = 0;
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0;  // say nothing where count is 0
};

// SQL that makes about ten buckets of the column `v` of the relation `values_sql` (a SELECT), nulls left out.
std::string HistogramSql(std::string_view values_sql);
// Of the rows that it gives.
Histogram HistogramOf(const Rows& rows);

}  // namespace ftl::analytics
