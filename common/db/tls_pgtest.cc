#include <filesystem>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/db/connection_settings.h"
#include "common/db/database.h"
#include "common/db/failure.h"
#include "tests/support/await.h"
#include "tests/support/certificates.h"
#include "tests/support/postgres.h"

namespace ftl {
namespace {

constexpr Query kIsTls{"test.is_tls", "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"};

std::string NewFolder() {
  char folder[] = "/tmp/ftl-tls-XXXXXX";
  return mkdtemp(folder);
}

// A server that goes by the name `localhost` and by no address.
class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { TestCluster::Get().Stop(); }
  static void TearDownTestSuite() { TestCluster::Get().Start(); }
  ~TlsTest() override {
    TestCluster::Get().Stop();
    std::filesystem::remove_all(folder_);
  }

  void StartWithTls() {
    const auto certificate = authority_.Certify("localhost");
    port_ = TestCluster::Get().StartOnTcp(certificate.cert, certificate.key);
  }
  void StartWithoutTls() { port_ = TestCluster::Get().StartOnTcp(); }

  // Whether the connection speaks TLS, or why there is none.
  absl::StatusOr<bool> Connect(std::string_view words) {
    asio::io_context io;
    Database database(io.get_executor(),
                      {.url = fmt::format("port={} user=postgres dbname=migrated {}", port_, words)});
    auto rows = Await(io, database.Run(DeadlineIn(absl::Seconds(5)), SessionScope::None(), kIsTls));
    if (!rows.ok()) return rows.status();
    return rows->Only().Get<bool>("ssl");
  }
  std::string WhyNot(std::string_view words) { return DatabaseWordsOf(Connect(words).status()); }

  std::string folder_ = NewFolder();
  TestAuthority authority_{folder_};
  uint16_t port_ = 0;
};

TEST_F(TlsTest, TrustsTheServerThatTheAuthorityVouchesForAndNoOther) {
  StartWithTls();
  const TestAuthority another(folder_, "another");
  const std::string ours = fmt::format("sslmode=verify-full sslrootcert={}", authority_.ca());
  const auto trusted = Connect("host=localhost " + ours);
  ASSERT_TRUE(trusted.ok()) << DatabaseWordsOf(trusted.status());
  EXPECT_TRUE(*trusted);
  EXPECT_NE(WhyNot(fmt::format("host=localhost sslmode=verify-full sslrootcert={}", another.ca())).find("verify"),
            std::string::npos);
  EXPECT_NE(WhyNot("host=127.0.0.1 " + ours).find("does not match"), std::string::npos);
}

TEST_F(TlsTest, SpeaksTlsOverTcpWithoutBeingTold) {
  StartWithTls();
  for (const char* words : {"host=localhost", "host=127.0.0.1", "hostaddr=127.0.0.1"}) {
    const auto connected = Connect(words);
    ASSERT_TRUE(connected.ok()) << words << ": " << DatabaseWordsOf(connected.status());
    EXPECT_TRUE(*connected) << words;
  }
}

TEST_F(TlsTest, GivesNothingToAServerWithoutTlsUnlessToldToOnThisMachine) {
  StartWithoutTls();
  for (const char* words : {"host=localhost", "host=127.0.0.1", "hostaddr=127.0.0.1", "host=/tmp hostaddr=127.0.0.1"}) {
    EXPECT_NE(WhyNot(words).find("does not support SSL"), std::string::npos) << words << ": " << WhyNot(words);
  }
  const auto plain = Connect("host=127.0.0.1 sslmode=disable");
  ASSERT_TRUE(plain.ok()) << DatabaseWordsOf(plain.status());
  EXPECT_FALSE(*plain);
}

TEST(TlsSettingsTest, TakesNoConnectionStringThatMayGoWithoutTlsToAnotherMachine) {
  for (const char* url :
       {"host=db.acme.com sslmode=disable", "host=db.acme.com sslmode=prefer",
        "postgresql://u:p@db.acme.com/d?sslmode=allow", "host=/tmp,db.acme.com sslmode=disable",
        "host=localhost hostaddr=192.0.2.1 sslmode=disable", "host=10.0.0.1 sslmode=prefer", "service=elsewhere"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadConnectionString(url, "", "").status())) << url;
  }
  for (const char* url :
       {"host=/run/postgresql sslmode=disable", "host=127.0.0.1 sslmode=disable", "dbname=d", "host=db.acme.com",
        "host=db.acme.com sslmode=verify-full", "host=db.acme.com sslmode=require"}) {
    EXPECT_TRUE(ReadConnectionString(url, "", "").ok()) << url;
  }
}

}  // namespace
}  // namespace ftl
