#include "yoneda/core/id_ranges.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "yoneda/core/random.hpp"

using namespace yoneda;

TEST_CASE("a text is a whole number from 0 on, or it is not") {
  CHECK(whole_number("0") == 0);
  CHECK(whole_number("9223372036854775807") == 9223372036854775807);
  for (const char* text :
       {"", "-1", "-", "+1", " 1", "1 ", "1.0", "1e3", "x", "9223372036854775808"})
    CHECK(whole_number(text) == -1);
}

namespace {

std::vector<Id> read(const char* text) {
  return ids_from(text, 100, "feature");
}

}  // namespace

TEST_CASE("numbers and ranges, between commas or blanks, each once, in the order given") {
  CHECK(read("17") == std::vector<Id>{17});
  CHECK(read("5,3,5") == std::vector<Id>{5, 3});
  CHECK(read("97-99, 0 2-4") == std::vector<Id>{97, 98, 99, 0, 2, 3, 4});
  CHECK(read("3-3") == std::vector<Id>{3});
  CHECK(read("").empty());
  CHECK(read(" , ,").empty());
}

TEST_CASE("ranges are the inverse of reading") {
  CHECK(id_ranges(std::vector<Id>{}) == "");
  CHECK(id_ranges(std::vector<Id>{7}) == "7");
  CHECK(id_ranges(std::vector<Id>{7, 8}) == "7,8");
  CHECK(id_ranges(std::vector<Id>{0, 1, 2, 5, 7, 8, 9}) == "0-2,5,7-9");
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const auto ids = sample_sorted(100, random.below(101), random);
    CHECK(ids_from(id_ranges(ids), 100, "token") == ids);
  }
}

TEST_CASE("what is no list of ids is refused by the part that is wrong") {
  CHECK_THROWS_WITH(read("3,x-4"), "'x-4' is no feature and no range of them, like 17 or 17-20");
  for (const char* text : {"-3", "3-", "4-3", "1.5", "0x1", "1;2", "3--4", "99999999999999999999"})
    CHECK_THROWS_AS(read(text), Error);
  CHECK_THROWS_WITH(read("2,100"), "there is no feature 100: they go from 0 to 99");
  CHECK_THROWS_AS(read("0-2000000000"), Error);
}
