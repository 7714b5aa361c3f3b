// What libFuzzer calls: the one target that this program is linked with.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/mutator.h"
#include "tests/fuzz/target.h"

namespace {

const redress::fuzz::Target& TheTarget() {
  if (redress::fuzz::Targets().size() != 1) {
    std::fprintf(stderr, "a program fuzzes one target\n");
    std::abort();
  }
  return *redress::fuzz::Targets().front();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TheTarget().run({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  const auto& grammar = TheTarget().grammar;
  // Bytes now and then all the same: what is no text format is an input, too.
  if (grammar.prototype == nullptr || seed % 16 == 0) return LLVMFuzzerMutate(data, size, max_size);
  const std::string changed =
      redress::fuzz::Mutate(grammar, {reinterpret_cast<const char*>(data), size}, seed, LLVMFuzzerMutate);
  if (changed.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
