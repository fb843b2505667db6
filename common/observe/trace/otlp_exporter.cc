#include "common/observe/trace/otlp_exporter.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <boost/url/pct_string_view.hpp>

#include "common/error/try.h"
#include "common/observe/instrument.h"
#include "common/observe/log.h"
#include "common/rpc/server.h"
#include "common/text/view.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

namespace ftl::trace {
namespace {

namespace collector = opentelemetry::proto::collector::trace::v1;
namespace otlp = opentelemetry::proto;

constexpr absl::Duration kFarewell = absl::Seconds(2);

using Headers = std::vector<std::pair<std::string, Secret>>;

prometheus::Counter& Spans(const char* outcome) {
  return metrics::CounterOf("ftl_trace_spans_total", "Spans that ended in this process, by what became of them.",
                            {{"outcome", outcome}});
}

template <size_t N>
std::string BytesOf(const std::array<uint8_t, N>& id) {
  return {reinterpret_cast<const char*>(id.data()), N};
}

void Write(std::string_view key, const std::string& value, otlp::common::v1::KeyValue& attribute) {
  attribute.set_key(std::string(key));
  attribute.mutable_value()->set_string_value(value);
}

void Write(const SpanRecord& record, otlp::trace::v1::Span& span) {
  span.set_trace_id(BytesOf(record.context.trace_id));
  span.set_span_id(BytesOf(record.context.span_id));
  if (record.parent) span.set_parent_span_id(BytesOf(record.parent->span_id));
  span.set_name(record.name);
  span.set_kind(static_cast<otlp::trace::v1::Span::SpanKind>(record.kind));
  span.set_start_time_unix_nano(absl::ToUnixNanos(record.start));
  span.set_end_time_unix_nano(absl::ToUnixNanos(record.end));
  for (const auto& [key, value] : record.attributes) {
    auto& attribute = *span.add_attributes();
    attribute.set_key(std::string(key));
    auto& any = *attribute.mutable_value();
    if (const auto* text = std::get_if<std::string>(&value)) any.set_string_value(*text);
    if (const auto* whole = std::get_if<int64_t>(&value)) any.set_int_value(*whole);
    if (const auto* real = std::get_if<double>(&value)) any.set_double_value(*real);
    if (const auto* truth = std::get_if<bool>(&value)) any.set_bool_value(*truth);
    if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
      for (const std::string& each : *texts) any.mutable_array_value()->add_values()->set_string_value(each);
    }
  }
  if (record.error_type.empty()) return;
  Write("error.type", record.error_type, *span.add_attributes());
  span.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
}

absl::StatusOr<Headers> ReadHeaders(const Secret& text) {
  Headers headers;
  for (const absl::string_view entry : absl::StrSplit(ToAbsl(text.Reveal()), ',', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> header = absl::StrSplit(entry, absl::MaxSplits('=', 1));
    const std::string encoded(absl::StripAsciiWhitespace(header.second));
    const auto value = boost::urls::make_pct_string_view(encoded);
    const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(header.first));
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (!is_name || entry.find('=') == absl::string_view::npos || !value) {
      return absl::InvalidArgumentError("OTEL_EXPORTER_OTLP_HEADERS is not of the form name=value,name=value");
    }
    headers.emplace_back(name, Secret::Take(value->decode()));
  }
  return headers;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelTo(const OtlpSettings& settings) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 10'000);
  if (!settings.has_tls)
    return grpc::CreateCustomChannel(settings.target, grpc::InsecureChannelCredentials(), arguments);
  grpc::SslCredentialsOptions options;
  if (!settings.ca_file.empty()) {
    TRY(options.pem_root_certs, rpc::ReadFile(settings.ca_file));
  }
  return grpc::CreateCustomChannel(settings.target, grpc::SslCredentials(options), arguments);
}

}  // namespace

// What waits for the collector, and the thread that brings it there.
class OtlpExporter::Queue {
 public:
  Queue(OtlpSettings settings, Headers headers, const std::shared_ptr<grpc::Channel>& channel)
      : settings_(std::move(settings)),
        headers_(std::move(headers)),
        stub_(collector::TraceService::NewStub(channel)),
        thread_([this] { Work(); }) {}

  void Take(SpanRecord record) {
    std::unique_lock lock(mutex_);
    if (spans_.size() >= settings_.queue) {
      lock.unlock();
      dropped_.Increment();
      return;
    }
    spans_.push_back(std::move(record));
    const bool is_batch = spans_.size() == settings_.batch;
    lock.unlock();
    if (is_batch) there_is_work_.notify_one();
  }

