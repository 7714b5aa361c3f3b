#include "libs/service/request_fingerprint.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "libs/privacy/fingerprint.h"

namespace redress::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void AddMessage(const Message& message, FingerprintBuilder* builder);

template <typename Number>
int64_t BitsOf(Number value) {
  int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(value));
  return bits;
}

// One value of a field: `index` into a repeated one, -1 for a singular one.
void AddValue(const Message& message, const FieldDescriptor* field, int index, FingerprintBuilder* builder) {
  const Reflection& in = *message.GetReflection();
  const auto tag = static_cast<uint32_t>(field->number());
  const bool one = index < 0;
#define REDRESS_GET(Type) (one ? in.Get##Type(message, field) : in.GetRepeated##Type(message, field, index))
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: builder->Add(tag, REDRESS_GET(Int32)); break;
    case FieldDescriptor::CPPTYPE_INT64: builder->Add(tag, REDRESS_GET(Int64)); break;
    case FieldDescriptor::CPPTYPE_UINT32: builder->Add(tag, REDRESS_GET(UInt32)); break;
    case FieldDescriptor::CPPTYPE_UINT64: builder->Add(tag, REDRESS_GET(UInt64)); break;
    case FieldDescriptor::CPPTYPE_BOOL: builder->Add(tag, REDRESS_GET(Bool)); break;
    case FieldDescriptor::CPPTYPE_ENUM: builder->Add(tag, REDRESS_GET(EnumValue)); break;
    case FieldDescriptor::CPPTYPE_DOUBLE: builder->Add(tag, BitsOf(REDRESS_GET(Double))); break;
    case FieldDescriptor::CPPTYPE_FLOAT: builder->Add(tag, BitsOf(REDRESS_GET(Float))); break;
    case FieldDescriptor::CPPTYPE_STRING: builder->Add(tag, absl::string_view(REDRESS_GET(String))); break;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      builder->Begin(tag);
      AddMessage(one ? in.GetMessage(message, field) : in.GetRepeatedMessage(message, field, index), builder);
      builder->End();
      break;
  }
#undef REDRESS_GET
}

void AddMessage(const Message& message, FingerprintBuilder* builder) {
  std::vector<const FieldDescriptor*> fields;
  // In the order of their numbers; those that are set.
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->name() == "request_id") continue;
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 0;
    if (!field->is_repeated()) AddValue(message, field, -1, builder);
    for (int i = 0; i < size; ++i) AddValue(message, field, i, builder);
  }
}

}  // namespace

Fingerprint FingerprintOf(const Message& request) {
  std::shared_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  return [copy = std::move(copy)](const SecretKey& key) {
    FingerprintBuilder builder(key);
    AddMessage(*copy, &builder);
    return builder.Finish();
  };
}

}  // namespace redress::service
