#include "gateway/http/write_turns.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::http {
namespace {

constexpr size_t kSlice = 64 * 1024;

class WriteTurnsTest : public testing::Test {
 protected:
  // Writes `times` as a stream does.
  void Write(int writer, int times, size_t bytes) {
    auto write = [this, writer, times, bytes]() -> asio::awaitable<void> {
      for (int i = 0; i < times; ++i) {
        if (!turns_.Take(bytes)) co_await turns_.Wait(bytes);
        written_.push_back(writer);
      }
    };
    asio::co_spawn(io_, std::move(write), asio::detached);
  }

  asio::io_context io_;
  WriteTurns turns_{io_.get_executor()};
  std::vector<int> written_;  // who, in order
};

TEST_F(WriteTurnsTest, LetsOthersThroughAfterEveryFewWritesOfACrowd) {
  for (int i = 0; i < 1000; ++i) Write(i, 10, kSlice);
  size_t most = 0;
  auto hop = [&]() -> asio::awaitable<void> {
    co_await asio::post(io_, asio::use_awaitable);
    for (int i = 0; i < 100; ++i) {
      const size_t before = written_.size();
      co_await asio::post(io_, asio::use_awaitable);
      most = std::max(most, written_.size() - before);
    }
  };
  asio::co_spawn(io_, std::move(hop), asio::detached);
  io_.run();
  EXPECT_EQ(written_.size(), 10'000);
  EXPECT_GT(most, 0);
  EXPECT_LE(most, 2 * WriteTurns::kBytesOfTurn / kSlice);
}

TEST_F(WriteTurnsTest, BoundsTheNumberOfShortWritesToo) {
  for (int i = 0; i < 1000; ++i) Write(i, 1, 1);
  auto look = [&]() -> asio::awaitable<void> {
    EXPECT_LE(written_.size(), 1 + WriteTurns::kBytesOfTurn / WriteTurns::kBytesOfWrite);
    co_return;
  };
  asio::co_spawn(io_, std::move(look), asio::detached);
  io_.run();
  EXPECT_EQ(written_.size(), 1000);
}

TEST_F(WriteTurnsTest, LetsNobodyWaitWhereLittleIsWritten) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(turns_.Take(100));
}

TEST_F(WriteTurnsTest, ServesWhoeverCameFirst) {
  for (int i = 0; i < 50; ++i) Write(i, 2, kSlice);
  io_.run();
  EXPECT_EQ(written_.size(), 100);
  EXPECT_TRUE(std::is_sorted(written_.begin() + 20, written_.begin() + 50));
}

}  // namespace
}  // namespace ftl::http
