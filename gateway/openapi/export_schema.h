#pragma once

#include <string>

#include "gateway/route.h"

namespace ftl::gateway {

// The JSON Schema (2020-12) of an export as JSON: made from the protos, as the API's description is.
std::string ExportSchema();

// Serves it at /schemas/export.json.
Route ExportSchemaRoute();

}  // namespace ftl::gateway
