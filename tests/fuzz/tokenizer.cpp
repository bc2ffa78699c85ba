// tokenizer.json, and by their content vocab.json, a JSON list and plain text; then the same JSON
// as the added_tokens.json beside a vocabulary.
#include "read_vocabulary.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::read_vocabulary("tokenizer.json", input);
  fuzz::folder().write("added_tokens.json", input);
  const std::string vocabulary = fuzz::folder().write("vocab.json", R"({"a": 0, "b": 1, "c": 2})");
  ingest::load_vocabulary(vocabulary);
}
