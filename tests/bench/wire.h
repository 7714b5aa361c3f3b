// A look at the top level of a serialised message without parsing it: the client leaves the machine to the server.
#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <string>

namespace redress::bench {

struct FieldLook {
  int64_t times = 0;    // how often the field is there
  uint64_t varint = 0;  // its last value, if it is one
};

// -1 times when the bytes are no message.
inline FieldLook LookAt(const std::string& bytes, int field) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  FieldLook look;
  for (uint32_t tag; (tag = in.ReadTag()) != 0;) {
    const bool wanted = WireFormatLite::GetTagFieldNumber(tag) == field;
    look.times += wanted;
    if (wanted && WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT) {
      if (!in.ReadVarint64(&look.varint)) return {-1, 0};
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return {-1, 0};
    }
  }
  return look;
}

}  // namespace redress::bench
