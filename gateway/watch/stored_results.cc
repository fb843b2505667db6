#include "gateway/watch/stored_results.h"

#include <algorithm>

#include <absl/cleanup/cleanup.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/error/try.h"
#include "common/json/message_json.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "gateway/http/sse_writer.h"

namespace ftl::gateway {

namespace pb = finetunelab::batch_runner::v1;

namespace {

constexpr std::string_view kListResults = "finetunelab.batch_runner.v1.BatchRunnerService.ListResults";
constexpr int kPage = 200;
constexpr size_t kMostFetches = 4;
constexpr absl::Duration kListLimit = absl::Seconds(30);
constexpr auto kToTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

StoredResults::StoredResults(asio::any_io_executor executor, Upstream& upstream)
    : upstream_(upstream), fetched_(executor, asio::steady_timer::time_point::max()) {}

StoredResults::Reader::Reader(StoredResults& results, std::string test_run_id)
    : results_(results), test_run_id_(std::move(test_run_id)) {
  ++results_.readers_[test_run_id_];
}

StoredResults::Reader::~Reader() {
  if (--results_.readers_[test_run_id_] > 0) return;
  results_.readers_.erase(test_run_id_);
  results_.kept_.remove_if([this](const std::shared_ptr<const Page>& page) {
    if (page->test_run_id != test_run_id_) return false;
    results_.kept_bytes_ -= page->bytes;
    return true;
  });
}

Task<std::shared_ptr<const StoredResults::Page>> StoredResults::After(std::string test_run_id, int64_t cursor) {
  while (true) {
    if (auto page = Find(test_run_id, cursor)) co_return page;
    const bool may_fetch = fetching_.size() < kMostFetches && fetching_.count(test_run_id) == 0;
    if (may_fetch) co_return co_await Fetch(std::move(test_run_id), cursor);
    co_await fetched_.async_wait(kToTuple);
  }
}

std::shared_ptr<const StoredResults::Page> StoredResults::Find(const std::string& test_run_id, int64_t cursor) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& page) {
    return page->test_run_id == test_run_id && page->after <= cursor && page->events.back().sequence > cursor;
  });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front();
}

Task<std::shared_ptr<const StoredResults::Page>> StoredResults::Fetch(std::string test_run_id, int64_t cursor) {
  fetching_.insert(test_run_id);
  const absl::Cleanup ended = [this, &test_run_id] {
    fetching_.erase(test_run_id);
    fetched_.cancel();
  };
  pb::ListResultsRequest request;
  request.set_test_run_id(test_run_id);
  request.set_after_sequence(cursor);
  request.set_page_size(kPage);
  CO_TRY(const auto response,
         co_await upstream_.Call<pb::ListResultsResponse>(OwnCall(kListLimit), kListResults, std::move(request)));
  auto page = std::make_shared<Page>(Page{test_run_id, cursor, {}});
  for (const pb::Result& result : response.results()) {
    std::string text;
    http::AppendEvent("result", result.sequence(), ToJson(result), text);
    page->bytes += text.size();
    page->events.emplace_back(result.sequence(), false, std::move(text));
    Share(test_run_id, page->events.back());
  }
  if (!page->events.empty()) Keep(page);
  co_return page;
}

void StoredResults::Keep(std::shared_ptr<const Page> page) {
  kept_bytes_ += page->bytes;
  kept_.push_front(std::move(page));
  while (kept_bytes_ > kKeptBytes && kept_.size() > 1) {
    kept_bytes_ -= kept_.back()->bytes;
    kept_.pop_back();
  }
}

void StoredResults::Share(const std::string& test_run_id, EventRing::Event& event) {
  if (event.text->size() < EventRing::kPieceBytes) return;
  for (auto known = large_.begin(); known != large_.end();) {
    known = known->second.expired() ? large_.erase(known) : std::next(known);
  }
  std::weak_ptr<const std::string>& known = large_[{test_run_id, event.sequence}];
  if (const auto text = known.lock(); text && *text == *event.text) {
    event.text = text;
  } else {
    known = event.text;
  }
}

}  // namespace ftl::gateway
