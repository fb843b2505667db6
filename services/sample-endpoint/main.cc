#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>

#include "common/observe/log.h"
#include "services/sample-endpoint/server.h"

namespace {

constexpr int kWrongUsage = 64;
constexpr int kUnavailable = 69;

// A thousand connections and more, where the system allows it.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Appears whole or not at all.
bool WritePortFile(const std::string& path, int port) {
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished, std::ios::trunc);
  file << port << '\n';
  file.close();
  return file && std::rename(unfinished.c_str(), path.c_str()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ftl;

  CLI::App app(
      "An honest OpenAI-compatible server with canned answers, to try FineTuneLab with and to test it against. The "
      "model "
      "id chooses pace and faults; GET /v1/models and GET /faults list them.",
      "finetunelab-sample-endpoint");
  std::string address = "127.0.0.1:0";
  std::string port_file;
  std::string required_key;
  std::string level = "info";
  std::string format = "json";
  app.add_option("--listen", address, "where to listen; port 0 lets the system pick")
      ->envname("FTL_SAMPLE_ENDPOINT_LISTEN")
      ->capture_default_str();
  app.add_option("--port-file", port_file, "a file to write the port into");
  app.add_option("--require-key", required_key, "accept this key alone; it is no secret");
  app.add_option("--log-level", level, "debug, info, warn or error")->envname("FTL_LOG_LEVEL")->capture_default_str();
  app.add_option("--log-format", format, "json or text")->envname("FTL_LOG_FORMAT")->capture_default_str();
  app.set_version_flag("--version", "finetunelab-sample-endpoint " FTL_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    return app.exit(stop) == 0 ? EXIT_SUCCESS : kWrongUsage;
  }
  log::Configure(level, format == "text" ? log::Format::kText : log::Format::kJson, "sample-endpoint");
  RaiseDescriptorLimit();

  boost::asio::io_context io(/*concurrency_hint=*/1);
  sample_endpoint::Server server(io, sample_endpoint::Answers::Embedded(), required_key);
  const auto port = server.Listen(address);
  if (!port.ok()) {
    log::Error("cannot serve", {{"why", port.status()}});
    return kUnavailable;
  }
  if (!port_file.empty() && !WritePortFile(port_file, *port)) {
    log::Error("the port file cannot be written", {{"path", port_file}});
    return kUnavailable;
  }
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int signal) {
    log::Info("stopping", {{"signal", signal}});
    io.stop();
  });
  log::Info("sample endpoint: canned answers, no model", {{"listen", address}, {"port", *port}});
  io.run();
}
