#include "services/export/rpc/byte_stream.h"

#include <utility>

#include "common/error/try.h"

namespace ftl::exporter {
namespace {

constexpr size_t kChunkBytes = 64 * 1024;

}  // namespace

Task<> ByteStream::SendWhole() {
  if (bytes_.size() < kChunkBytes) co_return absl::OkStatus();
  size_t sent = 0;
  for (; bytes_.size() - sent >= kChunkBytes; sent += kChunkBytes) {
    CO_TRY(co_await SendChunk(bytes_.substr(sent, kChunkBytes)));
  }
  bytes_.erase(0, sent);
  co_return absl::OkStatus();
}

Task<> ByteStream::Finish() {
  CO_TRY(co_await SendWhole());
  if (!bytes_.empty()) {
    CO_TRY(co_await SendChunk(std::move(bytes_)));
  }
  bytes_.clear();
  co_return absl::OkStatus();
}

Task<> ByteStream::SendChunk(std::string chunk) {
  finetunelab::exporter::v1::ExportResponse response;
  response.set_chunk(std::move(chunk));
  co_return co_await writer_.Write(response);
}

}  // namespace ftl::exporter
