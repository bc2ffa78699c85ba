#include "yoneda/arrows/rescore.hpp"

#include <doctest/doctest.h>

#include "random_matrix.hpp"
#include "yoneda/linear/dot.hpp"

using namespace yoneda;
using namespace yoneda::detail;

TEST_CASE("canonical products key by key have the bits of canonical_dot, whoever wants them") {
  for (const Index d : {1, 7, 8, 9, 64, 100}) {
    CAPTURE(d);
    const Index rows = 500, count = 11;
    const Matrix matrix = random_matrix(rows, d, 1), queries = random_matrix(count, d, 2);
    const std::vector<Id> excluded{3};
    const Keys keys(matrix, excluded);
    std::vector<std::vector<Candidate>> candidates(count);
    std::vector<std::vector<double>> products(count);
    std::vector<RescoreList> lists;
    std::vector<float> unused;
    for (Index q = 0; q < count; ++q) {
      // key 0 by all queries, the last by none, others by a few
      for (Id position = 0; position < keys.count() - 1; position += static_cast<Id>(q + 1))
        candidates[q].push_back({0, 0, position});
      products[q].assign(candidates[q].size(), 0.0);
      lists.push_back({queries.row(q, unused).data(), candidates[q], products[q].data()});
    }
    rescore(lists, keys);
    for (Index q = 0; q < count; ++q)
      for (std::size_t i = 0; i < candidates[q].size(); ++i)
        CHECK(products[q][i] ==
              canonical_dot(queries.row(q, unused), keys.row(candidates[q][i].position, unused)));
  }
}

TEST_CASE("every vector unit finds the same bits") {
  const Index d = 77;
  const auto key = normals(d, 1), query = normals(3 * d, 2);
  const std::vector<double> exact(key.begin(), key.end());
  const float* const queries[] = {query.data(), query.data() + d, query.data() + 2 * d};
  for (const VectorUnit unit : {VectorUnit::baseline, vector_unit()}) {
    double found[3];
    run_on<CanonicalDots<3>>(unit, exact.data(), queries, d, found);
    for (int q = 0; q < 3; ++q)
      CHECK(found[q] == canonical_dot(key, std::span(queries[q], static_cast<std::size_t>(d))));
  }
}
