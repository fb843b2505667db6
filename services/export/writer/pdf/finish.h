#pragma once

#include <string>
#include <vector>

namespace ftl::exporter::pdf {

// Adds to a file of cairo's what cairo 1.16 cannot say: the language, that a window shows the document's title, and
// what each figure shows, in the order in which they stand. The same input gives the same bytes. Throws std::exception
// for what is no PDF.
std::string Finish(const std::string& file, const std::vector<std::string>& figures);

}  // namespace ftl::exporter::pdf
