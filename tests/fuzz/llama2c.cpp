// Checkpoints of llama2.c, by way of what tells all containers of tensors apart.
#include "read_values.hpp"
#include "yoneda/io/read_tensors.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::read_values(io::parse_tensors(fuzz::bytes(input), "input"));
}
