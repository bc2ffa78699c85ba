#include "yoneda/io/npy.hpp"

#include "read_values.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::read_values(io::parse_npy(fuzz::bytes(input), "input"));
}
