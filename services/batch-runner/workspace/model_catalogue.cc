#include "services/batch-runner/workspace/model_catalogue.h"

#include <optional>
#include <utility>

#include <absl/time/time.h>
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/refusal.h"
#include "common/error/try.h"
#include "common/time/proto_time.h"

namespace ftl::batch_runner {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);
constexpr size_t kMostModels = 10'000;  // of all keys together

std::string NameOf(const std::string& owner, const vault_pb::StoredKey& key) {
  return fmt::format("{}/{}/{}/{}", owner, key.service_name(), key.name(),
                     absl::ToUnixNanos(FromProto(key.created_at())));
}

pb::ModelsFailure FailureFor(const vault_pb::StoredKey& key, std::string_view message,
                             endpoint_pb::ErrorType error_type) {
  pb::ModelsFailure failure;
  failure.set_service(key.service_name());
  failure.set_key_name(key.name());
  failure.set_message(std::string(message));
  failure.set_error_type(error_type);
  return failure;
}

pb::AvailableModel ModelFrom(const ListedModel& listed, const vault_pb::StoredKey& key) {
  pb::AvailableModel model;
  model.set_id(listed.id);
  model.set_service(key.service_name());
  model.set_name(listed.name.empty() ? listed.id : listed.name);
  model.set_key_name(key.name());
  if (listed.created_at) *model.mutable_created_at() = ToProto(*listed.created_at);
  if (listed.context_length) model.set_context_length(*listed.context_length);
  if (listed.input_price) model.set_input_price(*listed.input_price);
  if (listed.output_price) model.set_output_price(*listed.output_price);
  return model;
}

}  // namespace

// All keys of one call, asked at the same time. Whoever is late finds it still there.
struct ModelCatalogue::Round {
  Round(asio::any_io_executor executor, size_t keys)
      : listings(keys), left(keys), all_there(executor, asio::steady_timer::time_point::max()) {}

  void Take(size_t place, std::shared_ptr<const Listing> listing) {
    listings[place] = std::move(listing);
    if (--left == 0) all_there.cancel();
  }

  std::vector<std::shared_ptr<const Listing>> listings;
  size_t left;
  asio::steady_timer all_there;
};

Task<pb::ListAllModelsResponse> ModelCatalogue::List(const CallContext& call, std::string owner) {
  CO_TRY(const std::vector<vault_pb::StoredKey> keys, co_await keys_.List(call, owner));
  ForgetOld();
  const auto round = std::make_shared<Round>(executor_, keys.size());
  for (size_t place = 0; place < keys.size(); ++place) {
    const auto take = [round, place](std::exception_ptr, std::shared_ptr<const Listing> listing) {
      round->Take(place, std::move(listing));
    };
    asio::co_spawn(executor_, Ask(call, owner, keys[place]), take);
  }
  boost::system::error_code ignored;
  while (round->left > 0) {
    co_await round->all_there.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  pb::ListAllModelsResponse response;
  for (const auto& listing : round->listings) {
    if (!listing) continue;
    if (listing->failure) *response.add_errors() = *listing->failure;
    for (const pb::AvailableModel& model : listing->models) {
      if (static_cast<size_t>(response.models_size()) < kMostModels) *response.add_models() = model;
    }
  }
  co_return response;
}

asio::awaitable<std::shared_ptr<const ModelCatalogue::Listing>> ModelCatalogue::Ask(CallContext call, std::string owner,
                                                                                    vault_pb::StoredKey key) {
  const std::string name = NameOf(owner, key);
  const auto kept = kept_.find(name);
  if (kept != kept_.end()) co_return kept->second.listing;
  absl::StatusOr<Listing> asked = co_await AskService(call, owner, key);
  auto listing = std::make_shared<Listing>();
  if (asked.ok()) {
    *listing = *std::move(asked);
  } else {
    const bool is_blocked = ReasonOf(asked.status()) == Reason::kEndpointNotAllowed;
    listing->failure =
        FailureFor(key, std::string_view(asked.status().message().data(), asked.status().message().size()),
                   is_blocked ? endpoint_pb::ERROR_TYPE_BLOCKED_ADDRESS : endpoint_pb::ERROR_TYPE_UNKNOWN);
  }
  if (!listing->failure) kept_[name] = {std::chrono::steady_clock::now() + kKept, listing};
  co_return listing;
}

Task<ModelCatalogue::Listing> ModelCatalogue::AskService(const CallContext& call, const std::string& owner,
                                                         const vault_pb::StoredKey& key) {
  CO_TRY(const StoredKeys::Loan loan, co_await keys_.Borrow(call, owner, key.service_name(), key.name()));
  CO_TRY(const Endpoint endpoint, Endpoint::Parse(loan.endpoint_url, policy_));
  CO_TRY(const ModelList list, co_await caller_.ListModels(DeadlineIn(kLimit), endpoint, loan.credential, owner,
                                                           *DialectNamed(loan.dialect)));
  Listing listing;
  if (!list.ok()) listing.failure = FailureFor(key, list.failure.sentence, list.failure.error_type);
  for (const ListedModel& listed : list.models) listing.models.push_back(ModelFrom(listed, key));
  co_return listing;
}

void ModelCatalogue::ForgetOld() {
  const Deadline now = std::chrono::steady_clock::now();
  std::erase_if(kept_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace ftl::batch_runner
