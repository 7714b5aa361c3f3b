// The file, UTF-8, one key a line, the newest first:
//
//   file = *line
//   line = "redress-master-key-1" SP made_at SP secret LF / "#" *any LF / LF
//   made_at = RFC 3339, UTC, whole seconds
//   secret  = 64 hex digits
//
// id = the first 8 bytes, in hex, of BLAKE2b(16 bytes) of "redress master key id" keyed with the secret.
//
// Worked: redress-master-key-1 2026-03-01T00:00:00Z aaaa…aa
#include "libs/privacy/master_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "libs/privacy/folder.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

constexpr absl::string_view kTag = "redress-master-key-1";
constexpr absl::string_view kIdContext = "redress master key id";
constexpr size_t kIdBytes = 8;
constexpr size_t kMaxFileBytes = 64 << 10;

std::string IdOf(const SecretKey& secret) {
  unsigned char hash[16];
  crypto_generichash(hash, sizeof(hash), reinterpret_cast<const unsigned char*>(kIdContext.data()), kIdContext.size(),
                     secret.data(), kSecretBytes);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(hash), kIdBytes));
}

absl::Status BadFile(const std::string& path, absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "MASTER_KEY_FILE",
                   absl::StrCat("master key file ", path, ": ", what), {{"file", path}});
}

class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

// What is read goes through memory that is wiped.
struct Wiped {
  std::string bytes;
  ~Wiped() { sodium_memzero(bytes.data(), bytes.size()); }
};

absl::Status ReadAll(const std::string& path, std::string* bytes) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) return BadFile(path, std::strerror(errno));
  struct stat about;
  if (fstat(file.number(), &about) != 0) return BadFile(path, std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return BadFile(path, "is no file");
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return BadFile(path, "others than its owner may read it: chmod 600");
  }
  if (static_cast<size_t>(about.st_size) > kMaxFileBytes) return BadFile(path, "is too large to be one");
  // At once in its whole size: growing would leave copies behind.
  bytes->resize(static_cast<size_t>(about.st_size));
  const ssize_t got = read(file.number(), bytes->data(), bytes->size());
  if (got != static_cast<ssize_t>(bytes->size())) return BadFile(path, "cannot be read whole");
  return absl::OkStatus();
}

}  // namespace

MasterKey MakeMasterKey(IdSource& random, Millis now) {
  SecretKey secret = MakeSecretKey(random);
  std::string id = IdOf(secret);
  return {std::move(id), secret, now - now % kSecond};
}

const MasterKey* MasterKeys::Find(absl::string_view id) const {
  for (const MasterKey& key : keys_) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

absl::StatusOr<MasterKeys> LoadMasterKeys(const std::string& path) {
  Wiped content;
  RETURN_IF_ERROR(ReadAll(path, &content.bytes));
  std::vector<MasterKey> keys;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(content.bytes, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    const auto bad = [&](absl::string_view what) { return BadFile(path, absl::StrCat("line ", number, " ", what)); };
    if (words.size() != 3 || words[0] != kTag) return bad(absl::StrCat("is not \"", kTag, " TIME SECRET\""));
    absl::Time made_at;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, words[1], &made_at, &error))
      return bad("has no time like 2026-03-01T00:00:00Z");
    if (words[2].size() != 2 * kSecretBytes) return bad("has no secret of 64 hex digits");
    std::array<uint8_t, kSecretBytes> secret;
    size_t length = 0;
    if (sodium_hex2bin(secret.data(), secret.size(), words[2].data(), words[2].size(), nullptr, &length, nullptr) !=
            0 ||
        length != secret.size()) {
      return bad("has no secret of 64 hex digits");
    }
    MasterKey key{"", SecretKey(secret), absl::ToUnixMillis(made_at)};
    sodium_memzero(secret.data(), secret.size());
    key.id = IdOf(key.secret);
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return BadFile(path, "holds no key");
  return MasterKeys(std::move(keys));
}

absl::Status SaveMasterKeys(const std::string& path, const MasterKeys& keys) {
  Wiped content;
  content.bytes.reserve(keys.all().size() * 128);
  for (const MasterKey& key : keys.all()) {
    char hex[2 * kSecretBytes + 1];
    sodium_bin2hex(hex, sizeof(hex), key.secret.data(), kSecretBytes);
    absl::StrAppend(&content.bytes, kTag, " ",
                    absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(key.made_at), absl::UTCTimeZone()),
                    " ", hex, "\n");
    sodium_memzero(hex, sizeof(hex));
  }
  const std::string beside = path + ".new";
  {
    unlink(beside.c_str());
    const File file(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.number() < 0) return BadFile(beside, std::strerror(errno));
    if (const absl::Status written = WriteDurably(file.number(), content.bytes); !written.ok()) {
      unlink(beside.c_str());
      return BadFile(beside, written.message());
    }
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return BadFile(path, std::strerror(errno));
  const absl::Status synced = SyncFolderOf(path);
  return synced.ok() ? synced : BadFile(path, synced.message());
}

}  // namespace redress
