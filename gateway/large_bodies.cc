#include "gateway/large_bodies.h"

#include <utility>

#include "common/error/refusal.h"

namespace ftl::gateway {

LargeBodies::Place::Place(LargeBodies& bodies, std::string address, size_t bytes)
    : bodies_(&bodies), address_(std::move(address)), bytes_(bytes) {
  bodies_->bytes_ += bytes_;
  bodies_->of_address_[address_] += bytes_;
}

LargeBodies::Place::Place(Place&& other) noexcept
    : bodies_(std::exchange(other.bodies_, nullptr)), address_(std::move(other.address_)), bytes_(other.bytes_) {}

LargeBodies::Place::~Place() {
  if (bodies_ == nullptr) return;
  bodies_->bytes_ -= bytes_;
  const auto of_address = bodies_->of_address_.find(address_);
  of_address->second -= bytes_;
  if (of_address->second == 0) bodies_->of_address_.erase(of_address);
}

absl::StatusOr<LargeBodies::Place> LargeBodies::Admit(const std::string& address, size_t bytes) {
  const auto known = of_address_.find(address);
  const size_t of_address = known == of_address_.end() ? 0 : known->second;
  if (bytes_ + bytes > kMost || of_address + bytes > kMostOfAddress) {
    return Refuse(Reason::kOverloaded, "Too many large bodies are on their way; try again in a moment.")
        .RetryAfter(absl::Seconds(2));
  }
  return Place(*this, address, bytes);
}

}  // namespace ftl::gateway
