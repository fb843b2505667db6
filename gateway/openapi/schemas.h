#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include <google/protobuf/descriptor.h>

#include "common/json/message_plan.h"
#include "gateway/openapi/comments.h"

namespace ftl::gateway {

// The schemas of messages as they look in JSON, collected while a description is written.
class Schemas {
 public:
  // `home` is where in the document they will stand, as the fragment of a reference.
  explicit Schemas(const Comments& comments, std::string home = "#/components/schemas/")
      : comments_(comments), home_(std::move(home)) {}

  // A reference to the schema of a message, which is added with all it refers to. In answers every field that is always
  // written is required.
  std::string Reference(const google::protobuf::Descriptor& type, bool is_answer);
  // The schema of one field, without its description.
  std::string OfField(const FieldPlan& field, bool is_answer);
  std::string DescriptionOf(const FieldPlan& field) const { return comments_.OfField(field.field->full_name()); }

  // The members of what stands at `home`.
  std::string Json() const;

 private:
  std::string OfMessage(const google::protobuf::Descriptor& type, bool is_answer);
  std::string OfValue(const FieldPlan& field, bool is_answer);

  const Comments& comments_;
  const std::string home_;
  std::map<std::string, std::string> schemas_;  // by name
};

}  // namespace ftl::gateway
