#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/suite.pb.h"

namespace ftl::batch_runner {

namespace pb = finetunelab::batch_runner::v1;

// Where something stands in a text: a line from 1, or words such as `prompts[6]`.
struct Place {
  int line = 0;
  std::string words;
};

// What has been read of a text so far: prompts, names left out, faults. Bounded, whatever the text holds.
class SuiteReading {
 public:
  static constexpr size_t kMostListed = 100;
  static constexpr size_t kMostCounted = 10'000;

  // Settles and judges the prompt; one that is wrong is a fault and is not kept.
  void Add(pb::Prompt prompt, const Place& place);
  void Fault(const Place& place, std::string_view what);
  // A column or field that was not read.
  void LeaveOut(std::string_view name);

  // Nothing more need be read: there are too many prompts, bytes or faults.
  bool IsFull() const { return is_full_; }
  bool has_too_many() const { return has_too_many_; }

  const std::vector<pb::Prompt>& prompts() const { return prompts_; }
  std::vector<pb::Prompt>& prompts() { return prompts_; }
  const std::vector<pb::ContentFault>& faults() const { return faults_; }
  size_t fault_count() const { return fault_count_; }
  const std::vector<std::string>& left_out() const { return left_out_; }

  pb::ContentFormat format = pb::CONTENT_FORMAT_UNSPECIFIED;
  std::string encoding = "utf-8";
  std::string delimiter;  // empty where nothing is parted
  std::string shape;      // the field's own form, empty for none

 private:
  std::vector<pb::Prompt> prompts_;
  size_t prompt_bytes_ = 0;
  std::vector<pb::ContentFault> faults_;
  size_t fault_count_ = 0;
  std::vector<std::string> left_out_;
  std::unordered_set<std::string> known_left_out_;
  bool is_full_ = false;
  bool has_too_many_ = false;
};

}  // namespace ftl::batch_runner
