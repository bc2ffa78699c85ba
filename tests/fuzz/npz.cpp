#include "yoneda/io/npz.hpp"

#include "read_values.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::read_values(io::parse_npz(fuzz::bytes(input), "input"));
}
