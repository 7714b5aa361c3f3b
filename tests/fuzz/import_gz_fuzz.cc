// Files that are packed, or pretend to be.
#include <zlib.h>

#include <string>

#include "absl/strings/match.h"
#include "libs/status/errors.h"
#include "services/redressctl/import/byte_reader.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

// An input of libFuzzer is some KiB, and deflate packs at most a thousandfold.
constexpr size_t kMost = size_t{64} << 20;

std::string Zip(absl::string_view text) {
  z_stream stream = {};
  deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  Check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "what is short can be packed");
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// All of it in pieces of `piece`, and how that ended.
absl::Status ReadAll(importer::ByteReader& reader, size_t piece, std::string* text) {
  std::string buffer(piece, '\0');
  while (true) {
    const auto got = reader.Read(buffer.data(), buffer.size());
    const double fraction = reader.Fraction();
    Check(fraction >= 0 && fraction <= 1, "a part is a part");
    if (!got.ok()) return got.status();
    if (*got == 0) return absl::OkStatus();
    Check(*got <= piece, "no more than was asked for");
    text->append(buffer, 0, *got);
    Check(text->size() <= kMost, "what is short unpacks to what is bounded");
  }
}

void Run(absl::string_view bytes) {
  const MemoryFile file(bytes);
  const auto reader = importer::ByteReader::Open(file.path());
  Check(reader.ok(), "a file can be opened");
  std::string text;
  const absl::Status read = ReadAll(**reader, 4096, &text);
  Check(read.ok() || ReasonOf(read) == "BROKEN_GZIP", "what is damaged is said to be");
  if (!absl::StartsWith(bytes, "\x1F\x8B")) Check(read.ok() && text == bytes, "what is not packed is as it lies");

  Check((*reader)->Rewind().ok(), "a file can be read again");
  std::string again;
  const absl::Status once_more = ReadAll(**reader, 1000, &again);
  Check(once_more.ok() == read.ok(), "with the same end");
  if (read.ok()) Check(again == text, "and the same bytes");

  const MemoryFile packed(Zip(bytes));
  const auto unpacked = importer::ByteReader::Open(packed.path());
  Check(unpacked.ok(), "a file can be opened");
  std::string back;
  Check(ReadAll(**unpacked, 777, &back).ok() && back == bytes, "what was packed is unpacked");
}

const Target kTarget("import_gz", Run);

}  // namespace
}  // namespace redress::fuzz
