#include "common/db/statement_span.h"

#include <string>

namespace ftl {

trace::Span StatementSpan(const std::vector<Statement>& statements) {
  constexpr size_t kMostNames = 4;
  trace::Span span = trace::Span::BeginUnderCurrent(trace::SpanKind::kClient, "database");
  if (!span.is_recorded()) return span;
  std::string names;
  for (size_t i = 0; i < statements.size() && i < kMostNames; ++i) {
    const std::string_view name = statements[i].query.name;
    if (!names.empty()) names += ' ';
    names += name.empty() ? std::string_view("query") : name;
  }
  span.Set("db.system.name", std::string("postgresql"));
  span.Set("db.query.summary", names);
  if (statements.size() > 1) span.Set("db.operation.batch.size", static_cast<int64_t>(statements.size()));
  span.SetName(std::move(names));
  return span;
}

}  // namespace ftl
