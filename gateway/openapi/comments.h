#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>

namespace ftl::gateway {

// The comments of our protos, which generated code does not keep: they come from a descriptor set that stands in the
// program.
class Comments {
 public:
  Comments();

  // By full name; one line, empty where there is none. Reasons and values of enums stand as the HTTP contract has them.
  std::string OfMessage(const std::string& full_name) const;
  std::string OfField(const std::string& full_name) const;
  std::string OfMethod(const std::string& full_name) const;

 private:
  template <typename Descriptor>
  std::string CommentOf(const Descriptor* descriptor) const;

  google::protobuf::DescriptorPool pool_;
  std::map<std::string, std::string, std::less<>> words_;  // of enums' values, by name
};

// The serialized FileDescriptorSet.
std::string_view DescriptorSet();

}  // namespace ftl::gateway
