#pragma once

#include "services/export/report/document.h"
#include "services/export/writer/pdf/flow.h"

namespace ftl::exporter::pdf {

// Sets a table over the flow's width. No row is parted; its head stands on each page again.
void SetGrid(const Table& table, const Type& type, Flow& flow);

}  // namespace ftl::exporter::pdf
