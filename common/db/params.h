#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <absl/time/time.h>

namespace ftl {

// The values of a statement, $1 first: Params(run_id, 5, true, std::optional<std::string>(), absl::Now()).
//   text      string, string_view, const char*; also for uuid, jsonb, numeric: the server reads it as what the place
//   wants numbers   any integer, double, bool moments   absl::Time, kept to the microsecond absent    std::nullopt or
//   an empty optional arrays    std::vector of text, integers, double, bool, absl::Time, or of optionals of these, for
//   unnest. They arrive as
//             text[], bigint[], double precision[], boolean[] and timestamptz[]; write the cast where another is
//             wanted: unnest($2::uuid[], $3::int[], $4::jsonb[])
// Holds copies. Never shown in an error or a log.
class Params {
 public:
  // One value as it goes over the wire. `type` is 0 where the server is to find out.
  struct Value {
    std::optional<std::string> bytes;
    uint32_t type = 0;
    bool binary = false;
  };

  Params() = default;
  template <typename First, typename... Rest>
  requires(!std::same_as<std::remove_cvref_t<First>, Params>) explicit Params(const First& first, const Rest&... rest) {
    values_.reserve(1 + sizeof...(Rest));
    Add(first);
    (Add(rest), ...);
  }

  // One more value, for statements that are put together.
  void Add(std::string_view text);
  void Add(const char* text) { Add(std::string_view(text)); }
  void Add(const std::string& text) { Add(std::string_view(text)); }
  void Add(bool value);
  void Add(double value);
  void Add(absl::Time moment);
  void Add(std::nullopt_t);
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void Add(Integer value) { AddInteger(static_cast<int64_t>(value)); }
  template <typename T>
  void Add(const std::optional<T>& value) {
    if (value) {
      Add(*value);
    } else {
      Add(std::nullopt);
    }
  }
  template <typename T>
  void Add(const std::vector<T>& elements);

  const std::vector<Value>& values() const { return values_; }

 private:
  void AddInteger(int64_t value);

  std::vector<Value> values_;
};

namespace db_internal {

// Writes PostgreSQL's binary form of a one-dimensional array.
class ArrayWriter {
 public:
  explicit ArrayWriter(size_t count);
  void AddNull();
  void AddElement(std::string_view text);
  void AddElement(const char* text) { AddElement(std::string_view(text)); }
  void AddElement(const std::string& text) { AddElement(std::string_view(text)); }
  void AddElement(bool value);
  void AddElement(double value);
  void AddElement(absl::Time moment);
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void AddElement(Integer value) { AddInteger(static_cast<int64_t>(value)); }
  template <typename T>
  void AddElement(const std::optional<T>& value) {
    if (value) {
      AddElement(*value);
    } else {
      AddNull();
    }
  }
  // Gives the value; `element_type` is the element's OID and `array_type` the array's.
  Params::Value Finish(uint32_t element_type, uint32_t array_type) &&;

 private:
  void AddInteger(int64_t value);

  std::string bytes_;
  bool has_null_ = false;
};

struct ArrayTypes {
  uint32_t element;
  uint32_t array;
};

template <typename T>
constexpr ArrayTypes ArrayTypesOf() {
  if constexpr (std::same_as<T, bool>) {
    return {16, 1000};
  } else if constexpr (std::integral<T>) {
    return {20, 1016};
  } else if constexpr (std::same_as<T, double>) {
    return {701, 1022};
  } else if constexpr (std::same_as<T, absl::Time>) {
    return {1184, 1185};
  } else {
    static_assert(std::convertible_to<T, std::string_view>, "no array of this type");
    return {25, 1009};
  }
}

template <typename T>
struct ElementOf {
  using Type = T;
};
template <typename T>
struct ElementOf<std::optional<T>> {
  using Type = T;
};

}  // namespace db_internal

template <typename T>
void Params::Add(const std::vector<T>& elements) {
  constexpr db_internal::ArrayTypes types = db_internal::ArrayTypesOf<typename db_internal::ElementOf<T>::Type>();
  db_internal::ArrayWriter writer(elements.size());
  for (const T& element : elements) writer.AddElement(element);
  values_.push_back(std::move(writer).Finish(types.element, types.array));
}

}  // namespace ftl
