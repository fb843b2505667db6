// Looks through the memory of a process that has opened sessions and lent their keys over gRPC. Linked with
// wiping_free, as the programs are.
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "common/rpc/server.h"
#include "common/secret/sealed_box.h"
#include "common/session/session_id.h"
#include "finetunelab/session_vault/v1/key_lending_service.grpc.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.grpc.pb.h"
#include "services/session-vault/module.h"
#include "services/session-vault/vault/scratch_keys.h"
#include "tests/support/postgres.h"

namespace ftl::vault {
namespace {

namespace pb = finetunelab::session_vault::v1;

constexpr char kMask = 0x55;

// The key is made where it is needed, so that the program's own text holds it nowhere.
const std::string kMaskedKey = [] {
  std::string masked = "sk-remembered-nowhere-Zq7vKx2LmWp9TbRd";
  for (char& c : masked) c ^= kMask;
  return masked;
}();

std::string ApiKey() {
  std::string key = kMaskedKey;
  for (char& c : key) c ^= kMask;
  return key;
}

// A piece: the allocator writes its own notes over the beginning of what was freed.
constexpr size_t kPieceBytes = 16;

bool IsPieceAt(const char* memory) {
  const char* const piece = kMaskedKey.data() + kMaskedKey.size() - kPieceBytes;
  for (size_t i = 0; i < kPieceBytes; ++i) {
    if ((memory[i] ^ kMask) != piece[i]) return false;
  }
  return true;
}

// How often a piece of the key stands in the writable memory of this process.
int PiecesInMemory() {
  std::vector<std::pair<uintptr_t, uintptr_t>> ranges;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char rights[5];
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, rights) == 3 && rights[0] == 'r' && rights[1] == 'w') {
      ranges.emplace_back(begin, end);
    }
  }
  const int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  int pieces = 0;
  std::vector<char> window(1 << 16);
  for (const auto& [begin, end] : ranges) {
    for (uintptr_t at = begin; at < end; at += window.size() - kPieceBytes) {
      const ssize_t size =
          pread(memory, window.data(), std::min<size_t>(window.size(), end - at), static_cast<off_t>(at));
      for (ssize_t i = 0; i + static_cast<ssize_t>(kPieceBytes) <= size; ++i) {
        if (IsPieceAt(window.data() + i)) ++pieces;
      }
      std::fill(window.begin(), window.end(), 0);
    }
  }
  close(memory);
  return pieces;
}

TEST(MemoryTest, HoldsNoKeyAfterItsSessionIsOpenedLentAndClosed) {
  {
    std::string held = ApiKey();
    ASSERT_GE(PiecesInMemory(), 1) << "the search itself finds nothing";
  }
  const ScratchKeys scratch;
  const TestDatabase test_database;
  std::map<std::string, std::string> environment = {{"DATABASE_URL", test_database.url()},
                                                    {"DEMO_ENCRYPTION_KEY", std::string(ScratchKeys::kMaster)},
                                                    {"DEMO_MAX_SESSIONS_PER_ADDRESS", "100"},
                                                    {"FTL_KEY_DIR", scratch.path()}};
  host::Settings settings([&](const std::string& name) -> std::optional<std::string> {
    return environment.count(name) ? std::optional(environment[name]) : std::nullopt;
  });
  const auto module = SessionVaultModule().make(settings);
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::thread thread([&] { io.run(); });
  const rpc::Channels channels;
  host::Environment surroundings{io.get_executor(), channels};
  ASSERT_TRUE(asio::co_spawn(io, module->Start(surroundings), asio::use_future).get().ok());
  rpc::Registrar registrar(rpc::Serving(io.get_executor(), "token"), /*authenticated=*/true);
  module->Serve(registrar);
  auto server = *rpc::Server::WithoutPort(registrar.Take());
  {
    const auto sessions = pb::SessionVaultService::NewStub(server->InProcess("gateway", "token"));
    const auto lending = pb::KeyLendingService::NewStub(server->InProcess("batch-runner", "token"));
    const SealedBox box;
    for (int i = 0; i < 50; ++i) {
      pb::OpenSessionRequest open;
      open.set_endpoint_url("https://api.openai.com/v1");
      open.set_api_key(ApiKey());
      open.set_model_id("model");
      open.set_client_address("203.0.113.7");
      pb::OpenSessionResponse opened;
      grpc::ClientContext opening;
      ASSERT_TRUE(sessions->OpenSession(&opening, open, &opened).ok());
      pb::LendKeyRequest borrow;
      borrow.set_demo_session_id(*SessionHash(opened.session_id()));
      borrow.set_purpose(pb::LEND_PURPOSE_RUN);
      borrow.set_seal_to(std::string(box.public_key()));
      pb::LendKeyResponse lent;
      grpc::ClientContext lending_context;
      ASSERT_TRUE(lending->LendKey(&lending_context, borrow, &lent).ok());
      ASSERT_TRUE(box.Open(lent.sealed_api_key())->Reveal() == ApiKey());
      pb::CloseSessionRequest close;
      close.set_session_id(opened.session_id());
      pb::CloseSessionResponse closed;
      grpc::ClientContext closing;
      ASSERT_TRUE(sessions->CloseSession(&closing, close, &closed).ok());
    }
  }
  EXPECT_EQ(PiecesInMemory(), 0);
  server->Shutdown(absl::Seconds(1));
  ASSERT_TRUE(asio::co_spawn(io, module->Stop(), asio::use_future).get().ok());
  work.reset();
  thread.join();
}

}  // namespace
}  // namespace ftl::vault
