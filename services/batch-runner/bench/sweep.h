#pragma once

#include <optional>

namespace ftl::batch_runner {

// Which rates are tried to find the knee: the rate doubles until one is not carried, and then the gap between that one
// and the last that was is halved kHalvings times. Nothing is tried far beyond saturation. Pure.
class Sweep {
 public:
  static constexpr int kHalvings = 4;
  // Higher rates are not tried.
  static constexpr double kHighest = 1000;

  explicit Sweep(double first) : rate_(first) {}

  // The rate to be tried now; nullopt at the end.
  std::optional<double> rate() const;
  // How it went.
  void Tried(bool carried);
  // The highest rate that was carried; nullopt where none was.
  std::optional<double> knee() const { return carried_; }

 private:
  double rate_;
  std::optional<double> carried_;
  std::optional<double> not_carried_;
  int halvings_ = 0;
  bool is_over_ = false;
};

}  // namespace ftl::batch_runner
