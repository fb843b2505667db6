#include "tests/support/certificates.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <fmt/format.h>

namespace ftl {
namespace {

constexpr std::string_view kNewKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

void Openssl(const std::string& arguments) {
  const std::string command = fmt::format("openssl {} >/dev/null 2>&1", arguments);
  if (std::system(command.c_str()) == 0) return;
  fmt::print(stderr, "tests/support/certificates: failed: {}\n", command);
  std::fflush(stderr);
  std::_Exit(1);
}

}  // namespace

TestAuthority::TestAuthority(std::string folder, std::string name)
    : folder_(std::move(folder)), name_(std::move(name)) {
  Openssl(fmt::format("req -x509 {} -keyout {} -out {} -days 1 -subj '/CN=Test {}' -addext basicConstraints=CA:TRUE",
                      kNewKey, Path(name_, ".key"), ca(), name_));
}

TestAuthority::Certificate TestAuthority::Certify(std::string_view dns_name) const {
  const std::string stem = fmt::format("{}-{}", name_, dns_name);
  const Certificate made{Path(stem, ".crt"), Path(stem, ".key")};
  const std::string request = Path(stem, ".csr");
  const std::string extensions = Path(stem, ".ext");
  std::ofstream(extensions) << fmt::format(
      "subjectAltName = DNS:{}\nextendedKeyUsage = serverAuth, clientAuth\nbasicConstraints = CA:FALSE\n", dns_name);
  Openssl(fmt::format("req -new {} -keyout {} -out {} -subj '/CN={}'", kNewKey, made.key, request, dns_name));
  Openssl(fmt::format("x509 -req -in {} -CA {} -CAkey {} -CAcreateserial -days 1 -extfile {} -out {}", request, ca(),
                      Path(name_, ".key"), extensions, made.cert));
  return made;
}

std::string TestAuthority::Path(std::string_view name, std::string_view ending) const {
  return fmt::format("{}/{}{}", folder_, name, ending);
}

}  // namespace ftl
