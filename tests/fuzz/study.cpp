// The JSON of a study: study.json, and categories.json.
#include "yoneda/study/study.hpp"
#include "fuzz.hpp"
#include "yoneda/study/categories_file.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  fuzz::folder().write("study.json", input);
  fuzz::may_refuse([&] { study::read_study(fuzz::folder().path()); });
  const std::string categories = fuzz::folder().write("categories.json", input);
  fuzz::may_refuse([&] { study::read_category(categories, 0); });
  study::read_named_partition(categories);
}
