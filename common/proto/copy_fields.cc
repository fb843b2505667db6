#include "common/proto/copy_fields.h"

#include <string>
#include <vector>

namespace ftl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The entries of a map are messages of a type of their own in each message that has the map.
bool SameType(const FieldDescriptor& a, const FieldDescriptor& b) {
  if (a.is_map() && b.is_map()) {
    return SameType(*a.message_type()->map_key(), *b.message_type()->map_key()) &&
           SameType(*a.message_type()->map_value(), *b.message_type()->map_value());
  }
  return a.type() == b.type() && a.is_repeated() == b.is_repeated() && a.message_type() == b.message_type() &&
         a.enum_type() == b.enum_type();
}

void CopyRepeated(const Message& from, const FieldDescriptor& source, Message& to, const FieldDescriptor& target) {
  const Reflection& read = *from.GetReflection();
  const Reflection& write = *to.GetReflection();
  write.ClearField(&to, &target);
  for (int i = 0; i < read.FieldSize(from, &source); ++i) {
    switch (source.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        write.AddInt32(&to, &target, read.GetRepeatedInt32(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        write.AddInt64(&to, &target, read.GetRepeatedInt64(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        write.AddUInt32(&to, &target, read.GetRepeatedUInt32(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        write.AddUInt64(&to, &target, read.GetRepeatedUInt64(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        write.AddDouble(&to, &target, read.GetRepeatedDouble(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        write.AddFloat(&to, &target, read.GetRepeatedFloat(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        write.AddBool(&to, &target, read.GetRepeatedBool(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        write.AddEnumValue(&to, &target, read.GetRepeatedEnumValue(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        write.AddString(&to, &target, read.GetRepeatedString(from, &source, i));
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (source.is_map()) {
          CopyFields(read.GetRepeatedMessage(from, &source, i), *write.AddMessage(&to, &target));
        } else {
          write.AddMessage(&to, &target)->CopyFrom(read.GetRepeatedMessage(from, &source, i));
        }
        break;
    }
  }
}

void CopySingle(const Message& from, const FieldDescriptor& source, Message& to, const FieldDescriptor& target) {
  const Reflection& read = *from.GetReflection();
  const Reflection& write = *to.GetReflection();
  switch (source.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return write.SetInt32(&to, &target, read.GetInt32(from, &source));
    case FieldDescriptor::CPPTYPE_INT64:
      return write.SetInt64(&to, &target, read.GetInt64(from, &source));
    case FieldDescriptor::CPPTYPE_UINT32:
      return write.SetUInt32(&to, &target, read.GetUInt32(from, &source));
    case FieldDescriptor::CPPTYPE_UINT64:
      return write.SetUInt64(&to, &target, read.GetUInt64(from, &source));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return write.SetDouble(&to, &target, read.GetDouble(from, &source));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return write.SetFloat(&to, &target, read.GetFloat(from, &source));
    case FieldDescriptor::CPPTYPE_BOOL:
      return write.SetBool(&to, &target, read.GetBool(from, &source));
    case FieldDescriptor::CPPTYPE_ENUM:
      return write.SetEnumValue(&to, &target, read.GetEnumValue(from, &source));
    case FieldDescriptor::CPPTYPE_STRING:
      return write.SetString(&to, &target, read.GetString(from, &source));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return write.MutableMessage(&to, &target)->CopyFrom(read.GetMessage(from, &source));
  }
}

}  // namespace

void CopyFields(const Message& from, Message& to) {
  std::vector<const FieldDescriptor*> fields;
  from.GetReflection()->ListFields(from, &fields);
  for (const FieldDescriptor* source : fields) {
    const FieldDescriptor* target = to.GetDescriptor()->FindFieldByName(source->name());
    if (target == nullptr || !SameType(*source, *target)) continue;
    if (source->is_repeated()) {
      CopyRepeated(from, *source, to, *target);
    } else {
      CopySingle(from, *source, to, *target);
    }
  }
}

}  // namespace ftl
