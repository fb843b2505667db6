#pragma once

#include <vector>

#include <libpq-fe.h>

#include "common/db/params.h"

namespace ftl {

// Params as the four arrays that libpq wants. A view: it lives no longer than its Params.
struct WireParams {
  explicit WireParams(const Params& params) {
    for (const Params::Value& value : params.values()) {
      types.push_back(value.type);
      bytes.push_back(value.bytes ? value.bytes->data() : nullptr);
      lengths.push_back(value.bytes ? static_cast<int>(value.bytes->size()) : 0);
      formats.push_back(value.binary ? 1 : 0);
    }
  }
  int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> bytes;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace ftl
