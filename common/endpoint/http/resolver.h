#pragma once

#include <map>
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
  // Every address of `name`, in the order to try. NOT_FOUND for a name without addresses, UNAVAILABLE when the look-up
  // failed, DEADLINE_EXCEEDED, CANCELLED.
  virtual Task<std::vector<asio::ip::address>> Resolve(std::string name, Deadline deadline) = 0;
};

// The system's resolver (getaddrinfo), on a few threads of its own, so that one name whose servers are slow does not
// hold up the rest. Calls that ask for a name while it is looked up share the answer. No answer is kept.
class SystemResolver : public Resolver {
 public:
  explicit SystemResolver(asio::any_io_executor executor);
  ~SystemResolver() override;
  Task<std::vector<asio::ip::address>> Resolve(std::string name, Deadline deadline) override;

 private:
  struct Lookup;
  struct Threads;

  // The look-up of `name` that is under way, or a new one.
  std::shared_ptr<Lookup> Join(const std::string& name);

  asio::any_io_executor executor_;
  std::unique_ptr<Threads> threads_;
  std::map<std::string, std::weak_ptr<Lookup>> under_way_;
};

}  // namespace ftl
