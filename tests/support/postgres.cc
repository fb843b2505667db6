#include "tests/support/postgres.h"

#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "common/db/blocking_connection.h"
#include "common/db/migrator.h"

namespace ftl {
namespace {

[[noreturn]] void GiveUp(std::string_view why) {
  fmt::print(stderr, "tests/support/postgres: {}\n", why);
  std::fflush(stderr);
  std::_Exit(1);
}

// The newest server's programs.
std::string ProgramFolder() {
  glob_t found{};
  std::string folder;
  if (glob("/usr/lib/postgresql/1[5-9]/bin", 0, nullptr, &found) == 0) folder = found.gl_pathv[found.gl_pathc - 1];
  globfree(&found);
  if (folder.empty()) GiveUp("PostgreSQL 15 or newer is not installed (Debian: postgresql-15)");
  return folder;
}

// PostgreSQL refuses to run as root.
std::string BecomePostgres() {
  return geteuid() == 0 ? "setpriv --reuid postgres --regid postgres --clear-groups " : "";
}

void GiveToPostgres(const std::string& path) {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam("postgres");
  if (user == nullptr || chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) GiveUp("no user postgres");
}

std::string MakeFolder() {
  char folder[] = "/tmp/ftl-pg-XXXXXX";
  if (mkdtemp(folder) == nullptr) GiveUp("no folder under /tmp");
  GiveToPostgres(folder);
  return folder;
}

uint16_t FreePort() {
  asio::io_context io;
  return asio::ip::tcp::acceptor(io, {asio::ip::address_v4::loopback(), 0}).local_endpoint().port();
}

void Shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) GiveUp(fmt::format("failed: {}", command));
}

std::string StopCommand(const std::string& folder) {
  return fmt::format("cd / && {}{}/pg_ctl -D {}/data -m immediate stop >/dev/null 2>&1", BecomePostgres(),
                     ProgramFolder(), folder);
}

// A process that sees this one end by the end of a pipe, and cleans up then.
void StartGuard(const std::string& folder) {
  const std::string clean_up = fmt::format("{}; rm -rf {}", StopCommand(folder), folder);
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) GiveUp("no pipe");
  const pid_t guard = fork();
  if (guard < 0) GiveUp("no process");
  if (guard > 0) {
    close(pipe_ends[0]);
    return;
  }
  setsid();
  close(pipe_ends[1]);
  const int nowhere = open("/dev/null", O_RDWR);
  for (int standard = 0; standard <= 2; ++standard) dup2(nowhere, standard);
  char byte;
  while (read(pipe_ends[0], &byte, 1) > 0) {
  }
  execl("/bin/sh", "sh", "-c", clean_up.c_str(), nullptr);
  _exit(1);
}

}  // namespace

TestCluster& TestCluster::Get() {
  static TestCluster& cluster = *new TestCluster();
  return cluster;
}

TestCluster::TestCluster() : folder_(MakeFolder()) {
  StartGuard(folder_);
  Shell(fmt::format("cd / && {}{}/initdb -D {}/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null",
                    BecomePostgres(), ProgramFolder(), folder_));
  Start();
  RunAsSuperuser("CREATE DATABASE migrated");
  const absl::Status migrated = Migrate(Url("migrated", "postgres"), [](std::string_view) {});
  if (!migrated.ok()) GiveUp(std::string(migrated.message()));
  RunAsSuperuser("CREATE ROLE plain_owner LOGIN CREATEROLE");
}

void TestCluster::Start() { StartWith("-c listen_addresses=''"); }

uint16_t TestCluster::StartOnTcp(const std::string& cert, const std::string& key) {
  const uint16_t port = FreePort();
  std::string options = fmt::format("-c listen_addresses=127.0.0.1 -c port={}", port);
  if (!cert.empty()) {
    Shell(fmt::format("cp {} {}/server.crt && cp {} {}/server.key && chmod 0600 {}/server.key", cert, folder_, key,
                      folder_, folder_));
    GiveToPostgres(folder_ + "/server.crt");
    GiveToPostgres(folder_ + "/server.key");
    options += fmt::format(" -c ssl=on -c ssl_cert_file={0}/server.crt -c ssl_key_file={0}/server.key", folder_);
  }
  StartWith(options);
  return port;
}

void TestCluster::StartWith(std::string_view options) const {
  Shell(
      fmt::format("cd / && {}{}/pg_ctl -D {}/data -w -l {}/log start -o \"{} "
                  "-c unix_socket_directories={} -c fsync=off -c shared_buffers=32MB\" >/dev/null",
                  BecomePostgres(), ProgramFolder(), folder_, folder_, options, folder_));
}

void TestCluster::Stop() { Shell(StopCommand(folder_)); }

std::string TestCluster::Url(std::string_view database, std::string_view login) const {
  return fmt::format("host={} user={} dbname={}", folder_, login, database);
}

void TestCluster::RunAsSuperuser(const std::string& sql) const {
  absl::StatusOr<BlockingConnection> connection = BlockingConnection::Open(Url("postgres", "postgres"), "tests");
  if (!connection.ok()) GiveUp(DatabaseWordsOf(connection.status()));
  const absl::Status done = connection->RunScript(sql);
  if (!done.ok()) GiveUp(std::string(done.message()));
}

std::string TestCluster::NewDatabase() {
  const std::string name = fmt::format("test_{}", ++databases_);
  RunAsSuperuser(fmt::format("CREATE DATABASE {} TEMPLATE migrated", name));
  return Url(name, "postgres");
}

std::string TestCluster::NewEmptyDatabase() {
  const std::string name = fmt::format("test_{}", ++databases_);
  RunAsSuperuser(fmt::format("CREATE DATABASE {} OWNER plain_owner", name));
  return Url(name, "plain_owner");
}

DatabaseSettings TestDatabase::As(std::string_view role) const {
  return {.url = url_, .role = std::string(role), .application_name = "tests"};
}

void TestDatabase::Execute(const std::string& sql) const {
  absl::StatusOr<BlockingConnection> connection = BlockingConnection::Open(url_, "tests");
  if (!connection.ok()) GiveUp(DatabaseWordsOf(connection.status()));
  const absl::Status done = connection->RunScript(sql);
  if (!done.ok()) GiveUp(fmt::format("{}: {}", sql, std::string(done.message())));
}

std::string TestDatabase::AddSession(char seed) const {
  const std::string session(64, seed);
  Execute(fmt::format(R"(
    INSERT INTO demo_model_configs (session_id, endpoint_url, endpoint_origin, api_key_encrypted, model_id, model_name,
                                    provider, expires_at, connection_tested)
    VALUES ('{0}', 'https://endpoint.example/v1', 'https://endpoint.example', 'sealed', 'model', 'Model', 'custom',
            now() + interval '1 hour', true);
    INSERT INTO demo_session_expiry (demo_session_id, expires_at) VALUES ('{0}', now() + interval '1 hour'))",
                      session));
  return session;
}

}  // namespace ftl
