#include "yoneda/category/relations.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include "category/representations.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// Items 2i → 2i + 1.
std::vector<IdPair> consecutive(Id m) {
  std::vector<IdPair> pairs;
  for (Id i = 0; i < m; ++i) pairs.push_back({2 * i, 2 * i + 1});
  return pairs;
}

/// V random items; of the first 2m, item 2i + 1 is item 2i plus one difference for all, plus noise.
Eigen::MatrixXd planted(Index V, Index d, Index m, double noise, std::uint64_t seed) {
  Eigen::MatrixXd X = dense(random_matrix(V, d, seed));
  const Eigen::RowVectorXd difference = dense(random_matrix(1, d, seed + 1'000'000)).row(0);
  for (Index i = 0; i < m; ++i)
    X.row(2 * i + 1) = X.row(2 * i) + difference + noise * X.row(2 * i + 1);
  return X;
}

double cosine(const Eigen::RowVectorXd& x, const Eigen::RowVectorXd& y) {
  return x.norm() > 0 && y.norm() > 0 ? x.dot(y) / (x.norm() * y.norm()) : 0;
}

struct Expected {
  double q = 0, hit = 0, mrr = 0;
  std::vector<Index> rank;
  std::vector<Id> nearest;
};

/// The definitions, with explicit vectors.
Expected brute_force(const Eigen::MatrixXd& X, const std::vector<IdPair>& pairs) {
  const auto m = static_cast<double>(pairs.size());
  Expected expected;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(X.cols());
    for (std::size_t j = 0; j < pairs.size(); ++j)
      if (j != i) mean += (X.row(pairs[j].b) - X.row(pairs[j].a)) / (m - 1);
    expected.q += cosine(X.row(pairs[i].b) - X.row(pairs[i].a), mean) / m;
    const Eigen::RowVectorXd query = X.row(pairs[i].a) + mean;
    const double own = cosine(query, X.row(pairs[i].b));
    Index rank = 1;
    double best = -2;
    Id nearest = -1;
    for (Id v = 0; v < X.rows(); ++v) {
      if (v == pairs[i].a || v == pairs[i].b) continue;
      const double other = cosine(query, X.row(v));
      rank += other >= own - 1e-12;
      if (other > best) best = other, nearest = v;
    }
    expected.rank.push_back(rank);
    expected.nearest.push_back(nearest);
    expected.hit += (rank == 1) / m;
    expected.mrr += 1 / (m * static_cast<double>(rank));
  }
  return expected;
}

void check_against(const RelationTest& test, const Expected& expected) {
  CHECK(test.q.observed() == Approx(expected.q));
  CHECK(test.hit.observed() == Approx(expected.hit));
  CHECK(test.mrr.observed() == Approx(expected.mrr));
  REQUIRE(test.pairs.size() == expected.rank.size());
  for (std::size_t i = 0; i < test.pairs.size(); ++i) {
    CHECK(test.pairs[i].rank == expected.rank[i]);
    CHECK(test.pairs[i].rival == expected.nearest[i]);
    CHECK((test.pairs[i].rank == 1) == (test.pairs[i].reached > test.pairs[i].rival_cosine));
  }
}

}  // namespace

TEST_CASE("Q, ranks, hit@1 and MRR are those of the definition, dense and sparse") {
  const auto pairs = consecutive(12);
  // 300 items: several blocks, the last one not full; noise, so that ranks of all kinds occur
  const Representation dense_one = representation_of(planted(300, 20, 12, 0.8, 1));
  const Representation sparse_one = code_representation(random_codes(150, 40, 0.15, 2));
  for (const Representation* of : {&dense_one, &sparse_one}) {
    const Eigen::MatrixXd X = dense(*of);
    const RelationTest test = relation_test(*of, pairs, {.samples = 30});
    const Expected expected = brute_force(X, pairs);
    check_against(test, expected);
    for (std::size_t f = 0; f + 1 < test.failures.size(); ++f)
      CHECK(test.pairs[test.failures[f]].rank >= test.pairs[test.failures[f + 1]].rank);
    CHECK(static_cast<double>(test.failures.size()) == Approx(12 * (1 - expected.hit)));
    const Expected shared = brute_force(X, {{0, 1}, {2, 1}, {0, 3}, {4, 5}});
    check_against(relation_test(*of, std::vector<IdPair>{{0, 1}, {2, 1}, {0, 3}, {4, 5}, {2, 1}},
                                {.samples = 5}),
                  shared);
  }
}

