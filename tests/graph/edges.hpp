// The edges of a graph against those that an oracle expects.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "yoneda/graph/signed_graph.hpp"

/// In the order of source and target; weights up to `tolerance`, of 1 and of their size.
inline void check_edges(const yoneda::SignedGraph& graph, const std::vector<yoneda::Edge>& expected,
                        double tolerance = 0) {
  const auto found = graph.edges();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(found[i].source == expected[i].source);
    REQUIRE(found[i].target == expected[i].target);
    const double difference = std::abs(double(found[i].weight) - double(expected[i].weight));
    REQUIRE(difference <= tolerance * (1 + std::abs(double(expected[i].weight))));
  }
}
