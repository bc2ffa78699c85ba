// What libFuzzer calls with every input.
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  yoneda::fuzz::may_refuse([&] { read_input({data, size}); });
  return 0;
}
