// A window over a file's bytes with some look-ahead, which counts lines. What both parsers read from.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/redressctl/import/byte_reader.h"

namespace redress::importer {

// How much of a file has been read, 0 to 1: told now and then while it is, anew each time it is read.
using ReadingSoFar = std::function<void(double fraction)>;

class BufferedBytes {
 public:
  explicit BufferedBytes(std::unique_ptr<ByteReader> reader, ReadingSoFar reading = nullptr)
      : reader_(std::move(reader)), reading_(std::move(reading)), buffer_(256 << 10) {}

  // What lies ahead: at least `wanted` bytes (at most 16) unless the file ends before, or cannot be read: then see
  // status().
  absl::string_view Ahead(size_t wanted = 1) {
    if (end_ - begin_ < wanted && !done_) Fill();
    return {buffer_.data() + begin_, end_ - begin_};
  }
  // Passes over `count` of the bytes that Ahead gave.
  void Skip(size_t count) { begin_ += count; }
  bool AtEnd() { return Ahead().empty(); }
  // OK while every read was.
  const absl::Status& status() const { return status_; }

  // The line that is being read. Whoever skips a line feed says so.
  int64_t line() const { return line_; }
  void AddLines(int64_t count) { line_ += count; }

  // Back to the first byte.
  absl::Status Rewind();

 private:
  void Fill();

  std::unique_ptr<ByteReader> reader_;
  ReadingSoFar reading_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool done_ = false;
  int64_t line_ = 1;
  absl::Status status_;
};

}  // namespace redress::importer
