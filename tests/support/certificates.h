#pragma once

#include <string>
#include <string_view>

namespace ftl {

// An authority for one test, and the certificates it signs: PEM files in a folder that is the test's, made by the
// program openssl. Cannot be made: the program ends with the reason.
class TestAuthority {
 public:
  // In `folder`, which must be there; two in one folder need two names.
  TestAuthority(std::string folder, std::string name = "authority");

  // The file that trusts it.
  std::string ca() const { return Path(name_, ".crt"); }

  struct Certificate {
    std::string cert;
    std::string key;
  };
  // One for servers and clients that go by `dns_name` and by nothing else, valid for a day.
  Certificate Certify(std::string_view dns_name) const;

 private:
  std::string Path(std::string_view name, std::string_view ending) const;

  std::string folder_;
  std::string name_;
};

}  // namespace ftl
