#include "yoneda/graph/partition.hpp"

#include <doctest/doctest.h>

using namespace yoneda;

TEST_CASE("members are listed by group, ascending, and nodes without one are left out") {
  const Partition partition{{1, -1, 0, 1, 3, 1}, 4};
  const std::vector<std::vector<Id>> expected{{2}, {0, 3, 5}, {}, {4}};
  CHECK(members(partition) == expected);
  CHECK(members({}).empty());
  CHECK(members({{-1, -1}, 0}).empty());
}
