#include "yoneda/core/similar_words.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <string>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

using Words = std::vector<std::string>;

/// The definition, by recursion on the last bytes of either text.
Index by_definition(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return static_cast<Index>(a.size() + b.size());
  const std::string s = a.substr(0, a.size() - 1), t = b.substr(0, b.size() - 1);
  Index least = std::min({by_definition(s, b) + 1, by_definition(a, t) + 1,
                          by_definition(s, t) + (a.back() != b.back())});
  if (!s.empty() && !t.empty() && a.back() == t.back() && s.back() == b.back())
    least =
        std::min(least, by_definition(s.substr(0, s.size() - 1), t.substr(0, t.size() - 1)) + 1);
  return least;
}

}  // namespace

TEST_CASE("an insertion, a deletion, a substitution and a swap are one edit each") {
  CHECK(edit_distance("graph", "graph", 2) == 0);
  CHECK(edit_distance("graph", "grraph", 2) == 1);
  CHECK(edit_distance("graph", "grph", 2) == 1);
  CHECK(edit_distance("graph", "greph", 2) == 1);
  CHECK(edit_distance("W_dec", "W_dce", 2) == 1);
  CHECK(edit_distance("", "ab", 2) == 2);
  CHECK(edit_distance("", "abc", 2) == 3);    // more than asked for
  CHECK(edit_distance("ca", "abc", 9) == 3);  // swapped letters are not edited again
}

TEST_CASE("distances are those of the definition") {
  Random random(1);
  const auto word = [&random] {
    std::string made(random.below(6), ' ');
    for (char& c : made) c = static_cast<char>('a' + random.below(3));
    return made;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string a = word(), b = word();
    INFO(a << " " << b);
    REQUIRE(edit_distance(a, b, 10) == by_definition(a, b));
    REQUIRE(edit_distance(a, b, 1) == std::min<Index>(2, by_definition(a, b)));
  }
}

TEST_CASE("only near words are offered, the nearest first") {
  const std::array<std::string_view, 5> methods{"sponge", "laplacian", "leiden", "linkage",
                                                "kmeans"};
  CHECK(similar_words("spong", methods, 3) == Words{"sponge"});
  CHECK(similar_words("SPONGE", methods, 3) == Words{"sponge"});
  CHECK(similar_words("ledien", methods, 3) == Words{"leiden"});
  CHECK(similar_words("lap", methods, 3) == Words{"laplacian"});
  CHECK(similar_words("la", methods, 3).empty());  // too short to be sure
  CHECK(similar_words("louvain", methods, 3).empty());
  CHECK(similar_words("see", Words{"set", "sees", "see", "seldom"}, 2) == Words{"see", "set"});
  CHECK(similar_words("x", Words{"y", "k"}, 1).empty());  // of one letter any other is near
}
