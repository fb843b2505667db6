#pragma once

#include <cstdint>

namespace ftl {

// Ports where something other than a web server is at home: the block list of the Fetch standard, and the usual ports
// of databases, brokers and control planes. Where people serve models is open: 80, 443, 1234, 3000, 4000, 5000, 7860,
// 8000-8002, 8080, 8443, 8888, 9000, 11434, 30000.
bool IsForbiddenPort(uint16_t port);

}  // namespace ftl
