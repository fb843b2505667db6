#pragma once

#include <string>

#include "finetunelab/batch_runner/v1/request.pb.h"

namespace ftl::batch_runner {

struct ModelAnswer;
struct ModelCall;

namespace pb = finetunelab::batch_runner::v1;

// What the log says of a call. Keys in its texts are masked, and texts are left out where it `keeps_content` not: what
// was asked, what was answered, what was thought. Pure.

// As it begins; id, moment, service and key are the answer's.
pb::LoggedRequest RowOfBegun(const ModelCall& asked, const ModelAnswer& answer, bool keeps_content);
// As it has ended.
void FillEnded(const ModelAnswer& answer, bool keeps_content, pb::LoggedRequest& row);
// As somebody has broken it off; `text` and `reasoning` are what had come.
void FillStopped(const std::string& text, const std::string& reasoning, bool keeps_content, pb::LoggedRequest& row);
// As it is left behind by a process that is no more.
void FillInterrupted(pb::LoggedRequest& row);

}  // namespace ftl::batch_runner