TEST_CASE("every draw of both nulls is what the definition gives for the pairs it drew") {
  const Representation words = representation_of(planted(200, 16, 9, 0.7, 3));
  const Eigen::MatrixXd X = dense(words);
  std::vector<IdPair> pairs = consecutive(9);
  pairs.push_back({20, 1});  // shares a word
  const RelationOptions options{.samples = 12, .seed = 5};
  const RelationTest test = relation_test(words, pairs, options);
  const auto placed = detail::placed(pairs);
  CHECK(placed.groups == 9);
  const auto drawn = detail::arrangements(placed, options);
  for (Index r = 1; r <= 24; ++r) {
    std::vector<IdPair> drawn_pairs;
    for (std::size_t i = 0; i < pairs.size(); ++i)
      drawn_pairs.push_back({placed.words[drawn.all[r].a[i]], placed.words[drawn.all[r].b[i]]});
    const Expected expected = brute_force(X, drawn_pairs);
    const Index s = r <= 12 ? r - 1 : r - 13;
    const auto& of = [&](const RelationStatistic& statistic) -> const NullTest& {
      return r <= 12 ? statistic.swap : statistic.re_pair;
    };
    CHECK(of(test.q).draws[s] == Approx(expected.q));
    CHECK(of(test.hit).draws[s] == Approx(expected.hit));
    CHECK(of(test.mrr).draws[s] == Approx(expected.mrr));
    if (r <= 12) {  // swapped: the same pairs either way round, the two that share a word together
      for (std::size_t i = 0; i < pairs.size(); ++i)
        CHECK((drawn_pairs[i] == pairs[i] || drawn_pairs[i] == IdPair{pairs[i].b, pairs[i].a}));
      CHECK((drawn_pairs[0] == pairs[0]) == (drawn_pairs[9] == pairs[9]));
    } else {  // re-paired: the same first words in place, the same second words somewhere
      std::vector<Id> before, after;
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        CHECK(drawn_pairs[i].a == pairs[i].a);
        before.push_back(pairs[i].b);
        after.push_back(drawn_pairs[i].b);
      }
      std::ranges::sort(before);
      std::ranges::sort(after);
      CHECK(before == after);
    }
  }
}

TEST_CASE("planted: one difference commutes; two types of word do not; no direction does not") {
  const auto pairs = consecutive(15);
  const RelationTest one =
      relation_test(representation_of(planted(400, 30, 15, 0.3, 7)), pairs, {.samples = 99});
  for (const auto* statistic : {&one.q, &one.hit, &one.mrr}) {
    CHECK(statistic->verdict == Verdict::commutes);
    CHECK(statistic->swap.p_upper == Approx(0.01));
    CHECK(statistic->re_pair.p_upper == Approx(0.01));
  }
  CHECK(one.hit.observed() == 1);
  CHECK(one.failures.empty());

  // All b lie in one place and all a in another, whoever belongs to whom: a direction, no pairing.
  Eigen::MatrixXd types = dense(random_matrix(400, 30, 8));
  for (Index i = 0; i < 15; ++i) types(2 * i, 0) += 20, types(2 * i + 1, 1) += 20;
  const RelationTest two = relation_test(representation_of(types), pairs, {.samples = 99});
  CHECK(two.q.observed() > 0.9);
  CHECK(two.q.swap.verdict == Verdict::commutes);
  CHECK(two.q.re_pair.verdict != Verdict::commutes);
  CHECK(two.q.verdict != Verdict::commutes);
  CHECK(two.hit.verdict != Verdict::commutes);

  const RelationTest none =
      relation_test(word_representation(random_matrix(400, 30, 9)), pairs, {.samples = 99});
  CHECK(none.q.verdict == Verdict::does_not);
  CHECK(none.hit.verdict != Verdict::commutes);
}

TEST_CASE("exact: Q is 1 and every b the nearest, whatever the items are") {
  const RelationTest test =
      relation_test(representation_of(planted(50, 8, 10, 0, 10)), consecutive(10), {.samples = 19});
  CHECK(test.q.observed() == Approx(1).epsilon(1e-5));
  CHECK(test.hit.observed() == 1);
  const RelationTest less = relation_test(representation_of(planted(50, 8, 10, 1.5, 10)),
                                          consecutive(10), {.samples = 19});
  CHECK(less.q.observed() < 0.9);
  CHECK(preserved(less, test) == Approx(less.q.observed() / test.q.observed()));
  RelationTest opposed = test;
  opposed.q.swap.observed = -0.1;
  CHECK(std::isnan(preserved(test, opposed)));
}

