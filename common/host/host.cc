#include "common/host/host.h"

#include <algorithm>
#include <future>
#include <thread>

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>
#include <fmt/format.h>
#include <grpcpp/impl/service_type.h>
#include <openssl/rand.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/host/admin_server.h"
#include "common/host/certificate_metrics.h"
#include "common/host/free_memory.h"
#include "common/host/port_file.h"
#include "common/host/trace_settings.h"
#include "common/observe/instrument.h"
#include "common/observe/log.h"

namespace ftl::host {
namespace {

constexpr absl::Duration kStartLimit = absl::Seconds(60);
constexpr absl::Duration kDrainLimit = absl::Seconds(12);
constexpr absl::Duration kCallGrace = absl::Seconds(3);
constexpr size_t kLeastTokenBytes = 32;

std::string RandomToken() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) std::abort();
  std::string token;
  for (unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

// FTL_<SERVICE>_<what>: `session-vault` gives FTL_SESSION_VAULT_LISTEN.
std::string SettingName(std::string_view service, std::string_view what) {
  return fmt::format("FTL_{}_{}", absl::AsciiStrToUpper(absl::StrReplaceAll(std::string(service), {{"-", "_"}})), what);
}

// Where a service is found when nobody says: its name and its own port.
std::string DefaultAddress(std::string_view service) {
  constexpr std::pair<std::string_view, int> kPorts[] = {
      {"session-vault", 50051}, {"batch-runner", 50052}, {"analytics", 50053}, {"export", 50054}};
  for (const auto& [name, port] : kPorts) {
    if (name == service) return fmt::format("{}:{}", name, port);
  }
  return "";
}

prometheus::Histogram& LatenessOf(std::string_view module) {
  static const prometheus::Histogram::BucketBoundaries kSeconds = {0.0001, 0.001, 0.005, 0.01, 0.025, 0.05,
                                                                   0.1,    0.25,  0.5,   1,    2.5,   5};
  return metrics::HistogramOf("ftl_module_thread_lateness_seconds",
                              "How long a module's thread takes to come to what is handed to it; asked once a second.",
                              kSeconds, {{"module", std::string(module)}});
}

}  // namespace

// An io_context that can let go of what waits on it while it still stands: those coroutines hold on to the module's
// parts, and the parts' sockets and timers to the context.
struct ModuleContext : asio::io_context {
  using asio::io_context::io_context;
  void LetGo() { shutdown(); }
};

struct Host::Part {
  explicit Part(const ModuleKind& of) : kind(of), lateness(LatenessOf(of.name)) {}

  ModuleKind kind;
  prometheus::Histogram& lateness;
  std::unique_ptr<Module> module;
  std::string listen;                            // where it serves by itself; empty in a program of several
  std::map<std::string, std::string> addresses;  // of the services it calls, where they are far away
  ModuleContext io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
  rpc::Channels channels;
  std::unique_ptr<Environment> environment;
  std::unique_ptr<rpc::Server> server;
  bool started = false;

  // Until the io_context is stopped. An exception that nobody caught is a fault in our source: it is told, and the rest
  // goes on.
  void RunThread() {
    while (!io.stopped()) {
      try {
        io.run();
      } catch (const std::exception& error) {
        log::Error("uncaught exception", {{"module", kind.name}, {"error", error.what()}});
      }
    }
  }

  // How long the module's thread takes to come to what is handed to it now.
  void MeasureLateness() {
    const auto asked = std::chrono::steady_clock::now();
    asio::post(io, [asked, this] {
      const std::chrono::duration<double> late = std::chrono::steady_clock::now() - asked;
      lateness.Observe(late.count());
    });
  }

