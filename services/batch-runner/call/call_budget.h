#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <string>

namespace ftl::batch_runner {

// How many calls to endpoints this process may have under way. While all are, whoever wants one stands in line once,
// and each call that ends is the next party's: one that wants many starves none that wants one. Pure. One per process,
// on the module's thread.
class CallBudget {
 public:
  explicit CallBudget(size_t most) : most_(most) {}

  // A call of the party, a run say, begins. False where it has to wait; the party stands in line then.
  bool Take(const std::string& party);
  // A call has ended. Gives the party for which its place is kept now, to be woken: it takes it, or leaves.
  std::optional<std::string> GiveBack();
  // The party wants no call any more. Gives the next for which a place is kept because of that.
  std::optional<std::string> Leave(const std::string& party);

  size_t used() const { return used_; }
  size_t waiting() const { return line_.size(); }

 private:
  const size_t most_;
  size_t used_ = 0;  // those kept included
  std::deque<std::string> line_;
  std::set<std::string> kept_;
};

}  // namespace ftl::batch_runner
