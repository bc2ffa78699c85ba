// GGUF: the header, the blocks of numbers, and the vocabulary.
#include "yoneda/io/gguf.hpp"

#include "ingest/gguf_vocabulary.hpp"
#include "read_values.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  const io::SharedBytes bytes = fuzz::bytes(input);
  fuzz::may_refuse([&] { ingest::read_gguf_vocabulary(bytes, "input"); });
  fuzz::read_values(io::parse_gguf(bytes, "input"));
}
