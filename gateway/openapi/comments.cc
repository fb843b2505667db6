#include "gateway/openapi/comments.h"

#include <google/protobuf/descriptor.pb.h>

namespace ftl::gateway {
namespace {

template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (descriptor == nullptr || !descriptor->GetSourceLocation(&location)) return "";
  std::string text;
  for (char c : location.leading_comments) {
    if (c == '\n') c = ' ';
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

Comments::Comments() {
  google::protobuf::FileDescriptorSet files;
  const std::string_view bytes = DescriptorSet();
  if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  for (const auto& file : files.file()) pool_.BuildFile(file);
}

std::string Comments::OfMessage(const std::string& full_name) const {
  return CommentOf(pool_.FindMessageTypeByName(full_name));
}

std::string Comments::OfField(const std::string& full_name) const {
  return CommentOf(pool_.FindFieldByName(full_name));
}

std::string Comments::OfMethod(const std::string& full_name) const {
  return CommentOf(pool_.FindMethodByName(full_name));
}

}  // namespace ftl::gateway
