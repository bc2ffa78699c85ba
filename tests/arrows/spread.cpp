#include "yoneda/arrows/spread.hpp"

#include <doctest/doctest.h>

#include "random_matrix.hpp"

using namespace yoneda;
using namespace yoneda::detail;

TEST_CASE("moments from powers about any point near the mean") {
  const std::array<double, 4> values{-1, -1, 0, 4};
  double second = 0, third = 0, fourth = 0;
  for (const double z : values) {
    second += std::pow(z - 0.5, 2) / 4;
    third += std::pow(z - 0.5, 3) / 4;
    fourth += std::pow(z - 0.5, 4) / 4;
  }
  for (const double about : {0.5, 0.0, 1.5}) {
    Powers powers;
    for (const double z : values)
      for (int p = 0; p < 4; ++p) powers.sums[p] += std::pow(z - about, p + 1);
    const Spread found = spread(powers, 4);
    CHECK(found.std == doctest::Approx(std::sqrt(second)));
    CHECK(found.skewness == doctest::Approx(third / std::pow(second, 1.5)));
    CHECK(found.kurtosis == doctest::Approx(fourth / (second * second)));
  }
}

TEST_CASE("products that do not vary have no spread, whatever rounding makes of them") {
  const Index d = 40;
  const auto token = normals(d, 1), query = normals(d, 2);
  std::vector<float> equal;
  for (int i = 0; i < 300; ++i) equal.insert(equal.end(), token.begin(), token.end());
  const Matrix matrix = Matrix::from(equal, 300, d);
  const Spread none = careful_spread(query, Keys(matrix, {}));
  CHECK(none.std == 0);
  CHECK(none.skewness == 0);
  CHECK(none.kurtosis == 0);
}

TEST_CASE("powers that floats cannot hold are not believed") {
  const Index d = 5;
  const Matrix matrix = random_matrix(100, d, 3);
  const Keys keys(matrix, {});
  const auto query = normals(d, 4);
  const Spread careful = careful_spread(query, keys);
  Powers broken;
  broken.sums = {0, 100, 0, INFINITY};
  const Spread found = spread_of(broken, 0, query, keys);
  CHECK(found.std == careful.std);
  CHECK(found.kurtosis == careful.kurtosis);
}