  // Runs a coroutine on the module's thread and waits for its end.
  absl::Status Await(Task<> task) {
    try {
      return asio::co_spawn(io, std::move(task), asio::use_future).get();
    } catch (const std::exception& error) {
      return absl::InternalError(error.what());
    }
  }
};

// Asks every module each second whether it can work, and tells health checks.
struct Host::Watch {
  std::jthread thread;
};

Host::Host(Settings& settings, std::vector<ModuleKind> kinds, bool production) : process_token_(RandomToken()) {
  const bool together = kinds.size() > 1;
  const auto is_here = [&](std::string_view name) {
    return std::any_of(kinds.begin(), kinds.end(), [&](const ModuleKind& kind) { return kind.name == name; });
  };
  for (const ModuleKind& kind : kinds) {
    settings.Section(std::string(kind.name));
    auto part = std::make_unique<Part>(kind);
    if (!together && !kind.default_listen.empty()) {
      part->listen = settings.GrpcAddress(SettingName(kind.name, "LISTEN"), kind.default_listen,
                                          "Where its gRPC services listen.");
    }
    for (std::string_view service : kind.calls) {
      if (is_here(service)) continue;
      part->addresses[std::string(service)] = settings.GrpcAddress(
          SettingName(service, "ADDRESS"), DefaultAddress(service), fmt::format("Where {} is found.", service));
    }
    part->module = kind.make(settings);
    parts_.push_back(std::move(part));
  }
  settings.Section("every program");
  if (together) {
    shared_listen_ = settings.GrpcAddress("FTL_GRPC_LISTEN", "",
                                          "Where all gRPC services but key lending listen; empty for nowhere.");
  }
  admin_address_ = settings.ListenAddress(
      "FTL_ADMIN_ADDRESS", "", "Where a program shows /livez, /readyz and its own /metrics; empty for nowhere.");
  port_file_ = settings.Text("FTL_PORT_FILE", "", "A file that gets the bound port, once it is listened on.");
  tls_.ca =
      settings.Text("FTL_TLS_CA_FILE", "", "Certificates trusted between services; with the next two: mutual TLS.");
  tls_.cert = settings.Text("FTL_TLS_CERT_FILE", "", "The certificate that names this service.");
  tls_.key = settings.Text("FTL_TLS_KEY_FILE", "", "The key of that certificate.");
  if (tls_.ca.empty() != tls_.cert.empty() || tls_.ca.empty() != tls_.key.empty()) {
    settings.Fault("FTL_TLS_CA_FILE", "and FTL_TLS_CERT_FILE and FTL_TLS_KEY_FILE go together; set all three or none");
  }
  const Secret token = settings.SecretText(
      "FTL_GRPC_OPERATOR_TOKEN",
      "Makes whoever shows it over gRPC the operator: sweep, rewrap, reflection. At least 32 bytes.");
  operator_token_ = token.Reveal();
  if (!operator_token_.empty() && operator_token_.size() < kLeastTokenBytes) {
    settings.Fault("FTL_GRPC_OPERATOR_TOKEN", "is shorter than 32 bytes; take 32 random ones in hex or base64");
  }
  trace_settings_ =
      ReadTraceSettings(settings, together ? "finetunelab" : fmt::format("finetunelab-{}", kinds.front().name));
  if (production && !tls_.configured()) {
    const auto judge = [&](const std::string& name, const std::string& address) {
      if (address.empty() || rpc::IsLoopback(address)) return;
      settings.Fault(name,
                     "can be reached from other machines, and FTL_PRODUCTION is set; listen on loopback or a "
                     "unix socket, or set FTL_TLS_CA_FILE, FTL_TLS_CERT_FILE and FTL_TLS_KEY_FILE");
    };
    judge("FTL_GRPC_LISTEN", shared_listen_);
    for (const auto& part : parts_) judge(SettingName(part->kind.name, "LISTEN"), part->listen);
  }
  for (const auto& part : parts_) {
    if (!part->kind.passes_keys || together || tls_.configured()) continue;
    settings.Fault("FTL_TLS_CA_FILE",
                   fmt::format("and FTL_TLS_CERT_FILE and FTL_TLS_KEY_FILE are missing; {} in a program "
                               "of its own passes keys on, and does so under mutual TLS alone",
                               part->kind.name));
  }
}

Host::~Host() = default;

absl::Status Host::Start() {
  if (absl::Status status = OpenAdmin(); !status.ok()) {
    log::Error("did not start", {{"status", status}});
    return status;
  }
  if (absl::Status status = OpenTraces(); !status.ok()) {
    log::Error("did not start", {{"status", status}});
    return status;
  }
  if (tls_.configured()) ShowCertificateEnd(tls_.cert);
  for (const auto& part : parts_) {
    if (absl::Status status = StartPart(*part); !status.ok()) {
      log::Error("module did not start", {{"module", part->kind.name}, {"status", status}});
      Stop();
      return status;
    }
  }
  if (absl::Status status = OpenPort(); !status.ok()) {
    log::Error("did not start", {{"status", status}});
    Stop();
    return status;
  }
  WatchHealth();
  return absl::OkStatus();
}

absl::Status Host::StartPart(Part& part) {
  part.thread = std::thread([&part] { part.RunThread(); });
  part.started = true;
  TRY(Connect(part));
  part.environment.reset(new Environment{part.io.get_executor(), part.channels});
  TRY(part.Await(part.module->Start(*part.environment)));
  if (part.kind.default_listen.empty()) return absl::OkStatus();
  const bool has_port = !part.listen.empty();
  rpc::Registrar registrar(
      rpc::Serving(part.io.get_executor(), has_port ? "" : process_token_, has_port ? operator_token_ : ""),
      !has_port || tls_.configured());
  part.module->Serve(registrar);
  auto services = registrar.Take();
  TRY(part.server, has_port ? rpc::Server::Listen(part.listen, tls_, std::move(services), operator_token_)
                            : rpc::Server::WithoutPort(std::move(services)));
  // A module that has started can work; whoever asks before the first check is told so.
  part.server->health().Set("", true);
  return absl::OkStatus();
}

absl::Status Host::Connect(Part& part) {
  for (std::string_view service : part.kind.calls) {
    const auto here =
        std::find_if(parts_.begin(), parts_.end(), [&](const auto& other) { return other->kind.name == service; });
    if (here != parts_.end()) {
      part.channels.Set(std::string(service), (*here)->server->InProcess(std::string(part.kind.name), process_token_));
    } else {
      TRY(auto open, rpc::Channels::Remote(part.addresses.at(std::string(service)), service, tls_));
      part.channels.SetRemote(std::string(service), std::move(open));
    }
  }
  return absl::OkStatus();
}

absl::Status Host::OpenPort() {
  if (!shared_listen_.empty()) {
    std::vector<std::unique_ptr<grpc::Service>> services;
    for (const auto& part : parts_) {
      rpc::Registrar registrar(rpc::Serving(part->io.get_executor(), "", operator_token_), /*authenticated=*/false);
      part->module->Serve(registrar);
      for (auto& service : registrar.Take()) services.push_back(std::move(service));
    }
    TRY(shared_server_, rpc::Server::Listen(shared_listen_, tls_, std::move(services), operator_token_));
    log::Info("serving gRPC", {{"port", shared_server_->port()}});
  }
  for (const auto& part : parts_) {
    if (!part->server || part->server->port() == 0) continue;
    log::Info("serving gRPC", {{"module", part->kind.name}, {"port", part->server->port()}});
    if (!port_file_.empty()) TRY(WritePortFile(port_file_, part->server->port()));
  }
  return absl::OkStatus();
}

absl::Status Host::OpenAdmin() {
  if (admin_address_.empty()) return absl::OkStatus();
  TRY(admin_, AdminServer::Listen(admin_address_, [this] { return ready_.load(); }));
  log::Info("serving metrics and probes", {{"port", admin_->port()}});
  return absl::OkStatus();
}

absl::Status Host::OpenTraces() {
  if (trace_settings_.target.empty()) return absl::OkStatus();
  log::Info("recording traces", {{"collector", trace_settings_.target}});
  TRY(traces_, trace::OtlpExporter::Start(std::move(trace_settings_)));
  return absl::OkStatus();
}

void Host::WatchHealth() {
  ready_ = true;
  watch_ = std::make_unique<Watch>();
  watch_->thread = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) {
      bool all = true;
      for (const auto& part : parts_) {
        part->MeasureLateness();
        const absl::Status status = part->Await(part->module->Check(DeadlineIn(absl::Seconds(2))));
        if (!status.ok()) log::Warn("module cannot work", {{"module", part->kind.name}, {"status", status}});
        if (part->server && !stop.stop_requested()) part->server->health().Set("", status.ok());
        all = all && status.ok();
      }
      if (shared_server_ && !stop.stop_requested()) shared_server_->health().Set("", all);
      if (!stop.stop_requested()) ready_ = all;
      ReturnFreeMemory();
      for (int i = 0; i < 20 && !stop.stop_requested(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
}

void Host::Stop() {
  watch_.reset();
  ready_ = false;
  const Deadline drained = DeadlineIn(kDrainLimit);
  if (shared_server_) shared_server_->health().SetAll(false);
  for (const auto& part : parts_) {
    if (part->server) part->server->health().SetAll(false);
  }
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if ((*part)->started && (*part)->environment) (void)(*part)->Await((*part)->module->Drain(drained));
  }
  if (shared_server_) shared_server_->Shutdown(kCallGrace);
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (!(*part)->started) continue;
    if ((*part)->server) (*part)->server->Shutdown(kCallGrace);
    if ((*part)->environment) (void)(*part)->Await((*part)->module->Stop());
  }
  admin_.reset();
  shared_server_.reset();
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    if (!(*part)->started) continue;
    (*part)->work.reset();
    (*part)->io.stop();
    (*part)->thread.join();
    (*part)->started = false;
  }
  // First what waits, then what was waited on, then where it waited.
  for (const auto& part : parts_) part->io.LetGo();
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    (*part)->server.reset();
    (*part)->module.reset();
  }
  traces_.reset();
}

}  // namespace ftl::host
