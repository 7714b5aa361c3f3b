// Reads a regular file's bytes in order. Gzip, known by content and not by name, is unpacked on the way.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace redress::importer {

class ByteReader {
 public:
  // NOT_FOUND when there is no such file; INVALID_ARGUMENT (NOT_A_FILE) for a directory or pipe: files are read twice.
  static absl::StatusOr<std::unique_ptr<ByteReader>> Open(const std::string& path);
  ~ByteReader();
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  // Fills up to `size` bytes; 0 at the end. INVALID_ARGUMENT (BROKEN_GZIP) when packed data are cut off or damaged.
  absl::StatusOr<size_t> Read(char* buffer, size_t size);
  // Whether it is gzip. Ask after a Read.
  bool packed() const;
  // Back to the first byte.
  absl::Status Rewind();
  // How much of the file has been read, packed bytes as they lie: 0 to 1.
  double Fraction() const;

 private:
  ByteReader() = default;

  std::string path_;
  void* file_ = nullptr;  // gzFile
  int64_t size_ = 0;
};

}  // namespace redress::importer
