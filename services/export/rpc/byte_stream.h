#pragma once

#include <string>

#include "common/async/task.h"
#include "common/rpc/serve.h"
#include "finetunelab/exporter/v1/exporter_service.pb.h"

namespace ftl::exporter {

// Bytes on their way to a client, in chunks of 64 KiB. Whoever fills `bytes` faster than the client takes them waits in
// Send.
class ByteStream {
 public:
  explicit ByteStream(rpc::Writer<finetunelab::exporter::v1::ExportResponse>& writer) : writer_(writer) {}

  // What is to be sent; append to it.
  std::string& bytes() { return bytes_; }
  // Sends the whole chunks there are and keeps the rest.
  Task<> SendWhole();
  // Sends what is left.
  Task<> Finish();

 private:
  Task<> SendChunk(std::string chunk);

  rpc::Writer<finetunelab::exporter::v1::ExportResponse>& writer_;
  std::string bytes_;
};

}  // namespace ftl::exporter
