#include "common/rpc/access.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "common/error/refusal.h"
#include "finetunelab/analytics/v1/analytics_service.pb.h"
#include "finetunelab/analytics/v1/comparisons_service.pb.h"
#include "finetunelab/analytics/v1/history_service.pb.h"
#include "finetunelab/analytics/v1/performance_service.pb.h"
#include "finetunelab/batch_runner/v1/agents_service.pb.h"
#include "finetunelab/batch_runner/v1/batch_runner_service.pb.h"
#include "finetunelab/batch_runner/v1/benchmark_service.pb.h"
#include "finetunelab/batch_runner/v1/chat_service.pb.h"
#include "finetunelab/batch_runner/v1/conversations_service.pb.h"
#include "finetunelab/batch_runner/v1/request_log_service.pb.h"
#include "finetunelab/batch_runner/v1/templates_service.pb.h"
#include "finetunelab/batch_runner/v1/workspace_service.pb.h"
#include "finetunelab/exporter/v1/comparison_export_service.pb.h"
#include "finetunelab/exporter/v1/conversation_export_service.pb.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"
#include "finetunelab/exporter/v1/history_export_service.pb.h"
#include "finetunelab/session_vault/v1/identity_service.pb.h"
#include "finetunelab/session_vault/v1/key_lending_service.pb.h"
#include "finetunelab/session_vault/v1/session_vault_service.pb.h"
#include "finetunelab/session_vault/v1/stored_keys_service.pb.h"

