#include "yoneda/sae/firing.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "random_matrix.hpp"

using namespace yoneda;
using namespace yoneda::detail;

namespace {

// Pre-activations [n, rows], their biases and bounds, shown to `firing` in tiles of some size.
struct Layer {
  Index n, rows;
  std::vector<float> values, bias, bound;

  Layer(Index features, Index inputs, std::uint64_t seed)
      : n(features),
        rows(inputs),
        values(n * padded_rows(rows)),
        bias(normals(n, seed + 1)),
        bound(n, 0.0f) {
    const auto drawn = normals(n * rows, seed);
    for (Index f = 0; f < n; ++f)
      for (Index r = 0; r < rows; ++r) at(f, r) = drawn[f * rows + r];
  }

  float& at(Index f, Index r) { return values[f * padded_rows(rows) + r]; }
  float value(Index f, Index r) const { return values[f * padded_rows(rows) + r] + bias[f]; }

  void show(FiringRows& firing, Index tile) const {
    const Index stride = padded_rows(rows);
    for (Index first = 0; first < n; first += tile)
      firing.meet({&values[first * stride], std::min(tile, n - first), stride, &bias[first],
                   &bound[first], static_cast<Id>(first)});
  }
};

// By the definition: sort everything.
std::vector<Id> by_sorting(const Layer& layer, Index row, Index k) {
  std::vector<Id> order;
  for (Id f = 0; f < layer.n; ++f)
    if (layer.value(f, row) > layer.bound[f]) order.push_back(f);
  std::ranges::stable_sort(order, std::greater{}, [&](Id f) { return layer.value(f, row); });
  if (k < static_cast<Index>(order.size())) order.resize(k);
  std::ranges::sort(order);
  return order;
}

void check(const Layer& layer, FiringRows& firing, Index tile, Index k) {
  firing.start(layer.rows, k);
  layer.show(firing, tile);
  for (Index row = 0; row < layer.rows; ++row) {
    const auto found = firing.row(row);
    std::vector<Id> features;
    for (const auto& [value, feature] : found) {
      REQUIRE(value == layer.value(feature, row));
      features.push_back(feature);
    }
    REQUIRE(features == by_sorting(layer, row, k));
  }
}

}  // namespace

TEST_CASE("the k largest are those of a sort, whatever the tiles") {
  FiringRows firing;  // one for all: nothing may be left over from the block before
  for (const auto& [n, rows] :
       {std::pair<Index, Index>{1, 1}, {3, 2}, {50, 17}, {700, 33}, {3000, 5}, {9000, 3}})
    for (const Index k : {1, 2, 12, 50, 300, 1500})
      for (const Index tile : {5, 64, 512, 10000}) {
        CAPTURE(n);
        CAPTURE(k);
        CAPTURE(tile);
        check(Layer(n, rows, static_cast<std::uint64_t>(n + k)), firing, tile, k);
      }
}

TEST_CASE("all that exceed their bounds fire") {
  FiringRows firing;
  Layer layer(1000, 20, 3);
  check(layer, firing, 300, FiringRows::all);
  layer.bound = normals(1000, 9);
  for (float& bound : layer.bound) bound = std::max(bound, 0.0f);
  layer.bound[7] = layer.value(7, 3);  // not above its bound
  layer.bound[8] = std::numeric_limits<float>::infinity();
  check(layer, firing, 300, FiringRows::all);
}

TEST_CASE("ties, sorted values and values that are no numbers") {
  FiringRows firing;
  Layer layer(2000, 4, 5);
  std::ranges::fill(layer.bias, 0.0f);
  for (Index f = 0; f < 2000; ++f) {
    layer.at(f, 0) = static_cast<float>(f % 7);     // many ties
    layer.at(f, 1) = static_cast<float>(f);         // every value is the largest so far
    layer.at(f, 2) = static_cast<float>(2000 - f);  // only the first count
    layer.at(f, 3) = f % 3 == 0 ? -1.0f : 0.0f;     // nothing fires
  }
  layer.at(1500, 1) = std::numeric_limits<float>::infinity();
  for (const Index k : {1, 40, 400})
    for (const Index tile : {100, 2000}) check(layer, firing, tile, k);

  // What is no number hides none of its neighbours, wherever it stands among them.
  for (Index f = 0; f < 2000; ++f)
    for (Index r = 0; r < 4; ++r)
      if ((f * 7 + r) % 11 < 5) layer.at(f, r) = std::numeric_limits<float>::quiet_NaN();
  for (const Index k : {1, 10, 300, 3000})
    for (const Index tile : {100, 2000}) check(layer, firing, tile, k);
}

TEST_CASE("features may have names of their own") {
  const std::vector<float> values(4 * row_lanes, 1.0f), bias{0, 2, 1, 2}, bound(4, 0.0f);
  const std::vector<Id> names{3, 5, 8, 13};
  FiringRows firing;
  firing.start(1, 2);
  firing.meet({values.data(), 4, row_lanes, bias.data(), bound.data(), 0, names.data()});
  REQUIRE(firing.row(0).size() == 2);
  CHECK(firing.row(0)[0].feature == 5);
  CHECK(firing.row(0)[1].feature == 13);
}
