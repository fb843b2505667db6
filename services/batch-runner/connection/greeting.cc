#include "services/batch-runner/connection/greeting.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::batch_runner {
namespace {

constexpr int kMaxTokens = 256;
// A token says that it is connected; what comes right after it, whether usage does.
constexpr absl::Duration kEnough = absl::Milliseconds(500);
constexpr const char* kPrompt = "Hello, are you there?";

ChatRequest RequestTo(const KeyLoans::Loan& loan) {
  return {.model = loan.model_id,
          .messages = {{"user", kPrompt}},
          .temperature = 0.7,
          .max_tokens = kMaxTokens,
          .stream = true,
          .enough_after_token = kEnough,
          .capabilities = loan.capabilities};
}

}  // namespace

Greeting::Greeting(asio::any_io_executor executor, Caller& caller, Endpoint endpoint, KeyLoans::Loan loan,
                   std::string session)
    : caller_(caller),
      endpoint_(std::move(endpoint)),
      loan_(std::move(loan)),
      session_(std::move(session)),
      request_(RequestTo(loan_)),
      ended_(std::move(executor), asio::steady_timer::time_point::max()) {}

void Greeting::Begin() {
  auto end = [self = shared_from_this()](std::exception_ptr failure, absl::StatusOr<ChatReply> reply) {
    self->reply_ = failure ? absl::CancelledError("the call was broken off") : std::move(reply);
    self->ended_.cancel();
  };
  asio::co_spawn(ended_.get_executor(),
                 caller_.Chat(DeadlineIn(kLongest), endpoint_, loan_.credential, session_, request_),
                 asio::bind_cancellation_slot(cancel_.slot(), std::move(end)));
}

asio::awaitable<std::optional<absl::StatusOr<ChatReply>>> Greeting::Heard(absl::Duration limit) {
  using namespace asio::experimental::awaitable_operators;  // NOLINT(google-build-using-namespace): the operators only
  constexpr auto kQuietly = asio::as_tuple(asio::use_awaitable);
  asio::steady_timer patience(ended_.get_executor(), DeadlineIn(limit));
  if (!reply_) co_await (ended_.async_wait(kQuietly) || patience.async_wait(kQuietly));
  co_return reply_;
}

}  // namespace ftl::batch_runner