namespace ftl::rpc {
namespace {

namespace vault = finetunelab::session_vault::v1;
namespace runner = finetunelab::batch_runner::v1;

template <typename Request>
bool May(std::string_view caller) {
  CallContext call;
  call.caller = caller;
  const absl::Status status = JudgeCaller(*Request::descriptor(), call);
  if (!status.ok()) EXPECT_EQ(ReasonOf(status), Reason::kPermissionDenied);
  return status.ok();
}

TEST(AccessTest, HasARuleForEveryMethodThereIs) {
  for (const google::protobuf::FileDescriptor* file :
       {vault::OpenSessionRequest::descriptor()->file(), vault::LendKeyRequest::descriptor()->file(),
        vault::PutStoredKeyRequest::descriptor()->file(), vault::FindTokenRequest::descriptor()->file(),
        runner::TestKeyRequest::descriptor()->file(), runner::GetRunRequest::descriptor()->file(),
        finetunelab::analytics::v1::AskRequest::descriptor()->file(),
        finetunelab::analytics::v1::GetPerformanceSummaryRequest::descriptor()->file(),
        finetunelab::exporter::v1::ExportRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto* method = file->service(s)->method(m);
        EXPECT_TRUE(HasRule(*method->input_type())) << method->full_name();
      }
    }
  }
}

TEST(AccessTest, LetsEachServiceCallOnlyWhatItIsMeantTo) {
  EXPECT_TRUE(May<vault::OpenSessionRequest>("gateway"));
  EXPECT_FALSE(May<vault::OpenSessionRequest>("export"));
  EXPECT_TRUE(May<vault::ForgetKeyRequest>("batch-runner"));
  EXPECT_FALSE(May<vault::ForgetKeyRequest>("gateway"));
  EXPECT_FALSE(May<vault::RecordConnectionTestRequest>("gateway"));
  EXPECT_TRUE(May<vault::DrawQuotaRequest>("analytics"));
  EXPECT_FALSE(May<vault::DrawQuotaRequest>("export"));
  EXPECT_FALSE(May<vault::LendKeyRequest>("gateway"));
  EXPECT_FALSE(May<runner::StartRunRequest>("session-vault"));
}

TEST(AccessTest, KeepsTheOperatorsMethodsForTheOperator) {
  for (std::string_view caller : {"", "gateway", "session-vault", "batch-runner", "analytics", "export", "unknown"}) {
    EXPECT_FALSE(May<vault::SweepSessionsRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::RewrapKeysRequest>(caller)) << caller;
  }
  EXPECT_TRUE(May<vault::SweepSessionsRequest>("operator"));
  EXPECT_TRUE(May<vault::RewrapKeysRequest>("operator"));
  EXPECT_FALSE(May<vault::LendKeyRequest>("operator"));
}

TEST(AccessTest, LetsTheNamelessDoWhatAsksForASession) {
  EXPECT_TRUE(May<vault::GetSessionRequest>(""));
  EXPECT_TRUE(May<runner::ListSuitesRequest>(""));
  EXPECT_FALSE(May<vault::DrawQuotaRequest>(""));
  EXPECT_FALSE(May<vault::LendKeyRequest>(""));
  EXPECT_FALSE(May<vault::GetSessionRequest>("unknown")) << "a certificate with a name that is none of ours";
}

TEST(AccessTest, KeepsTheWorkspaceForTheGatewayAndWhoItBorrowsFor) {
  for (std::string_view caller : {"", "session-vault", "analytics", "export", "unknown", "operator"}) {
    EXPECT_FALSE(May<vault::PutStoredKeyRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::ListStoredKeysRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::DeleteStoredKeyRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::LendStoredKeyRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::CreateTokenRequest>(caller)) << caller;
    EXPECT_FALSE(May<vault::FindTokenRequest>(caller)) << caller;
    EXPECT_FALSE(May<runner::TestKeyRequest>(caller)) << caller;
    EXPECT_FALSE(May<runner::ListAllModelsRequest>(caller)) << caller;
  }
  EXPECT_TRUE(May<vault::PutStoredKeyRequest>("gateway"));
  EXPECT_TRUE(May<runner::TestKeyRequest>("gateway"));
  EXPECT_TRUE(May<vault::LendStoredKeyRequest>("batch-runner"));
  EXPECT_FALSE(May<vault::LendStoredKeyRequest>("gateway"));
}

TEST(AccessTest, LeavesWhatBelongsToAnOwnerToTheGateway) {
  for (const google::protobuf::FileDescriptor* file :
       {runner::CreateConversationRequest::descriptor()->file(), runner::CreateTemplateRequest::descriptor()->file(),
        runner::CreateAgentRequest::descriptor()->file(), runner::StopChatRequest::descriptor()->file(),
        runner::ReplayRequest::descriptor()->file(), runner::StartBenchmarkRequest::descriptor()->file(),
        finetunelab::analytics::v1::ListRequestsRequest::descriptor()->file(),
        finetunelab::exporter::v1::ExportHistoryRequest::descriptor()->file(),
        finetunelab::exporter::v1::ExportConversationRequest::descriptor()->file(),
        finetunelab::exporter::v1::ExportComparisonRequest::descriptor()->file()}) {
    for (int m = 0; m < file->service(0)->method_count(); ++m) {
      const google::protobuf::Descriptor& request = *file->service(0)->method(m)->input_type();
      CallContext call;
      for (const char* caller : {"", "session-vault", "batch-runner", "analytics", "export", "unknown", "operator"}) {
        call.caller = caller;
        EXPECT_FALSE(JudgeCaller(request, call).ok()) << request.full_name() << " by " << caller;
      }
      call.caller = "gateway";
      EXPECT_TRUE(JudgeCaller(request, call).ok()) << request.full_name();
    }
  }
}

TEST(AccessTest, LetsExportReadTheComparisonThatItWrites) {
  namespace analytics = finetunelab::analytics::v1;
  for (std::string_view caller : {"gateway", "export"}) {
    EXPECT_TRUE(May<analytics::GetComparisonRequest>(caller)) << caller;
    EXPECT_TRUE(May<analytics::GetStandingsRequest>(caller)) << caller;
  }
  EXPECT_FALSE(May<analytics::ListComparisonsRequest>("export"));
  for (std::string_view caller : {"", "session-vault", "batch-runner", "unknown", "operator"}) {
    EXPECT_FALSE(May<analytics::GetComparisonRequest>(caller)) << caller;
    EXPECT_FALSE(May<analytics::GetStandingsRequest>(caller)) << caller;
  }
}

TEST(AccessTest, LetsTheGatewayAloneRecordPerformance) {
  for (std::string_view caller : {"", "session-vault", "batch-runner", "analytics", "export", "unknown", "operator"}) {
    EXPECT_FALSE(May<finetunelab::analytics::v1::RecordPerformanceRequest>(caller)) << caller;
    EXPECT_FALSE(May<finetunelab::analytics::v1::GetPerformanceSummaryRequest>(caller)) << caller;
  }
  EXPECT_TRUE(May<finetunelab::analytics::v1::RecordPerformanceRequest>("gateway"));
  EXPECT_TRUE(May<finetunelab::analytics::v1::GetPerformanceSummaryRequest>("gateway"));
}

TEST(AccessTest, RefusesWhatIsNotInTheTable) {
  CallContext call;
  call.caller = "gateway";
  EXPECT_FALSE(JudgeCaller(*vault::OpenSessionResponse::descriptor(), call).ok());
  EXPECT_FALSE(JudgeCaller(*google::protobuf::DescriptorProto::descriptor(), call).ok());
}

}  // namespace
}  // namespace ftl::rpc
