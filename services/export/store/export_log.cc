#include "services/export/store/export_log.h"

namespace ftl::exporter {
namespace {

constexpr Query kRecord{"export.record", R"(
  INSERT INTO audit_log (event, demo_session_id, details)
  VALUES ('results_exported', $1, jsonb_build_object('format', $2::text)))"};

}  // namespace

Task<> ExportLog::Record(Deadline deadline, std::string session, std::string format) {
  co_return (co_await database_.Run(deadline, SessionScope(session), kRecord, Params(session, format))).status();
}

}  // namespace ftl::exporter
