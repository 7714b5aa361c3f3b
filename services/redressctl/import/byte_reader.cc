#include "services/redressctl/import/byte_reader.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress::importer {
namespace {

gzFile Handle(void* file) { return static_cast<gzFile>(file); }

}  // namespace

absl::StatusOr<std::unique_ptr<ByteReader>> ByteReader::Open(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  if (!S_ISREG(info.st_mode)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "NOT_A_FILE", absl::StrCat(path, " is not a regular file"));
  }
  auto reader = absl::WrapUnique(new ByteReader);
  reader->path_ = path;
  reader->size_ = info.st_size;
  reader->file_ = gzopen(path.c_str(), "rb");
  if (reader->file_ == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  gzbuffer(Handle(reader->file_), 256 << 10);
  return reader;
}

ByteReader::~ByteReader() {
  if (file_ != nullptr) gzclose(Handle(file_));
}

absl::StatusOr<size_t> ByteReader::Read(char* buffer, size_t size) {
  const int n = gzread(Handle(file_), buffer, static_cast<unsigned>(size));
  // A stream that is cut off still yields what it has; only the error code tells.
  int code = Z_OK;
  const char* message = gzerror(Handle(file_), &code);
  if (code == Z_ERRNO) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
  if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
    return MakeError(absl::StatusCode::kInvalidArgument, "BROKEN_GZIP",
                     absl::StrCat(path_, ": gzip data cut off or damaged (", message, ")"));
  }
  return static_cast<size_t>(n);
}

bool ByteReader::packed() const { return gzdirect(Handle(file_)) == 0; }

absl::Status ByteReader::Rewind() {
  if (gzrewind(Handle(file_)) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot read again ", path_));
}

double ByteReader::Fraction() const {
  if (size_ == 0) return 1;
  return std::min(1.0, static_cast<double>(gzoffset(Handle(file_))) / static_cast<double>(size_));
}

}  // namespace redress::importer
