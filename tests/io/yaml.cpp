// YAML by way of the configurations that are read from it.
#include "io/yaml.hpp"

#include <fmt/format.h>

#include <chrono>

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

std::map<std::string, std::string> parsed(const std::string& text) {
  const Folder folder;
  io::write_text(folder / "config.yaml", text);
  return io::read_yaml(folder / "config.yaml");
}

void refused(const std::string& text, const std::string& expected) {
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH_AS(parsed(text), doctest::Contains(expected.c_str()), Error);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(120));
}

}  // namespace

TEST_CASE("values by their paths") {
  using Leaves = std::map<std::string, std::string>;
  CHECK(parsed("a: 1\nb: [x, {c: y}]\nd: &d {e: 2}\nf: *d\n") ==
        Leaves{{"a", "1"}, {"b.0", "x"}, {"b.1.c", "y"}, {"d.e", "2"}, {"f.e", "2"}});
  CHECK(parsed("").empty());
}

TEST_CASE("aliases that double themselves are refused, be it without a value") {
  std::string doubling = "a0: &a0 []\n";
  for (int i = 1; i < 30; ++i) doubling += fmt::format("a{0}: &a{0} [*a{1}, *a{1}]\n", i, i - 1);
  refused(doubling, "more than 100000 values");
  refused("a: " + std::string(400, '[') + std::string(400, ']'), "deeper than 32");
}

TEST_CASE("a long key above many values is refused before it is written out for each") {
  std::string list;
  for (int i = 0; i < 50'000; ++i) list += "1,";
  refused("? " + std::string(100'000, 'k') + "\n: [" + list + "]\n", "unfolds to more than");
}
