#pragma once

#include <map>
#include <set>
#include <string>

#include <google/protobuf/descriptor.h>

#include "common/json/message_plan.h"
#include "gateway/openapi/comments.h"

namespace ftl::gateway {

// The schemas of messages as they look in JSON, collected while a description is written.
class Schemas {
 public:
  explicit Schemas(const Comments& comments) : comments_(comments) {}

  // A reference to the schema of a message, which is added with all it refers to. In answers every field that is always
  // written is required.
  std::string Reference(const google::protobuf::Descriptor& type, bool is_answer);
  // The schema of one field, without its description.
  std::string OfField(const FieldPlan& field, bool is_answer);
  std::string DescriptionOf(const FieldPlan& field) const { return comments_.OfField(field.field->full_name()); }

  // The members of `components.schemas`.
  std::string Json() const;

 private:
  std::string OfMessage(const google::protobuf::Descriptor& type, bool is_answer);
  std::string OfValue(const FieldPlan& field, bool is_answer);

  const Comments& comments_;
  std::map<std::string, std::string> schemas_;  // by name
};

}  // namespace ftl::gateway
