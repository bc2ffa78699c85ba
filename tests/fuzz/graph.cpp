// Graphs in any of their formats, told apart by content: one program for each, with its own seeds
// and words.
#include "fuzz.hpp"
#include "yoneda/study/graph_file.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  const std::string path = fuzz::folder().write("graph", input);
  fuzz::may_refuse([&] { study::read_graph(path); });
  study::read_graph(path, true);
}
