#include "yoneda/arrows/keys.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "emulated_bf16.hpp"
#include "random_matrix.hpp"
#include "yoneda/linear/dot.hpp"

using namespace yoneda;
using namespace yoneda::detail;

namespace {

std::vector<bf16> rounded(std::span<const float> values) {
  std::vector<bf16> halves;
  for (const float value : values) halves.push_back(to_bf16(value));
  return halves;
}

}  // namespace

TEST_CASE("keys without the excluded ones: ids, norms, mean") {
  const Index rows = 70, d = 13;
  const Matrix matrix = random_matrix(rows, d, 1);
  const std::vector<Id> excluded{0, 5, 69, 5};
  const Keys keys(matrix, excluded);
  REQUIRE(keys.count() == rows - 3);
  CHECK(keys.id(0) == 1);
  CHECK(keys.id(4) == 6);
  CHECK(keys.id(66) == 68);
  CHECK(keys.in_place(0) == nullptr);
  std::vector<double> mean(d, 0.0);
  std::vector<float> scratch(d);
  for (Index i = 0; i < keys.count(); ++i) {
    const auto row = matrix.row(keys.id(i), scratch);
    const double norm = canonical_norm(row);
    CHECK(static_cast<double>(keys.norms()[i]) >= norm);
    CHECK(static_cast<double>(keys.norms()[i]) <= norm * (1 + 1e-5));
    for (Index j = 0; j < d; ++j) mean[j] += static_cast<double>(row[j]) / 67;
  }
  for (Index j = 0; j < d; ++j) CHECK(keys.mean()[j] == doctest::Approx(mean[j]));
}

TEST_CASE("unknown excluded keys and keys that are no numbers are refused") {
  const Matrix matrix = random_matrix(4, 3, 1);
  CHECK_THROWS_WITH_AS(Keys(matrix, std::vector<Id>{4}),
                       doctest::Contains("excluded token 4 is not in the vocabulary of 4"), Error);
  CHECK_THROWS_AS(Keys(matrix, std::vector<Id>{-1}), Error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -INFINITY}) {
    std::vector<float> values(12, 1.0f);
    values[7] = bad;
    CHECK_THROWS_WITH_AS(Keys(Matrix::from(values, 4, 3), {}), doctest::Contains("row 2 holds"),
                         Error);
  }
}

TEST_CASE(
    "numbers of the pass's kind are used where they lie, others are rounded about the centre") {
  const Index rows = 200, d = 9;
  const auto values = normals(rows * d, 2);
  const std::vector<float> centre = normals(d, 3), none;
  const Matrix floats = Matrix::from(values, rows, d);
  const Keys keys(floats, {});

  KeyBlock as_they_are(keys, FirstPass::f32, none);
  as_they_are.take(10, 100);
  CHECK(static_cast<const void*>(as_they_are.floats(2, 3).data) ==
        static_cast<const void*>(floats.bytes().data() + 12 * d * sizeof(float)));
  as_they_are.take(1, 60, 3);  // every third: copied
  for (Index j = 0; j < d; ++j) CHECK(as_they_are.floats(7, 1).data[j] == values[22 * d + j]);

  KeyBlock centred(keys, FirstPass::bf16, centre);
  centred.take(10, 100);
  for (Index i = 0; i < 100; ++i) {
    double whole = 0, residue = 0;
    for (Index j = 0; j < d; ++j) {
      const float moved = values[(10 + i) * d + j] - centre[j];
      const auto kept = static_cast<double>(to_float(centred.halves(i, 1).data[j]));
      CHECK(kept == static_cast<double>(to_float(to_bf16(moved))));
      const double exact =
          static_cast<double>(values[(10 + i) * d + j]) - static_cast<double>(centre[j]);
      whole += exact * exact;
      residue += (exact - kept) * (exact - kept);
    }
    CHECK(static_cast<double>(centred.norms()[i]) >= std::sqrt(whole) * (1 - 1e-7));
    CHECK(static_cast<double>(centred.residues()[i]) >= std::sqrt(residue) * (1 - 1e-7));
    CHECK(static_cast<double>(centred.residues()[i]) <= std::sqrt(residue) * (1 + 1e-3));
  }

  // Laid out 30 at a time, the last 10 by themselves; taking others makes an end of it.
  const PackedBf16 layout = emulated::packed_gemm().packed_bf16;
  CHECK(centred.packed(0) == nullptr);
  centred.pack(layout, 30);
  const std::vector<bf16> unit{to_bf16(1), {}, {}, {}, {}, {}, {}, {}, {}};
  for (const auto& [begin, count] : {std::pair<Index, Index>{0, 30}, {60, 30}, {90, 10}}) {
    std::vector<float> first_of_each(count);
    layout.multiply({unit.data(), 1, d, d}, centred.packed(begin),
                    {first_of_each.data(), 1, count, count});
    for (Index i = 0; i < count; ++i)
      CHECK(first_of_each[i] == to_float(centred.halves(begin + i, 1).data[0]));
  }
  centred.take(0, 10);
  CHECK(centred.packed(0) == nullptr);

  const Matrix halves = Matrix::from(rounded(values), rows, d);
  const Keys half_keys(halves, {});
  KeyBlock in_place(half_keys, FirstPass::bf16, none);
  in_place.take(0, 50);
  CHECK(static_cast<const void*>(in_place.halves(0, 1).data) ==
        static_cast<const void*>(halves.bytes().data()));
  CHECK(in_place.residues()[49] == 0);
}
