#pragma once

#include <google/protobuf/message.h>

namespace ftl {

// Copies every set field of `from` to the field of `to` with the same name and the same type; the rest of `to` stays as
// it is. For responses that are "the fields of X" (protos/README.md): a field added to both is carried without a line
// of code.
void CopyFields(const google::protobuf::Message& from, google::protobuf::Message& to);

}  // namespace ftl
