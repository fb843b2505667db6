#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>

#include "common/async/task.h"
#include "common/time/deadline.h"

namespace ftl {

// Looks names up.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Every address of `name`, in the order to try, for `party`, a session say. NOT_FOUND for a name without addresses,
  // UNAVAILABLE when the look-up failed, DEADLINE_EXCEEDED when the name's servers took too long, RESOURCE_EXHAUSTED
  // when it could not be begun: that is our own fault; CANCELLED.
  virtual Task<std::vector<asio::ip::address>> Resolve(std::string name, std::string party, Deadline deadline) = 0;
};

// The system's resolver (getaddrinfo), on threads of its own, of which no party has more than a few: names whose
// servers are silent hold up those who ask for them. Answers are kept for some seconds; whoever connects judges them
// each time.
class SystemResolver : public Resolver {
 public:
  static constexpr size_t kThreads = 16;
  static constexpr int kThreadsOfAParty = 2;
  static constexpr absl::Duration kKept = absl::Seconds(5);

  using Addresses = std::vector<asio::ip::address>;
  // Blocks; called on the threads.
  using LookUp = std::function<absl::StatusOr<Addresses>(const std::string& name)>;

  explicit SystemResolver(asio::any_io_executor executor);
  // By another look-up than getaddrinfo.
  SystemResolver(asio::any_io_executor executor, LookUp look_up);
  ~SystemResolver() override;
  Task<Addresses> Resolve(std::string name, std::string party, Deadline deadline) override;

 private:
  class Desk;
  std::shared_ptr<Desk> desk_;
};

}  // namespace ftl