  void Finish() {
    {
      const std::lock_guard lock(mutex_);
      finishing_ = true;
    }
    there_is_work_.notify_one();
    thread_.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    bool is_away = false;  // the last batch did not reach the collector, and waits in front
    while (true) {
      there_is_work_.wait_for(lock, absl::ToChronoMilliseconds(settings_.delay),
                              [&] { return finishing_ || (!is_away && spans_.size() >= settings_.batch); });
      if (finishing_) break;
      if (!spans_.empty()) is_away = !SendBatch(lock, settings_.timeout);
    }
    const absl::Time end = absl::Now() + kFarewell;
    while (!spans_.empty() && absl::Now() < end) {
      if (!SendBatch(lock, end - absl::Now())) break;
    }
    dropped_.Increment(static_cast<double>(spans_.size()));
  }

  // False where the collector could not be reached: the batch stays then.
  bool SendBatch(std::unique_lock<std::mutex>& lock, absl::Duration timeout) {
    collector::ExportTraceServiceRequest request;
    auto& resource_spans = *request.add_resource_spans();
    for (const auto& [key, value] : settings_.resource) {
      Write(key, value, *resource_spans.mutable_resource()->add_attributes());
    }
    auto& scope_spans = *resource_spans.add_scope_spans();
    scope_spans.mutable_scope()->set_name("finetunelab");
    scope_spans.mutable_scope()->set_version(FTL_VERSION);
    const size_t count = std::min(spans_.size(), settings_.batch);
    for (size_t i = 0; i < count; ++i) Write(spans_[i], *scope_spans.add_spans());
    lock.unlock();

    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
    for (const auto& [name, value] : headers_) context.AddMetadata(name, std::string(value.Reveal()));
    collector::ExportTraceServiceResponse response;
    const grpc::Status status = stub_->Export(&context, request, &response);
    const bool is_away = status.error_code() == grpc::StatusCode::UNAVAILABLE ||
                         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
                         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED;
    const double refused = status.ok() ? static_cast<double>(response.partial_success().rejected_spans())
                                       : static_cast<double>(is_away ? 0 : count);
    if (!is_away) exported_.Increment(static_cast<double>(count) - refused);
    if (refused > 0) refused_.Increment(refused);
    Tell(status, response.partial_success().error_message());

    lock.lock();
    if (!is_away) spans_.erase(spans_.begin(), spans_.begin() + static_cast<ptrdiff_t>(count));
    return !is_away;
  }

  // Once when it begins to fail, once when it works again.
  void Tell(const grpc::Status& status, const std::string& partly) {
    const bool fails = !status.ok() || !partly.empty();
    if (std::exchange(fails_, fails) == fails) return;
    if (!fails) return log::Info("traces are taken again", {{"collector", settings_.target}});
    log::Warn("traces are not taken", {{"collector", settings_.target},
                                       {"code", static_cast<int64_t>(status.error_code())},
                                       {"reason", status.ok() ? partly : status.error_message()}});
  }

  const OtlpSettings settings_;
  const Headers headers_;
  const std::unique_ptr<collector::TraceService::Stub> stub_;
  prometheus::Counter& exported_ = Spans("exported");
  prometheus::Counter& refused_ = Spans("refused");
  prometheus::Counter& dropped_ = Spans("dropped");
  bool fails_ = false;  // the thread's own
  std::mutex mutex_;
  std::condition_variable there_is_work_;
  std::deque<SpanRecord> spans_;
  bool finishing_ = false;
  std::thread thread_;
};

OtlpExporter::OtlpExporter(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}

absl::StatusOr<std::unique_ptr<OtlpExporter>> OtlpExporter::Start(OtlpSettings settings) {
  TRY(Headers headers, ReadHeaders(settings.headers));
  settings.headers = Secret();
  TRY(const auto channel, ChannelTo(settings));
  const Sampler sampler = settings.sampler;
  const auto queue = std::make_shared<Queue>(std::move(settings), std::move(headers), channel);
  Record(sampler, [queue](SpanRecord record) { queue->Take(std::move(record)); });
  return std::unique_ptr<OtlpExporter>(new OtlpExporter(queue));
}

OtlpExporter::~OtlpExporter() {
  Record({}, nullptr);
  queue_->Finish();
}

}  // namespace ftl::trace
