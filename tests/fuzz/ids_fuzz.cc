// Ids, as anybody may send them.
#include <string>

#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"

namespace redress::fuzz {
namespace {

void Run(absl::string_view bytes) {
  const auto parsed = ParseId(bytes);
  if (parsed.ok()) {
    Check(MakeId(parsed->at_ms, parsed->placement, parsed->random) == bytes, "an id is written in one way");
  } else {
    Check(ViolationsOf(parsed.status()).size() == 1, "what is wrong is said");
  }
  // Ids sort as what they are made of.
  Input input(bytes);
  const auto parts = [&input] {
    IdParts parts;
    parts.at_ms = static_cast<int64_t>(input.U64() >> 16);
    parts.placement = input.U16();
    parts.random = input.U64();
    return parts;
  };
  const IdParts a = parts();
  const IdParts b = parts();
  const std::string id_a = MakeId(a.at_ms, a.placement, a.random);
  const std::string id_b = MakeId(b.at_ms, b.placement, b.random);
  const auto order = [](const IdParts& p) { return std::make_tuple(p.at_ms, p.placement, p.random); };
  Check((id_a < id_b) == (order(a) < order(b)), "ids sort by time, placement, random bits");
  const auto back = ParseId(id_a);
  Check(back.ok() && order(*back) == order(a), "what was made is read");
}

const Target kTarget("ids", Run);

}  // namespace
}  // namespace redress::fuzz
