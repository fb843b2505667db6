#include "common/rpc/health.h"

#include <set>

#include <grpcpp/support/server_callback.h>

#include "grpc/health/v1/health.grpc.pb.h"

namespace ftl::rpc {

namespace pb = grpc::health::v1;

class Health::Implementation final : public pb::Health::CallbackService {
 public:
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const pb::HealthCheckRequest* request,
                                  pb::HealthCheckResponse* response) override {
    context->AddInitialMetadata("x-ftl-version", FTL_VERSION);
    auto* reactor = context->DefaultReactor();
    std::lock_guard lock(mutex_);
    const auto found = statuses_.find(request->service());
    if (found == statuses_.end()) {
      reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "No such service is served here."));
    } else {
      response->set_status(found->second);
      reactor->Finish(grpc::Status::OK);
    }
    return reactor;
  }

  grpc::ServerWriteReactor<pb::HealthCheckResponse>* Watch(grpc::CallbackServerContext*,
                                                           const pb::HealthCheckRequest* request) override {
    auto* watcher = new Watcher(*this, request->service());
    std::lock_guard lock(mutex_);
    watchers_.insert(watcher);
    watcher->Tell(StatusOf(watcher->name()));
    return watcher;
  }

  void Set(const std::string& service, bool serving) {
    std::lock_guard lock(mutex_);
    SetLocked(service, serving);
  }

  void SetAll(bool serving) {
    std::lock_guard lock(mutex_);
    for (const auto& [name, status] : std::map(statuses_)) SetLocked(name, serving);
  }

  // Streams that only wait for a change would hold the server's shutdown up.
  void EndWatches() {
    std::lock_guard lock(mutex_);
    for (Watcher* watcher : watchers_) watcher->End();
  }

 private:
  using Status = pb::HealthCheckResponse::ServingStatus;

  // Tells a status when it has changed since the last one told; the newest wins while a write is under way.
  class Watcher final : public grpc::ServerWriteReactor<pb::HealthCheckResponse> {
   public:
    Watcher(Implementation& owner, std::string name) : owner_(owner), name_(std::move(name)) {}
    const std::string& name() const { return name_; }
    void Tell(Status status) {
      wanted_ = status;
      if (!writing_ && !ending_) Write();
    }
    void End() {
      if (std::exchange(ending_, true) || writing_) return;
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "Shutting down."));
    }
    void OnCancel() override {
      std::lock_guard lock(owner_.mutex_);
      End();
    }
    void OnWriteDone(bool ok) override {
      std::lock_guard lock(owner_.mutex_);
      writing_ = false;
      if (ending_ || !ok) {
        ending_ = true;
        Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "Shutting down."));
      } else if (wanted_ != told_) {
        Write();
      }
    }
    void OnDone() override {
      {
        std::lock_guard lock(owner_.mutex_);
        owner_.watchers_.erase(this);
      }
      delete this;
    }

   private:
    void Write() {
      told_ = wanted_;
      writing_ = true;
      response_.set_status(told_);
      StartWrite(&response_);
    }

    Implementation& owner_;
    std::string name_;
    pb::HealthCheckResponse response_;
    Status wanted_ = pb::HealthCheckResponse::UNKNOWN;
    Status told_ = pb::HealthCheckResponse::UNKNOWN;
    bool writing_ = false;
    bool ending_ = false;
  };

  Status StatusOf(const std::string& name) const {
    const auto found = statuses_.find(name);
    return found == statuses_.end() ? pb::HealthCheckResponse::SERVICE_UNKNOWN : found->second;
  }

  void SetLocked(const std::string& service, bool serving) {
    const Status status = serving ? pb::HealthCheckResponse::SERVING : pb::HealthCheckResponse::NOT_SERVING;
    const auto [place, is_new] = statuses_.emplace(service, status);
    if (!is_new && place->second == status) return;
    place->second = status;
    for (Watcher* watcher : watchers_) {
      if (watcher->name() == service) watcher->Tell(status);
    }
  }

  std::mutex mutex_;
  std::map<std::string, Status> statuses_;
  std::set<Watcher*> watchers_;
};

Health::Health() : implementation_(std::make_unique<Implementation>()) { Set("", false); }
Health::~Health() = default;
void Health::Set(const std::string& service, bool serving) { implementation_->Set(service, serving); }
void Health::SetAll(bool serving) { implementation_->SetAll(serving); }
void Health::EndWatches() { implementation_->EndWatches(); }
grpc::Service* Health::service() { return implementation_.get(); }

}  // namespace ftl::rpc
