#include "common/host/certificate_metrics.h"

#include <memory>

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "common/observe/instrument.h"

namespace ftl::host {

void ShowCertificateEnd(const std::string& path) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"), &BIO_free);
  if (!file) return;
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
  int days = 0;
  int seconds = 0;
  if (!certificate || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1) return;
  const absl::Time end = absl::Now() + absl::Hours(24) * days + absl::Seconds(seconds);
  metrics::GaugeOf("ftl_certificate_expiry_timestamp_seconds",
                   "End of the certificate that this program started with, since the Unix epoch.")
      .Set(absl::ToDoubleSeconds(end - absl::UnixEpoch()));
}

}  // namespace ftl::host
