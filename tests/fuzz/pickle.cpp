// The pickle inside PyTorch's archives, without the archive, whose checksums a fuzzer seldom meets.
#include "io/pickle.hpp"

#include "fuzz.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  io::is_legacy_torch(std::as_bytes(input));
  const io::SharedBytes bytes = fuzz::bytes(input);
  const io::PickledState state = io::parse_pickle(bytes.span, "input");
}
