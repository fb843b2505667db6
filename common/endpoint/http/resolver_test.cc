#include "common/endpoint/http/resolver.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace ftl {
namespace {

using Answer = absl::StatusOr<SystemResolver::Addresses>;

// Names that begin with `silent` are answered after half a second, others at once.
class ResolverTest : public testing::Test {
 protected:
  struct Ended {
    Answer answer = absl::UnknownError("not yet");
    absl::Duration after;
  };
  // Asks for all names at once; the answers appear as they come.
  void Ask(const std::string& party, const std::vector<std::string>& names, absl::Duration limit) {
    for (const std::string& name : names) {
      const absl::Time asked = absl::Now();
      asio::co_spawn(io_, resolver_.Resolve(name, party, DeadlineIn(limit)),
                     [this, key = party + ' ' + name, asked](std::exception_ptr, Answer answer) {
                       ended_[key] = {std::move(answer), absl::Now() - asked};
                     });
    }
  }
  void RunUntil(size_t ended) {
    io_.restart();
    while (ended_.size() < ended) io_.run_one();
  }
  static std::vector<std::string> Silent(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("silent-" + std::to_string(i));
    return names;
  }

  asio::io_context io_;
  std::atomic<int> asked_ = 0;
  std::map<std::string, Ended> ended_;
  SystemResolver resolver_{io_.get_executor(), [this](const std::string& name) -> Answer {
                             ++asked_;
                             if (name.starts_with("silent"))
                               std::this_thread::sleep_for(std::chrono::milliseconds(500));
                             if (name.starts_with("unknown")) return absl::NotFoundError("no such name");
                             return SystemResolver::Addresses{asio::ip::make_address("192.0.2.1")};
                           }};
};

TEST_F(ResolverTest, OnePartysSilentNamesHoldUpNobodyElse) {
  Ask("a", Silent(40), absl::Seconds(20));
  Ask("b", {"quick"}, absl::Seconds(20));
  RunUntil(1);
  ASSERT_TRUE(ended_.contains("b quick"));
  EXPECT_LT(ended_["b quick"].after, absl::Milliseconds(400));
  EXPECT_EQ(asked_, SystemResolver::kThreadsOfAParty + 1);
}

TEST_F(ResolverTest, TellsALookUpThatCouldNotBeginFromOneThatTookTooLong) {
  Ask("a", Silent(SystemResolver::kThreadsOfAParty + 1), absl::Milliseconds(100));
  RunUntil(SystemResolver::kThreadsOfAParty + 1);
  EXPECT_EQ(ended_["a silent-0"].answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ended_["a silent-1"].answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ended_["a silent-2"].answer.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ResolverTest, AnAnswerIsKeptForEverybodyForAWhileAndARefusalIsNot) {
  Ask("a", {"quick", "unknown"}, absl::Seconds(5));
  RunUntil(2);
  Ask("b", {"quick", "unknown"}, absl::Seconds(5));
  RunUntil(4);
  EXPECT_TRUE(ended_["a quick"].answer.ok());
  EXPECT_TRUE(ended_["b quick"].answer.ok());
  EXPECT_EQ(ended_["b unknown"].answer.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(asked_, 3);
}

TEST_F(ResolverTest, ThoseOfAPartyWhoAskForOneNameShareTheLookUp) {
  Ask("a", {"silent"}, absl::Seconds(5));
  Ask("a", {"silent"}, absl::Seconds(5));
  io_.restart();
  io_.run();
  EXPECT_TRUE(ended_["a silent"].answer.ok());
  EXPECT_EQ(asked_, 1);
}

TEST_F(ResolverTest, WhatWaitsForItsTurnHasIt) {
  Ask("a", Silent(2 * SystemResolver::kThreadsOfAParty), absl::Seconds(20));
  RunUntil(2 * SystemResolver::kThreadsOfAParty);
  for (const auto& [name, ended] : ended_) EXPECT_TRUE(ended.answer.ok()) << name << ended.answer.status();
}

}  // namespace
}  // namespace ftl
