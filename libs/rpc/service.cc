#include "libs/rpc/service.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace redress::rpc {
namespace {

void Require(bool condition, absl::string_view method, absl::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "rpc method %s: %s\n", std::string(method).c_str(), std::string(what).c_str());
  std::abort();
}

}  // namespace

Service::Service(absl::string_view full_name)
    : full_name_(full_name),
      descriptor_(google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name_)) {
  Require(descriptor_ != nullptr, full_name, "no linked proto has this service");
}

Method& Service::Add(absl::string_view method, Method::Kind kind, const google::protobuf::Message& request,
                     const google::protobuf::Message& response) {
  const auto* descriptor = descriptor_->FindMethodByName(std::string(method));
  Require(descriptor != nullptr, method, "is not in the proto");
  Require(descriptor->input_type() == request.GetDescriptor(), method, "takes another request");
  Require(descriptor->output_type() == response.GetDescriptor(), method, "gives another response");
  Require(descriptor->client_streaming() == (kind == Method::Kind::kBidi), method, "streams otherwise");
  Require(descriptor->server_streaming() == (kind != Method::Kind::kUnary), method, "streams otherwise");
  const std::string name = absl::StrCat(full_name_, "/", method);
  Require(std::none_of(methods_.begin(), methods_.end(), [&](const Method& m) { return m.full_name == name; }), method,
          "is registered twice");
  methods_.push_back(Method{kind, name, &request, &response, nullptr, nullptr});
  return methods_.back();
}

void Service::Guard(const std::function<absl::Status()>& gate) {
  for (Method& method : methods_) {
    if (method.unary != nullptr) {
      method.unary = [gate, handler = std::move(method.unary)](const CallContext& context,
                                                               const google::protobuf::Message& request, RawDone done) {
        const absl::Status open = gate();
        open.ok() ? handler(context, request, std::move(done)) : done(open, nullptr);
      };
    } else {
      method.stream = [gate, handler = std::move(method.stream)](const CallContext& context,
                                                                 const google::protobuf::Message* request,
                                                                 std::shared_ptr<RawStream> stream) {
        const absl::Status open = gate();
        open.ok() ? handler(context, request, std::move(stream)) : stream->Finish(open);
      };
    }
  }
}

void Service::CheckReplies(const std::function<absl::Status()>& check) {
  for (Method& method : methods_) {
    if (method.unary == nullptr) continue;
    method.unary = [check, handler = std::move(method.unary)](const CallContext& context,
                                                              const google::protobuf::Message& request, RawDone done) {
      handler(context, request,
              [check, done = std::move(done)](const absl::Status& status, const google::protobuf::Message* response) {
                // What is to be tried again rests on nothing that was read.
                const bool put_off = absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
                                     absl::IsDeadlineExceeded(status);
                const absl::Status checked = put_off ? absl::OkStatus() : check();
                if (!checked.ok()) return done(checked, nullptr);
                done(status, response);
              });
    };
  }
}

std::vector<std::string> Service::Missing() const {
  std::vector<std::string> missing;
  for (int i = 0; i < descriptor_->method_count(); ++i) {
    const std::string name = absl::StrCat(full_name_, "/", descriptor_->method(i)->name());
    if (std::none_of(methods_.begin(), methods_.end(), [&](const Method& m) { return m.full_name == name; })) {
      missing.push_back(name);
    }
  }
  return missing;
}

}  // namespace redress::rpc
