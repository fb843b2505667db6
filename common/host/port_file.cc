#include "common/host/port_file.h"

#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "common/error/refusal.h"

namespace ftl::host {

absl::Status WritePortFile(const std::string& path, int port) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream file(unfinished, std::ios::trunc);
    file << port << '\n';
    if (!file.flush()) return Refuse(Reason::kInvalidField, fmt::format("The port file {} cannot be written.", path));
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return Refuse(Reason::kInvalidField, fmt::format("The port file {} cannot be put in place.", path));
  }
  return absl::OkStatus();
}

}  // namespace ftl::host
