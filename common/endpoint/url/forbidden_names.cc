#include "common/endpoint/url/forbidden_names.h"

#include <algorithm>
#include <array>

#include "common/endpoint/url/metadata_names.h"

namespace ftl {
namespace {

// Each stands for itself and for all below it. Three kinds in one order, for the binary search:
// - the IANA Special-Use Domain Names, up to alt (RFC 9476) and eap.arpa; nobody serves models below arpa, so all of
//   it;
// - private top-level names: those of ICANN and RFC 6762, and what routers, containers and service meshes hand out;
// - wildcard DNS, rebinding services, and names whose answer is loopback or private space.
constexpr std::array<std::string_view, 84> kForbidden = {
    "127-0-0-1.org.uk",
    "1u.ms",
    "42foo.com",
    "alt",
    "arpa",
    "backname.io",
    "belkin",
    "bugbounty.dod.network",
    "burpcollaborator.net",
    "cluster",
    "consul",
    "corp",
    "ddev.site",
    "default",
    "dhcp",
    "docker",
    "domain",
    "example",
    "example.com",
    "example.net",
    "example.org",
    "fritz.box",
    "fuf.me",
    "gateway",
    "home",
    "i2p",
    "internal",
    "intra",
    "intranet",
    "invalid",
    "ip.addr.tools",
    "ip6.name",
    "kube",
    "kubernetes",
    "lacolhost.com",
    "lan",
    "lndo.site",
    "local",
    "local-ip.co",
    "local-ip.medicmobile.org",
    "local-ip.sh",
    "local.gd",
    "localcert.net",
    "localdev.me",
    "localdomain",
    "localdomain4",
    "localdomain6",
    "localho.st",
    "localhost",
    "localhost.direct",
    "localhostcert.net",
    "localtest.me",
    "lock.cmpxchg8b.com",
    "lvh.me",
    "lxd",
    "mail",
    "mail.ebc.apple.com",
    "minikube",
    "mshome.net",
    "nip.io",
    "nomad",
    "onion",
    "pentesting.us",
    "plex.direct",
    "podman",
    "private",
    "rbnd.gl0.eu",
    "rbndr.us",
    "rebind.it",
    "rebind.network",
    "router",
    "smackaho.st",
    "sslip.io",
    "ssrf.fail",
    "svc",
    "test",
    "traefik.me",
    "ulh.us",
    "vcap.me",
    "workgroup",
    "wpad",
    "xip.io",
    "xip.name",
    "yip.io",
};
static_assert(std::is_sorted(kForbidden.begin(), kForbidden.end()));
static_assert(std::ranges::is_sorted(kMetadataNames, {}, &MetadataName::name));

bool IsInTables(std::string_view name) {
  return std::ranges::binary_search(kForbidden, name) ||
         std::ranges::binary_search(kMetadataNames, name, {}, &MetadataName::name);
}

constexpr int kMostLabels = 4;  // of a name in the tables

}  // namespace

bool IsForbiddenName(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return true;
  for (int labels = 1; labels <= kMostLabels; ++labels) {
    const std::string_view suffix = dot == std::string_view::npos ? name : name.substr(dot + 1);
    if (IsInTables(suffix)) return true;
    if (dot == std::string_view::npos) return false;
    dot = dot == 0 ? std::string_view::npos : name.rfind('.', dot - 1);
  }
  return false;
}

}  // namespace ftl
