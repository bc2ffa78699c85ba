// Lists of words: relations (four words a line) and sets of tokens (one).
#include "fuzz.hpp"
#include "yoneda/study/quads.hpp"
#include "yoneda/study/token_sets.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  const Vocabulary vocabulary({"a", "b", "c", "d", "e", " king", " queen", " man", " woman"});
  const std::string path = fuzz::folder().write("words.txt", input);
  fuzz::may_refuse([&] { study::read_quads(path, vocabulary, vocabulary.size()); });
  study::read_token_sets(path, vocabulary, vocabulary.size());
}
