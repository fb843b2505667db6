#include "services/batch-runner/import/importer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <absl/time/civil_time.h>
#include <absl/time/clock.h>
#include <fmt/format.h>

#include "common/db/migrator.h"
#include "common/error/try.h"
#include "common/json/json_reader.h"
#include "common/text/view.h"
#include "common/time/proto_time.h"
#include "services/batch-runner/chat/chat_rules.h"
#include "services/batch-runner/chat/conversation_import.h"
#include "services/batch-runner/import/request_table.h"
#include "services/batch-runner/store/uuid.h"
#include "services/batch-runner/suite/encoding.h"

namespace ftl::batch_runner {
namespace {

constexpr size_t kConversationFileBytes = 256 * 1024 * 1024;
constexpr size_t kLogBytes = 1024 * 1024 * 1024;
// The counters of a day are made anew with each.
constexpr size_t kRowsAtATime = 2000;
constexpr size_t kRowBytesAtATime = 16 * 1024 * 1024;
constexpr size_t kStateBytes = 1024 * 1024;
constexpr absl::Duration kLongestStep = absl::Minutes(1);

std::string PathOf(const ImportFolder& folder, const std::string& name) { return folder.path + "/" + name; }

void SayFault(const std::string& path, std::string_view fault, ImportTally& tally, ProgressBar& bar) {
  ++tally.failed;
  bar.Say(fmt::format("{}: {}", ShownName(path), fault));
}

}  // namespace

Importer::Importer(boost::asio::any_io_executor executor, const BatchRunnerSettings& settings, std::string owner,
                   bool dry_run)
    : database_(executor, settings.database),
      commits_(executor, settings.database.ForLane("log", 1), database_),
      conversations_(database_, database_),
      agents_(database_),
      log_(commits_, database_, NewUuid()),
      owner_(std::move(owner)),
      dry_run_(dry_run),
      keeps_content_(settings.keeps_content),
      history_days_(settings.history_days) {}

Task<> Importer::Check() { co_return co_await RequireCurrentSchema(database_, DeadlineIn(absl::Seconds(10))); }

Task<ImportTally> Importer::Conversations(const ImportFolder& folder) {
  ImportTally tally;
  ProgressBar bar("conversation files", folder.names.size());
  size_t done = 0;
  for (const std::string& name : folder.names) {
    bar.Show(done++);
    const std::string path = PathOf(folder, name);
    const absl::StatusOr<std::string> text = ReadImportFile(path, kConversationFileBytes);
    if (!text.ok()) {
      SayFault(path, fmt::format("The file {}.", std::string(text.status().message())), tally, bar);
      continue;
    }
    ForeignFile file = ReadForeignConversations(name, *text);
    for (const std::string& fault : file.faults) SayFault(path, fault, tally, bar);
    for (ForeignConversation& conversation : file.conversations) {
      const int left_out = conversation.left_out;
      CO_TRY(const std::optional<std::string> id,
             co_await conversations_.Import(OwnCall(kLongestStep), owner_, std::string(kDefaultProject),
                                            std::move(conversation), dry_run_));
      ++(id ? tally.imported : tally.already_there);
      if (id) tally.left_out += left_out;
    }
  }
  co_return tally;
}

Task<ImportTally> Importer::AgentStates(const ImportFolder& folder) {
  ImportTally tally;
  ProgressBar bar("agent states", folder.names.size());
  size_t done = 0;
  for (const std::string& name : folder.names) {
    bar.Show(done++);
    const std::string path = PathOf(folder, name);
    absl::StatusOr<std::string> text = ReadImportFile(path, kStateBytes);
    if (!text.ok()) {
      SayFault(path, fmt::format("The file {}.", std::string(text.status().message())), tally, bar);
      continue;
    }
    const absl::Status read = JsonDocument::Parse(*text).status();
    const std::string agent = name.substr(0, name.size() - std::string_view(".json").size());
    if (!read.ok() || agent.empty() || agent.size() > kNameBytes) {
      SayFault(path, read.ok() ? "The file's name is no agent's: it must have 1 to 200 bytes." : ToStd(read.message()),
               tally, bar);
      continue;
    }
    CO_TRY(const bool is_new, co_await agents_.ImportState(OwnCall(kLongestStep), owner_, std::string(kDefaultProject),
                                                           agent, *std::move(text), dry_run_));
    ++(is_new ? tally.imported : tally.already_there);
  }
  co_return tally;
}

Task<> Importer::Store(std::vector<pb::LoggedRequest>& rows, ImportTally& tally) {
  CO_TRY(const int64_t stored, co_await log_.Import(DeadlineIn(kLongestStep), owner_, rows, dry_run_));
  tally.imported += stored;
  tally.already_there += static_cast<int64_t>(rows.size()) - stored;
  rows.clear();
  co_return absl::OkStatus();
}

Task<ImportTally> Importer::Requests(const std::string& path) {
  ImportTally tally;
  const absl::StatusOr<std::string> bytes = ReadImportFile(path, kLogBytes);
  const auto text = bytes.ok() ? DecodeText(*bytes) : bytes.status();
  ProgressBar bar("lines", text.ok() ? std::count(text->text.begin(), text->text.end(), '\n') : 0);
  auto table = text.ok() ? RequestTable::Open(text->text, keeps_content_) : text.status();
  if (!table.ok()) {
    const std::string fault(table.status().message());
    SayFault(path, bytes.ok() && !text.ok() ? fault : fmt::format("The file {}.", fault), tally, bar);
    co_return tally;
  }
  const auto day_of = [](absl::Time moment) { return absl::ToCivilDay(moment, absl::UTCTimeZone()); };
  const absl::CivilDay oldest = history_days_ == 0 ? absl::CivilDay::min() : day_of(absl::Now()) - history_days_;
  std::vector<pb::LoggedRequest> rows;
  absl::CivilDay rows_day;
  size_t rows_bytes = 0;
  while (true) {
    absl::StatusOr<std::optional<pb::LoggedRequest>> row = table->Next();
    if (!row.ok()) {
      SayFault(fmt::format("{}:{}", path, table->line()),
               fmt::format("The row {}.", std::string(row.status().message())), tally, bar);
      continue;
    }
    if (!*row) break;
    bar.Show(static_cast<size_t>(table->line()));
    const absl::CivilDay day = day_of(FromProto((*row)->timestamp()));
    if (day < oldest) {
      ++tally.too_old;
      continue;
    }
    if (!rows.empty() && (day != rows_day || rows.size() == kRowsAtATime || rows_bytes > kRowBytesAtATime)) {
      CO_TRY(co_await Store(rows, tally));
      rows_bytes = 0;
    }
    rows_day = day;
    rows_bytes += (*row)->ByteSizeLong();
    rows.push_back(**std::move(row));
  }
  CO_TRY(co_await Store(rows, tally));
  co_return tally;
}

}  // namespace ftl::batch_runner
