#include "services/export/module.h"

#include <memory>
#include <optional>
#include <utility>

#include "common/db/migrator.h"
#include "common/error/try.h"
#include "common/performance/recorder.h"
#include "services/export/rpc/comparison_export_service.h"
#include "services/export/rpc/conversation_export_service.h"
#include "services/export/rpc/exporter_service.h"
#include "services/export/rpc/history_export_service.h"
#include "services/export/settings.h"

namespace ftl::exporter {
namespace {

// Everything the module is made of, in the order in which each stands on what is above it.
struct Machinery {
  Machinery(const ExportSettings& settings, host::Environment& environment)
      : database(environment.executor, settings.database),
        results(database),
        conversations(database),
        tokens(database),
        log(database),
        numbers(environment.channels.To("analytics")) {}

  Database database;
  ResultReader results;
  ConversationReader conversations;
  DownloadTokens tokens;
  ExportLog log;
  Numbers numbers;
  RenderThread pages;
};

class Export final : public host::Module {
 public:
  explicit Export(ExportSettings settings) : settings_(std::move(settings)) {}

  Task<> Start(host::Environment& environment) override {
    machinery_ = std::make_unique<Machinery>(settings_, environment);
    if (settings_.workspace != WorkspaceMode::kOff) recorder_.emplace(settings_.database);
    co_return co_await RequireCurrentSchema(machinery_->database, DeadlineIn(absl::Seconds(10)));
  }

  void Serve(rpc::Registrar& registrar) override {
    Machinery& m = *machinery_;
    registrar.Add(std::make_unique<ExporterService>(
        registrar.serving(), ExporterService::Parts{m.results, m.tokens, m.log, m.numbers, m.pages}));
    if (settings_.workspace != WorkspaceMode::kOff && registrar.authenticated()) {
      registrar.Add(std::make_unique<HistoryExportService>(registrar.serving(), m.database));
      registrar.Add(std::make_unique<ConversationExportService>(registrar.serving(), m.conversations));
      registrar.Add(std::make_unique<ComparisonExportService>(registrar.serving(), m.numbers, m.pages));
    }
  }

  Task<> Check(Deadline deadline) override { co_return co_await machinery_->database.Check(deadline); }

  Task<> Stop() override {
    recorder_.reset();
    machinery_.reset();
    co_return absl::OkStatus();
  }

 private:
  const ExportSettings settings_;
  std::unique_ptr<Machinery> machinery_;
  std::optional<performance::Recorder> recorder_;
};

}  // namespace

host::ModuleKind ExportModule() {
  return {"export", {"analytics"}, "0.0.0.0:50054", [](host::Settings& settings) -> std::unique_ptr<host::Module> {
            return std::make_unique<Export>(ExportSettings::Read(settings));
          }};
}

}  // namespace ftl::exporter
