// TOML: diagrams, and the settings of a command.
#include "fuzz.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/settings_file.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::may_refuse([&] {
    const study::DiagramFile file = study::parse_diagram_file(fuzz::text(input), "input");
    const Vocabulary vocabulary({"a", " b", "king", "queen"});
    study::looked_up(file, {8, vocabulary.size(), &vocabulary});
  });
  study::read_settings(fuzz::folder().write("settings.toml", input));
}
