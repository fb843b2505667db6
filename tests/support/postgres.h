#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/db/database.h"

namespace ftl {

// A private PostgreSQL cluster, one per test program: a unix socket in a short folder under /tmp, no TCP, no fsync.
// Started and migrated by the first test that asks; stopped and removed when the program ends, however it ends: a guard
// process waits for that. Run as root it becomes the user postgres. Cannot start: the program ends with the reason.
class TestCluster {
 public:
  static TestCluster& Get();

  // The URL of a fresh copy of the migrated database, for a superuser.
  std::string NewDatabase();
  // The URL of a fresh database without schema, for a login that owns it and has CREATEROLE, nothing more.
  std::string NewEmptyDatabase();

  // Kills the server, as a power cut would, and starts it again. Whoever stops it starts it.
  void Stop();
  void Start();
  // Starts it so that it listens on 127.0.0.1 as well, and gives the port. With a certificate it speaks TLS with
  // whoever wants it, and plain text with the others.
  uint16_t StartOnTcp(const std::string& cert = "", const std::string& key = "");

 private:
  TestCluster();
  std::string Url(std::string_view database, std::string_view login) const;
  void RunAsSuperuser(const std::string& sql) const;
  void StartWith(std::string_view options) const;

  std::string folder_;
  int databases_ = 0;
};

// A migrated database for one test.
//   TestDatabase database;
//   Database runs(io.get_executor(), database.As("ftl_batch_runner"));
class TestDatabase {
 public:
  TestDatabase() : url_(TestCluster::Get().NewDatabase()) {}

  // For the superuser, who stands above row security.
  const std::string& url() const { return url_; }
  DatabaseSettings As(std::string_view role) const;
  // Statements of the superuser, to set a scene; the test fails when they do.
  void Execute(const std::string& sql) const;
  // Makes a live session (config and expiry) and gives its hash, another one for each `seed`.
  std::string AddSession(char seed = 'a') const;

 private:
  std::string url_;
};

}  // namespace ftl
