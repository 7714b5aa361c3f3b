// The file, ASCII:
//
//   file = "redress erasures 1" LF *line
//   line = key_id(22) SP time LF            milliseconds since 1970
//
// Worked: AAAAAAAAAAAAAAAAAAAAAA 1772323200000
#include "libs/privacy/erasure_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/privacy/folder.h"
#include "libs/privacy/key.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr absl::string_view kHead = "redress erasures 1\n";

absl::Status Bad(const std::string& path, absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "ERASURE_LIST",
                   absl::StrCat("erasure list ", path, ": ", what), {{"file", path}});
}

// Also how many bytes of it are whole lines.
absl::StatusOr<std::vector<std::string>> Parse(const std::string& path, absl::string_view bytes, size_t* whole) {
  *whole = 0;
  std::vector<std::string> ids;
  // A crash while it was made.
  if (bytes.size() < kHead.size() && absl::StartsWith(kHead, bytes)) return ids;
  if (!absl::StartsWith(bytes, kHead)) return Bad(path, "is none: its first line is another");
  *whole = kHead.size();
  for (int number = 2; *whole < bytes.size(); ++number) {
    const size_t end = bytes.find('\n', *whole);
    if (end == absl::string_view::npos) break;
    const std::vector<absl::string_view> words = absl::StrSplit(bytes.substr(*whole, end - *whole), ' ');
    int64_t time = 0;
    if (words.size() != 2 || !IsKeyId(words[0]) || !absl::SimpleAtoi(words[1], &time)) {
      return Bad(path, absl::StrCat("line ", number, " is no key id and time"));
    }
    ids.emplace_back(words[0]);
    *whole = end + 1;
  }
  return ids;
}

absl::StatusOr<std::string> Content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  if (!in || !(bytes << in.rdbuf() || in.eof()) || in.bad()) return Bad(path, "cannot be read");
  return bytes.str();
}

}  // namespace

absl::StatusOr<std::unique_ptr<ErasureList>> ErasureList::Open(const std::string& path, const Clock* clock) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Bad(path, std::strerror(errno));
  std::unique_ptr<ErasureList> list(new ErasureList(path, file, clock));
  std::string bytes;
  if (lseek(file, 0, SEEK_END) > 0) {
    ASSIGN_OR_RETURN(bytes, Content(path));
  }
  size_t whole = 0;
  RETURN_IF_ERROR(Parse(path, bytes, &whole).status());
  if (whole < bytes.size() && ftruncate(file, static_cast<off_t>(whole)) != 0) return Bad(path, std::strerror(errno));
  if (whole == 0) {
    absl::Status made = WriteDurably(file, kHead);
    if (made.ok()) made = SyncFolderOf(path);
    if (!made.ok()) return Bad(path, made.message());
  }
  return list;
}

ErasureList::~ErasureList() { close(file_); }

absl::Status ErasureList::Append(absl::Span<const std::string> key_ids) {
  std::string lines;
  for (const std::string& id : key_ids) absl::StrAppend(&lines, id, " ", clock_->Now(), "\n");
  MutexLock lock(mutex_);
  const off_t end = lseek(file_, 0, SEEK_END);
  const absl::Status written = WriteDurably(file_, lines);
  if (written.ok()) return absl::OkStatus();
  // Half a line in the middle would make the whole list unreadable.
  if (end > 0 && ftruncate(file_, end) != 0) {
    return RetryLater(absl::StatusCode::kUnavailable, "ERASURE_LIST",
                      absl::StrCat("erasure list ", path_, ": ", written.message(), "; its last line may be cut"),
                      1'000);
  }
  return RetryLater(absl::StatusCode::kUnavailable, "ERASURE_LIST",
                    absl::StrCat("erasure list ", path_, ": ", written.message()), 1'000);
}

absl::StatusOr<std::vector<std::string>> ErasureList::Read(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, Content(path));
  size_t whole = 0;
  return Parse(path, bytes, &whole);
}

}  // namespace redress
