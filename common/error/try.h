#pragma once

#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

// Hand a failure up, or go on with the value. Two forms, each a statement of its own line:
//   TRY(const Plan plan, PlanRun(request));    CO_TRY(const Plan plan, co_await store.Load(call));
//   TRY(Validate(request));                    CO_TRY(co_await store.Save(call, plan));
// TRY returns, CO_TRY co_returns. Not as an expression: GCC 12 cannot compile a co_await inside one.
#define FTL_TRY_JOIN_(a, b) a##b
#define FTL_TRY_NAME_(a, b) FTL_TRY_JOIN_(a, b)
#define FTL_TRY_PICK_(one, two, name, ...) name

#define FTL_TRY_VALUE_(hand_up, declaration, expression)                                                      \
  auto FTL_TRY_NAME_(ftl_try_, __LINE__) = (expression);                                                      \
  if (!FTL_TRY_NAME_(ftl_try_, __LINE__).ok()) hand_up std::move(FTL_TRY_NAME_(ftl_try_, __LINE__)).status(); \
  declaration = *std::move(FTL_TRY_NAME_(ftl_try_, __LINE__))

#define FTL_TRY_STATUS_(hand_up, expression)                                                           \
  if (absl::Status ftl_try_status = ::ftl::error_internal::ToStatus(expression); !ftl_try_status.ok()) \
  hand_up ftl_try_status

#define FTL_TRY_VALUE_RETURN_(declaration, expression) FTL_TRY_VALUE_(return, declaration, expression)
#define FTL_TRY_STATUS_RETURN_(expression) FTL_TRY_STATUS_(return, expression)
#define FTL_TRY_VALUE_CO_RETURN_(declaration, expression) FTL_TRY_VALUE_(co_return, declaration, expression)
#define FTL_TRY_STATUS_CO_RETURN_(expression) FTL_TRY_STATUS_(co_return, expression)

#define TRY(...) FTL_TRY_PICK_(__VA_ARGS__, FTL_TRY_VALUE_RETURN_, FTL_TRY_STATUS_RETURN_, )(__VA_ARGS__)
#define CO_TRY(...) FTL_TRY_PICK_(__VA_ARGS__, FTL_TRY_VALUE_CO_RETURN_, FTL_TRY_STATUS_CO_RETURN_, )(__VA_ARGS__)

namespace ftl::error_internal {

inline absl::Status ToStatus(absl::Status status) { return status; }
template <typename T>
absl::Status ToStatus(absl::StatusOr<T> result) {
  return std::move(result).status();
}

}  // namespace ftl::error_internal
