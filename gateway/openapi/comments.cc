#include "gateway/openapi/comments.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>
#include <google/protobuf/descriptor.pb.h>

#include "common/error/reason.h"
#include "common/json/message_plan.h"

namespace ftl::gateway {
namespace {

bool IsUpper(char c) { return c == '_' || absl::ascii_isupper(static_cast<unsigned char>(c)); }

// Without what is said to the lint.
std::string OneLine(const std::string& comment) {
  std::string text;
  for (const absl::string_view line : absl::StrSplit(comment, '\n')) {
    if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(line), "buf:lint:")) continue;
    for (const char c : line) {
      if (c != ' ' || (!text.empty() && text.back() != ' ')) text += c;
    }
    if (!text.empty() && text.back() != ' ') text += ' ';
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

Comments::Comments() {
  google::protobuf::FileDescriptorSet files;
  const std::string_view bytes = DescriptorSet();
  if (!files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  for (const auto& file : files.file()) {
    const google::protobuf::FileDescriptor* built = pool_.BuildFile(file);
    for (int i = 0; built != nullptr && i < built->enum_type_count(); ++i) {
      for (int j = 0; j < built->enum_type(i)->value_count(); ++j) {
        const google::protobuf::EnumValueDescriptor& value = *built->enum_type(i)->value(j);
        words_.emplace(value.name(), WordOf(value));
      }
    }
  }
}

template <typename Descriptor>
std::string Comments::CommentOf(const Descriptor* descriptor) const {
  google::protobuf::SourceLocation location;
  if (descriptor == nullptr || !descriptor->GetSourceLocation(&location)) return "";
  const std::string text = OneLine(location.leading_comments);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && IsUpper(text[end])) ++end;
    const std::string name = text.substr(at, end - at);
    if (const auto word = words_.find(name); word != words_.end()) {
      out += "`" + word->second + "`";
    } else if (name.find('_') != std::string::npos && ReasonNamed(name)) {
      out += "`" + absl::AsciiStrToLower(name) + "`";
    } else {
      out += name;
    }
    if (end < text.size()) out += text[end++];
    at = end;
  }
  return out;
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
