#include "read_vocabulary.hpp"

void read_input(yoneda::fuzz::Input input) {
  yoneda::fuzz::read_vocabulary("tokenizer.model", input);
}