TEST_CASE("p is uniform where the null is true, with words shared or not") {
  // Shared words make differences agree without any relation: nulls that turned each pair alone
  // would call this a direction nearly always.
  std::vector<IdPair> sharing = consecutive(12);
  for (Id i = 0; i < 6; ++i) sharing.push_back({24 + i, 2 * i + 1});
  for (const auto& pairs : {consecutive(10), sharing}) {
    std::vector<double> of_swap, of_re_pair, of_hits;
    for (std::uint64_t round = 0; round < 300; ++round) {
      const RelationTest test =
          relation_test(word_representation(random_matrix(40, 12, 1000 + round)), pairs,
                        {.samples = 19, .seed = round});
      of_swap.push_back(test.q.swap.p_upper);
      of_re_pair.push_back(test.q.re_pair.p_upper);
      for (const NullTest* of :
           {&test.mrr.swap, &test.mrr.re_pair, &test.hit.swap, &test.hit.re_pair})
        of_hits.push_back(of->p_upper);
    }
    // Ranks tie, so that their p is at most as often small as a uniform one.
    for (const double alpha : {0.05, 0.25}) {
      const auto below =
          std::ranges::count_if(of_hits, [&](double x) { return x <= alpha + 1e-9; });
      CHECK(static_cast<double>(below) < 1200 * alpha + 6 * std::sqrt(300 * alpha * (1 - alpha)));
    }
    for (const auto* p : {&of_swap, &of_re_pair}) {
      CHECK(std::abs(moments(*p).mean - 0.525) < 0.05);  // standard error .0167
      for (const double alpha : {0.05, 0.1, 0.25, 0.5}) {
        const auto below = std::ranges::count_if(*p, [&](double x) { return x <= alpha + 1e-9; });
        const double error = std::sqrt(300 * alpha * (1 - alpha));
        CHECK(std::abs(static_cast<double>(below) - 300 * alpha) < 3 * error);
      }
    }
  }
}

TEST_CASE("ties never help: a second item in the same place, vectors that are zero") {
  Eigen::MatrixXd X = planted(60, 10, 8, 0, 11);
  X.row(40) = X.row(1);  // as near as b_0
  X.row(5).setZero();    // b_2
  const RelationTest test = relation_test(representation_of(X), consecutive(8), {.samples = 19});
  CHECK(test.pairs[0].rank == 2);
  CHECK(test.pairs[0].rival == 40);
  CHECK(test.pairs[2].rank > 1);
  CHECK(test.pairs[2].reached == 0);
  const RelationTest zero = relation_test(representation_of(Eigen::MatrixXd::Zero(30, 4)),
                                          consecutive(8), {.samples = 19});
  CHECK(zero.q.observed() == 0);
  for (const PairResult& pair : zero.pairs) CHECK(pair.rank == 29);
  CHECK(zero.q.verdict != Verdict::commutes);
}

TEST_CASE("too few pairs, or too few of their own: underpowered, and why") {
  const Representation words = representation_of(planted(60, 10, 20, 0.1, 12));
  const RelationTest few = relation_test(words, consecutive(7), {.samples = 99});
  CHECK(few.q.verdict == Verdict::underpowered);
  CHECK(few.hit.swap.verdict == Verdict::underpowered);
  CHECK(few.q.reason.find("7 pairs") != std::string::npos);
  CHECK(few.q.observed() > 0.9);  // the numbers are there
  std::vector<IdPair> star;
  for (Id a = 0; a < 12; ++a) star.push_back({a, 40});
  const RelationTest one = relation_test(words, star, {.samples = 99});
  CHECK(one.units == 1);
  CHECK(one.q.verdict == Verdict::underpowered);
  CHECK(one.q.reason.find("share words") != std::string::npos);
  CHECK(one.notes.size() == 1);
  CHECK(relation_test(words, consecutive(9), {.samples = 10}).q.verdict == Verdict::underpowered);
}

TEST_CASE("the same bits for any number of threads; another seed draws otherwise") {
  const Representation words = representation_of(planted(700, 16, 10, 0.8, 13));
  const auto pairs = consecutive(10);
  const RelationTest test = relation_test(words, pairs, {.samples = 40});
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    const RelationTest again = relation_test(words, pairs, {.samples = 40});
    CHECK(again.q.swap.draws == test.q.swap.draws);
    CHECK(again.mrr.re_pair.draws == test.mrr.re_pair.draws);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      CHECK(again.pairs[i].rival == test.pairs[i].rival);
      CHECK(again.pairs[i].reached == test.pairs[i].reached);
    }
  }
  omp_set_num_threads(threads);
  CHECK(relation_test(words, pairs, {.samples = 40, .seed = 2}).q.swap.draws != test.q.swap.draws);
}

TEST_CASE("bad input") {
  const Representation words = word_representation(random_matrix(20, 4, 14));
  CHECK_THROWS_AS(relation_test(words, std::vector<IdPair>{{0, 1}, {0, 1}}), Error);
  CHECK_THROWS_AS(relation_test(words, std::vector<IdPair>{{0, 1}, {2, 2}}), Error);
  CHECK_THROWS_AS(relation_test(words, std::vector<IdPair>{{0, 1}, {2, 20}}), Error);
  CHECK_THROWS_AS(relation_test(words, consecutive(9), {.samples = 0}), Error);
  CHECK_THROWS_AS(
      relation_test(words, consecutive(9), {}, Progress([](Stage, double) { return false; })),
      Error);
}

TEST_CASE("few groups cannot be turned in ways enough for a small p") {
  const auto test = [](double alpha) {
    return relation_test(representation_of(planted(60, 20, 8, 0.1, 11)), consecutive(8),
                         {.samples = 999, .rule = {.alpha = alpha}});
  };
  CHECK(test(0.05).q.verdict == Verdict::commutes);
  CHECK(test(0.005).q.verdict == Verdict::underpowered);  // 2^-7 = .0078
}
