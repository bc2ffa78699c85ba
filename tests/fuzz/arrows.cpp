// arrows.safetensors.
#include "fuzz.hpp"
#include "yoneda/study/arrows_file.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  study::read_arrows(fuzz::folder().write("arrows.safetensors", input));
}
