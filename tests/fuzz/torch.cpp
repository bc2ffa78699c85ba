#include "yoneda/io/torch.hpp"

#include "read_values.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::read_values(io::parse_torch(fuzz::bytes(input), "input"));
}
