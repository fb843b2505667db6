#include "tests/bench/bare_store.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <endian.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ftl::bench {
namespace {

constexpr size_t kBatch = 32;
constexpr int kMostBatches = 8;
constexpr Oid kInt4 = 23;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;

constexpr const char* kMakeTable = R"(
  DROP SCHEMA IF EXISTS bare CASCADE;
  CREATE SCHEMA bare;
  CREATE TABLE bare.runs (demo_session_id text, id uuid, PRIMARY KEY (demo_session_id, id));
  CREATE TABLE bare.results (LIKE public.demo_batch_test_results INCLUDING ALL,
    FOREIGN KEY (demo_session_id, test_run_id) REFERENCES bare.runs (demo_session_id, id) ON DELETE CASCADE);
  INSERT INTO bare.runs VALUES (repeat('0', 64), '00000000-0000-4000-8000-000000000000'))";

constexpr const char* kInsert = R"(
  INSERT INTO bare.results
    (demo_session_id, test_run_id, prompt_id, sequence, prompt, response, success, model_id, latency_us)
  SELECT repeat('0', 64), '00000000-0000-4000-8000-000000000000', prompt_id, sequence, prompt, response, true, 'bare', latency_us
  FROM unnest($1::int[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
    AS u(prompt_id, sequence, prompt, response, latency_us))";

// An array of one dimension in PostgreSQL's binary form.
class Array {
 public:
  Array(Oid element, size_t count) {
    for (const int32_t word : {1, 0, static_cast<int32_t>(element), static_cast<int32_t>(count), 1}) AddWord(word);
  }
  void Add(int32_t value) {
    AddWord(sizeof value);
    AddWord(value);
  }
  void Add(int64_t value) {
    AddWord(sizeof value);
    const uint64_t big_endian = htobe64(static_cast<uint64_t>(value));
    bytes_.append(reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
  }
  void Add(const std::string& text) {
    AddWord(static_cast<int32_t>(text.size()));
    bytes_ += text;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void AddWord(int32_t word) {
    const uint32_t big_endian = htobe32(static_cast<uint32_t>(word));
    bytes_.append(reinterpret_cast<const char*>(&big_endian), sizeof big_endian);
  }
  std::string bytes_;
};

}  // namespace

BareStore::BareStore(asio::io_context& io, const std::string& url)
    : connection_(PQconnectdb(url.c_str())), socket_(io), all_stored_(io) {
  Run("SET client_min_messages = warning");
  Run(kMakeTable);
  PQclear(PQprepare(connection_, "insert", kInsert, 0, nullptr));
  PQsetnonblocking(connection_, 1);
  PQenterPipelineMode(connection_);
  socket_.assign(dup(PQsocket(connection_)));
}

BareStore::~BareStore() {
  PQexitPipelineMode(connection_);
  PQsetnonblocking(connection_, 0);
  PQclear(PQexec(connection_, "DROP SCHEMA bare CASCADE"));
  PQfinish(connection_);
}

void BareStore::Run(const char* sql) {
  PGresult* result = PQexec(connection_, sql);
  const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  if (!good) throw std::runtime_error(PQerrorMessage(connection_));
}

void BareStore::Add(BareAnswer answer) {
  waiting_.push_back(std::move(answer));
  Send();
}

// Whole batches as they fill; a part of one where the database has nothing to do.
void BareStore::Send() {
  while (!waiting_.empty() && (batches_ == 0 || (waiting_.size() >= kBatch && batches_ < kMostBatches))) SendBatch();
}

void BareStore::SendBatch() {
  const size_t count = std::min(waiting_.size(), kBatch);
  std::array arrays = {Array(kInt4, count), Array(kInt8, count), Array(kText, count), Array(kText, count),
                       Array(kInt8, count)};
  for (size_t i = 0; i < count; ++i) {
    arrays[0].Add(waiting_[i].prompt_id);
    arrays[1].Add(int64_t{++sequence_});
    arrays[2].Add(waiting_[i].prompt);
    arrays[3].Add(waiting_[i].response);
    arrays[4].Add(waiting_[i].latency_us);
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  std::array<const char*, arrays.size()> values;
  std::array<int, arrays.size()> lengths;
  std::array<int, arrays.size()> formats;
  for (size_t i = 0; i < arrays.size(); ++i) {
    values[i] = arrays[i].bytes().data();
    lengths[i] = static_cast<int>(arrays[i].bytes().size());
    formats[i] = 1;
  }
  PQsendQueryPrepared(connection_, "insert", arrays.size(), values.data(), lengths.data(), formats.data(), 0);
  PQpipelineSync(connection_);
  PQflush(connection_);
  if (++batches_ == 1) asio::co_spawn(socket_.get_executor(), Receive(), asio::detached);
}

asio::awaitable<void> BareStore::Receive() {
  while (batches_ > 0) {
    co_await socket_.async_wait(socket_.wait_read, asio::use_awaitable);
    PQconsumeInput(connection_);
    PQflush(connection_);
    while (batches_ > 0 && !PQisBusy(connection_)) {
      PGresult* result = PQgetResult(connection_);
      const ExecStatusType status = PQresultStatus(result);
      if (status == PGRES_COMMAND_OK) stored_ += std::stoi(PQcmdTuples(result));
      if (status == PGRES_PIPELINE_SYNC) --batches_;
      PQclear(result);
      if (result != nullptr && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC) {
        throw std::runtime_error(PQerrorMessage(connection_));
      }
    }
    Send();
  }
  all_stored_.cancel();
}

asio::awaitable<void> BareStore::Flush() {
  while (batches_ > 0 || !waiting_.empty()) {
    all_stored_.expires_at(std::chrono::steady_clock::time_point::max());
    co_await all_stored_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

}  // namespace ftl::bench
