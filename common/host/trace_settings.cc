#include "common/host/trace_settings.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>
#include <boost/url/parse.hpp>

#include "common/rpc/call_context.h"

namespace ftl::host {
namespace {

void ReadTarget(Settings& settings, trace::OtlpSettings& read) {
  const std::string general = settings.Text(
      "OTEL_EXPORTER_OTLP_ENDPOINT", "", "Where traces go, over gRPC: http://HOST:4317, or https; empty for nowhere.");
  const std::string own =
      settings.Text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "", "The same for traces alone; goes before the other.");
  const std::string exporter = settings.Choice("OTEL_TRACES_EXPORTER", {"otlp", "none"}, "What traces go out by.");
  (void)settings.Choice("OTEL_EXPORTER_OTLP_PROTOCOL", {"grpc"}, "How collectors are spoken to.");
  const bool is_off = settings.Flag("OTEL_SDK_DISABLED", false, "Records no traces, whatever else is set.");
  const std::string& address = own.empty() ? general : own;
  if (address.empty()) return;
  const char* const name = own.empty() ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
  const auto url = boost::urls::parse_uri(address);
  const bool is_known = url && (url->scheme() == "http" || url->scheme() == "https") && !url->host().empty();
  if (!is_known || !url->query().empty() || url->has_userinfo()) {
    return settings.Fault(name, "is not of the form http://HOST:4317 or https://HOST:4317");
  }
  read.has_tls = url->scheme() == "https";
  if (is_off || exporter == "none") return;
  read.target = std::string(url->encoded_host()) + ":" + (url->has_port() ? std::string(url->port()) : "4317");
}

trace::Sampler ReadSampler(Settings& settings) {
  const std::string word =
      settings.Choice("OTEL_TRACES_SAMPLER",
                      {"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio", "always_on",
                       "always_off", "traceidratio"},
                      "Which traces are recorded; parentbased: whoever calls has decided where it sent a traceparent.");
  const std::string share =
      settings.Text("OTEL_TRACES_SAMPLER_ARG", "1", "For traceidratio: the share that is recorded, 0 to 1.");
  trace::Sampler sampler{.follows_parent = absl::StartsWith(word, "parentbased_")};
  if (!absl::SimpleAtod(share, &sampler.ratio) || !(sampler.ratio >= 0 && sampler.ratio <= 1)) {
    settings.Fault("OTEL_TRACES_SAMPLER_ARG", "is no number from 0 to 1");
  }
  if (absl::EndsWith(word, "always_on")) sampler.ratio = 1;
  if (absl::EndsWith(word, "always_off")) sampler.ratio = 0;
  return sampler;
}

std::vector<std::pair<std::string, std::string>> ReadResource(Settings& settings, const std::string& program) {
  const std::string attributes =
      settings.Text("OTEL_RESOURCE_ATTRIBUTES", "", "What else traces say of this program: key=value,key=value.");
  const std::string service =
      settings.Text("OTEL_SERVICE_NAME", "", "What traces call this program; empty for its own name.");
  std::vector<std::pair<std::string, std::string>> resource;
  std::string named;
  for (const absl::string_view entry : absl::StrSplit(attributes, ',', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> attribute = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    std::string key(absl::StripAsciiWhitespace(attribute.first));
    std::string value(absl::StripAsciiWhitespace(attribute.second));
    if (key.empty() || value.empty()) {
      settings.Fault("OTEL_RESOURCE_ATTRIBUTES", "is not of the form key=value,key=value");
      break;
    }
    if (key == "service.name")
      named = value;
    else
      resource.emplace_back(std::move(key), std::move(value));
  }
  resource.emplace_back("service.name", !service.empty() ? service : !named.empty() ? named : program);
  resource.emplace_back("service.version", FTL_VERSION);
  resource.emplace_back("service.instance.id", NewRequestId());
  return resource;
}

}  // namespace

trace::OtlpSettings ReadTraceSettings(Settings& settings, const std::string& program) {
  constexpr int kMostMilliseconds = 3'600'000;
  constexpr int kMostSpans = 1'000'000;
  trace::OtlpSettings read;
  ReadTarget(settings, read);
  read.ca_file = settings.Text("OTEL_EXPORTER_OTLP_CERTIFICATE", "",
                               "Certificates that the collector's is judged by; empty for the system's.");
  read.headers = settings.SecretText("OTEL_EXPORTER_OTLP_HEADERS", "What is sent with traces: name=value,name=value.");
  read.timeout = absl::Milliseconds(settings.Number("OTEL_EXPORTER_OTLP_TIMEOUT", 10'000, 1, kMostMilliseconds,
                                                    "Milliseconds that the collector has for an answer."));
  read.delay = absl::Milliseconds(settings.Number("OTEL_BSP_SCHEDULE_DELAY", 5'000, 1, kMostMilliseconds,
                                                  "Milliseconds between two exports of traces."));
  read.queue = static_cast<size_t>(settings.Number("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, kMostSpans,
                                                   "Spans that wait for a collector; more are dropped."));
  read.batch = static_cast<size_t>(
      settings.Number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, kMostSpans, "Spans of one export at the most."));
  read.batch = std::min(read.batch, read.queue);
  read.sampler = ReadSampler(settings);
  read.resource = ReadResource(settings, program);
  return read;
}

}  // namespace ftl::host
