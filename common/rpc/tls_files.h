#pragma once

#include <string>

namespace ftl::rpc {

// Where a service finds what it needs for mutual TLS. All three, or none for plain text on a trusted network.
struct TlsFiles {
  std::string ca;    // whom we trust: PEM
  std::string cert;  // our certificate, naming our service: PEM
  std::string key;   // its key: PEM
  bool configured() const { return !ca.empty(); }
};

}  // namespace ftl::rpc
