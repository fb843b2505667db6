#pragma once

#include <string>

namespace ftl::host {

// Shows the end of the certificate in `path` (PEM, its first) as `ftl_certificate_expiry_timestamp_seconds`. Of a file
// that cannot be read it shows nothing: who listens with it says why.
void ShowCertificateEnd(const std::string& path);

}  // namespace ftl::host
