#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <absl/time/time.h>

struct pg_result;

namespace ftl {

// A column that is not there, is of another type, or is null where nothing said it may be. That is a fault in our
// source, not an expected failure: it is thrown, the transaction rolls back, and the call ends as INTERNAL.
class ColumnFault : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

class Rows;

// One row. A view: it lives no longer than its Rows.
class Row {
 public:
  // The column's value as a T: std::string (any type, in its text form), std::string_view (the same, bytes owned by
  // Rows), int64_t, int32_t, int16_t (integers at most as wide), double (any number), bool, absl::Time (timestamptz),
  // std::vector<std::string> (text[]), or std::optional of these for a column that may be null.
  template <typename T>
  T Get(std::string_view column) const;

  bool IsNull(std::string_view column) const;

 private:
  friend class Rows;
  Row(const Rows* rows, int index) : rows_(rows), index_(index) {}

  template <typename T>
  T Value(int column) const;
  int Column(std::string_view name) const;
  // Throws for null.
  std::string_view Text(int column) const;
  bool IsNullAt(int column) const;

  const Rows* rows_;
  int index_;
};

// What a statement gave. Movable, not for threads to share while it is moved.
class Rows {
 public:
  // Takes over `result`, which holds tuples or the end of a command.
  explicit Rows(pg_result* result);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Row operator[](int index) const;
  // The only row; throws ColumnFault when there is not exactly one.
  Row Only() const;

  // Rows inserted, updated, deleted or selected.
  int64_t affected() const;

  class Iterator {
   public:
    Iterator(const Rows* rows, int index) : rows_(rows), index_(index) {}
    Row operator*() const { return (*rows_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Rows* rows_;
    int index_;
  };
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, size_); }

 private:
  friend class Row;
  struct Clear {
    void operator()(pg_result* result) const;
  };

  std::unique_ptr<pg_result, Clear> result_;
  int size_ = 0;
  std::vector<std::string_view> names_;  // bytes owned by result_
};

template <>
std::string_view Row::Value<std::string_view>(int column) const;
template <>
std::string Row::Value<std::string>(int column) const;
template <>
int64_t Row::Value<int64_t>(int column) const;
template <>
int32_t Row::Value<int32_t>(int column) const;
template <>
int16_t Row::Value<int16_t>(int column) const;
template <>
double Row::Value<double>(int column) const;
template <>
bool Row::Value<bool>(int column) const;
template <>
absl::Time Row::Value<absl::Time>(int column) const;
template <>
std::vector<std::string> Row::Value<std::vector<std::string>>(int column) const;

namespace db_internal {

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

}  // namespace db_internal

template <typename T>
T Row::Get(std::string_view name) const {
  const int column = Column(name);
  if constexpr (db_internal::kIsOptional<T>) {
    if (IsNullAt(column)) return std::nullopt;
    return Value<typename T::value_type>(column);
  } else {
    return Value<T>(column);
  }
}

}  // namespace ftl
