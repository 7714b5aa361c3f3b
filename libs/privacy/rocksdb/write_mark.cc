// The file:
//
//   mark   = copy pad copy           the second copy at byte 512, so that one torn write never harms both
//   copy   = number hash
//   number = 8 bytes, big endian
//   hash   = BLAKE2b of number(16 bytes)
//
// The copies are written in turn; the higher number that its hash confirms holds.
//
// Worked: after the third write, begun at none: number 3 in the second copy, 2 in the first:
//
//   byte 0: 00 00 00 00 00 00 00 02 <16 bytes>   byte 512: 00 00 00 00 00 00 00 03 <16 bytes>
#include "libs/privacy/rocksdb/write_mark.h"

#include <rocksdb/env.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr size_t kHashBytes = 16;
constexpr size_t kCopyBytes = kNumberBytes + kHashBytes;
constexpr size_t kSecondCopy = 512;

std::string CopyOf(uint64_t number) {
  std::string copy;
  for (int shift = 56; shift >= 0; shift -= 8) copy.push_back(static_cast<char>(number >> shift));
  unsigned char hash[kHashBytes];
  crypto_generichash(hash, sizeof(hash), reinterpret_cast<const unsigned char*>(copy.data()), copy.size(), nullptr, 0);
  copy.append(reinterpret_cast<const char*>(hash), sizeof(hash));
  return copy;
}

std::optional<uint64_t> NumberOf(absl::string_view copy) {
  if (copy.size() < kCopyBytes) return std::nullopt;
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) number = number << 8 | static_cast<uint8_t>(copy[i]);
  if (copy.substr(0, kCopyBytes) != CopyOf(number)) return std::nullopt;
  return number;
}

absl::Status Failed(const std::string& path, const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return RetryLater(absl::StatusCode::kUnavailable, "KEY_STORE_FAILED", absl::StrCat(path, ": ", status.ToString()),
                    1'000);
}

// Whole or not there, and there after a power cut.
rocksdb::Status Make(rocksdb::Env* env, const std::string& path, uint64_t number) {
  std::string bytes = CopyOf(number);
  bytes.resize(kSecondCopy, '\0');
  bytes += CopyOf(number);
  rocksdb::Status status = rocksdb::WriteStringToFile(env, bytes, path + ".new", /*should_sync=*/true);
  if (status.ok()) status = env->RenameFile(path + ".new", path);
  std::unique_ptr<rocksdb::Directory> directory;
  const std::string parent = path.substr(0, path.rfind('/') + 1);
  if (status.ok()) status = env->NewDirectory(parent.empty() ? "." : parent, &directory);
  return status.ok() ? directory->Fsync() : status;
}

}  // namespace

WriteMark::WriteMark(std::string path, std::unique_ptr<rocksdb::RandomRWFile> file)
    : path_(std::move(path)), file_(std::move(file)) {}
WriteMark::~WriteMark() = default;

absl::StatusOr<std::optional<uint64_t>> WriteMark::Read(rocksdb::Env* env, const std::string& path) {
  const rocksdb::Status exists = env->FileExists(path);
  if (exists.IsNotFound()) return std::nullopt;
  RETURN_IF_ERROR(Failed(path, exists));
  std::string bytes;
  RETURN_IF_ERROR(Failed(path, rocksdb::ReadFileToString(env, path, &bytes)));
  std::optional<uint64_t> highest;
  for (const size_t at : {size_t{0}, kSecondCopy}) {
    if (at >= bytes.size()) continue;
    const auto number = NumberOf(absl::string_view(bytes).substr(at));
    if (number.has_value()) highest = std::max(highest.value_or(0), *number);
  }
  if (highest.has_value()) return highest;
  return MakeError(absl::StatusCode::kDataLoss, "KEY_STORE_CORRUPT",
                   absl::StrCat(path, " is damaged, so nobody can tell whether the key store is whole: put the file ",
                                "back, or delete it to take the store as it is"),
                   {{"file", path}});
}

absl::StatusOr<std::unique_ptr<WriteMark>> WriteMark::Open(rocksdb::Env* env, const std::string& path,
                                                           uint64_t number) {
  std::string bytes;
  const bool there = rocksdb::ReadFileToString(env, path, &bytes).ok() && bytes.size() == kSecondCopy + kCopyBytes;
  const bool first = there && NumberOf(bytes) == number;
  const bool second = there && NumberOf(absl::string_view(bytes).substr(kSecondCopy)) == number;
  // What is right already needs no room on a disk that may be full.
  if (!first && !second) RETURN_IF_ERROR(Failed(path, Make(env, path, number)));
  std::unique_ptr<rocksdb::RandomRWFile> file;
  RETURN_IF_ERROR(Failed(path, env->NewRandomRWFile(path, &file, rocksdb::EnvOptions())));
  std::unique_ptr<WriteMark> mark(new WriteMark(path, std::move(file)));
  // The one that holds stays until the next does.
  mark->next_copy_ = first ? 1 : 0;
  return mark;
}

absl::Status WriteMark::Set(uint64_t number) {
  rocksdb::Status status = file_->Write(next_copy_ == 0 ? 0 : kSecondCopy, CopyOf(number));
  if (status.ok()) status = file_->Sync();
  if (status.ok()) next_copy_ = 1 - next_copy_;
  return Failed(path_, status);
}

}  // namespace redress
