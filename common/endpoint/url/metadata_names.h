#pragma once

#include <array>
#include <string_view>

namespace ftl {

// A name in the public tree at which a cloud tells a machine about itself, its credentials included, and where that is
// written. Nobody serves a model there or below.
struct MetadataName {
  std::string_view name;
  std::string_view source;  // a cloud's own page, or its own program; empty where only others' lists name it
};

// In the order of their names. Those of Google, Azure and AWS that end in `internal` are forbidden with all of
// `internal`. All other clouds' services have an address alone, which the address policy refuses: Alibaba
// 100.100.100.200, AWS 169.254.169.254, 169.254.170.2, 169.254.170.23, fd00:ec2::/32, Azure 168.63.129.16, Google
// fd20:ce::254, Linode fd00:a9fe:a9fe::1, Oracle 192.0.0.192, Scaleway 169.254.42.42, fd00:42::42, Tencent
// 169.254.0.23, Volcengine 100.96.0.96, the rest 169.254.169.254.
inline constexpr std::array<MetadataName, 12> kMetadataNames = {{
    {"api.service.softlayer.com", "https://sldn.softlayer.com/reference/services/SoftLayer_Resource_Metadata/"},
    {"metadata.amazonaws.com", ""},
    // In its certificate alone.
    {"metadata.azure.com", "https://learn.microsoft.com/en-us/azure/virtual-machines/instance-metadata-service"},
    {"metadata.cloud.ibm.com", "https://cloud.ibm.com/apidocs/vpc-metadata"},
    {"metadata.digitalocean.com", ""},
    {"metadata.exoscale.com", "https://community.exoscale.com/product/compute/instances/how-to/cloud-init-user-data/"},
    {"metadata.goog", "https://cloud.google.com/compute/docs/metadata/querying-metadata"},
    {"metadata.google.com", ""},
    {"metadata.oraclecloud.com", ""},
    {"metadata.packet.net", "https://github.com/packethost/packngo"},
    {"metadata.platformequinix.com", "https://deploy.equinix.com/developers/docs/metal/server-metadata/metadata/"},
    {"metadata.tencentyun.com", "https://www.tencentcloud.com/document/product/213/4934"},
}};

}  // namespace ftl
