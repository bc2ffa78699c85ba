#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "random_sae.hpp"
#include "yoneda/sae/relation_agreement.hpp"
#include "yoneda/sae/relation_split.hpp"
#include "yoneda/sae/topk_loss.hpp"
#include "yoneda/sae/train.hpp"

using namespace yoneda;

namespace {

using Code = std::map<Id, double>;

// An independent account of what relations cost: every code anew from the definition of TopK, every
// difference dense, all in double. `rows` holds the row of every id that a relation names.
class DenseCost {
 public:
  DenseCost(std::map<Id, std::vector<double>> rows, std::vector<Relation> relations, Index k,
            RelationPenalty penalty)
      : rows_(std::move(rows)), relations_(std::move(relations)), k_(k), penalty_(penalty) {}

  Code code(const TopkParameters& p, Id name) const {
    const std::vector<double>& x = rows_.at(name);
    std::vector<std::pair<double, Id>> pre;
    for (Id f = 0; f < p.n; ++f) {
      double sum = p.b_enc[f];
      for (Index j = 0; j < p.d; ++j)
        sum += static_cast<double>(p.W_enc[f * p.d + j]) * (x[j] - p.b_dec[j]);
      pre.push_back({-sum, f});
    }
    std::ranges::sort(pre);
    Code code;
    for (Index i = 0; i < k_; ++i)
      if (pre[i].first < 0) code[pre[i].second] = -pre[i].first;
    return code;
  }

  double operator()(const TopkParameters& p) const {
    double cost = 0;
    for (const Relation& relation : relations_) {
      const auto m = static_cast<double>(relation.pairs.size());
      std::vector<std::vector<double>> D;
      std::vector<double> mean(p.n, 0.0);
      for (const IdPair& pair : relation.pairs) {
        D.emplace_back(p.n, 0.0);
        for (const auto& [f, value] : code(p, pair.b)) D.back()[f] += value;
        for (const auto& [f, value] : code(p, pair.a)) D.back()[f] -= value;
        for (Index f = 0; f < p.n; ++f) mean[f] += D.back()[f] / m;
      }
      double spread = 0, squares = 0;
      for (const auto& difference : D)
        for (Index f = 0; f < p.n; ++f) {
          spread += std::pow(difference[f] - mean[f], 2);
          squares += std::pow(difference[f], 2);
        }
      cost += penalty_ == RelationPenalty::spread ? spread / m : spread / squares;
    }
    return cost;
  }

  // Which features fire where.
  std::set<std::pair<Id, Id>> firing(const TopkParameters& p) const {
    std::set<std::pair<Id, Id>> firing;
    for (const auto& [name, row] : rows_)
      for (const auto& [f, value] : code(p, name)) firing.insert({name, f});
    return firing;
  }

 private:
  std::map<Id, std::vector<double>> rows_;
  std::vector<Relation> relations_;
  Index k_;
  RelationPenalty penalty_;
};

// Two relations that share rows with each other and within themselves.
std::vector<Relation> tangled_relations() {
  return {{"first", {{0, 1}, {2, 3}, {4, 5}, {6, 1}, {7, 8}}},
          {"second", {{1, 0}, {2, 9}, {8, 4}, {3, 2}}}};
}

bool same_bits(const Matrix& a, const Matrix& b) {
  const auto x = to_vector(a), y = to_vector(b);
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

bool same_bits(const Sae& a, const Sae& b) {
  return same_bits(a.W_dec, b.W_dec) && same_bits(a.W_enc, b.W_enc) && a.b_enc == b.b_enc &&
         a.b_dec == b.b_dec;
}

// `things` directions; every thing occurs plain and marked, x = thing + noise and x = thing +
// mark + noise, in several rows each. The relation leads from plain to marked. With few active
// features and many to be had, an SAE likes to give marked things features of their own.
struct Planted {
  Matrix rows;
  Relation relation;
};

Planted planted_relation(Index things, Index d, Index copies, double noise, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> directions(things * d), mark(d), data;
  for (float& value : directions) value = static_cast<float>(random.normal());
  for (Index t = 0; t < things; ++t) detail::make_unit(std::span(directions).subspan(t * d, d));
  detail::random_direction(mark, random);
  for (Index copy = 0; copy < copies; ++copy)
    for (Index t = 0; t < things; ++t)
      for (const float marked : {0.0f, 0.8f})
        for (Index j = 0; j < d; ++j)
          data.push_back(directions[t * d + j] + marked * mark[j] +
                         static_cast<float>(noise * random.normal()));
  Planted planted{Matrix::from(std::move(data), 2 * things * copies, d), {"marked", {}}};
  for (Id t = 0; t < things; ++t) planted.relation.pairs.push_back({2 * t, 2 * t + 1});
  return planted;
}

RelationAgreement agreement_of(const Sae& sae, const Matrix& rows, const Relation& relation) {
  return relation_agreement(encode(sae, rows), relation);
}

}  // namespace

TEST_CASE("what relations cost and its gradient are those of a dense account") {
  const Index n = 70, d = 7, k = 5;
  const auto relations = tangled_relations();
  for (const std::uint64_t seed : {1u, 2u, 3u})
    for (const auto penalty : {RelationPenalty::alignment, RelationPenalty::spread}) {
      Random random(seed);
      const TopkParameters at = random_parameters(n, d, random);
      const std::vector<float> batch = random_rows(12, d, random),
                               rows = random_rows(10, d, random);
      std::map<Id, std::vector<double>> by_name;
      for (Id i = 0; i < 10; ++i) by_name[i] = {rows.begin() + i * d, rows.begin() + (i + 1) * d};
      const DenseCost oracle(by_name, relations, k, penalty);
      const double lambda = 0.7;
      const TopkLoss without = topk_loss(at, batch, {.k = k});
      const TopkLoss with =
          topk_loss(at, batch, {.k = k}, RelationTerm{relations, rows, penalty, lambda});
      CHECK(with.relations == doctest::Approx(lambda * oracle(at)).epsilon(1e-5));
      CHECK(with.reconstruction == without.reconstruction);
      CHECK(with.gradient.W_dec ==
            without.gradient.W_dec);  // to the bit: the decoder is left alone

      // The whole function, TopK included, but for steps that change what fires.
      const auto firing = oracle.firing(at);
      Index compared = 0, changed = 0;
      for (const auto part :
           {&TopkParameters::W_enc, &TopkParameters::b_enc, &TopkParameters::b_dec})
        for (std::size_t i = 0; i < (at.*part).size(); ++i) {
          TopkParameters up = at, down = at;
          (up.*part)[i] += 0x1p-12f;
          (down.*part)[i] -= 0x1p-12f;
          if (oracle.firing(up) != firing || oracle.firing(down) != firing) {
            ++changed;
            continue;
          }
          ++compared;
          const double step = static_cast<double>((up.*part)[i]) - (down.*part)[i];
          const double expected = lambda * (oracle(up) - oracle(down)) / step;
          const double found = static_cast<double>((with.gradient.*part)[i]) -
                               static_cast<double>((without.gradient.*part)[i]);
          REQUIRE(found == doctest::Approx(expected).epsilon(2e-4).scale(1));
        }
      CHECK(compared > 500);
      CHECK(changed < 30);
    }
}

TEST_CASE("the alignment does not see the length of codes, the spread does") {
  const Index n = 30, d = 6, k = 4;
  Random random(5);
  TopkParameters at = random_parameters(n, d, random);
  std::ranges::fill(at.b_enc, 0.0f);
  const std::vector<float> batch = random_rows(4, d, random), rows = random_rows(10, d, random);
  const auto relations = tangled_relations();
  const auto cost = [&](const TopkParameters& p, RelationPenalty penalty) {
    return topk_loss(p, batch, {.k = k}, RelationTerm{relations, rows, penalty, 1}).relations;
  };
  TopkParameters half = at;
  for (float& value : half.W_enc) value /= 2;
  CHECK(cost(half, RelationPenalty::alignment) ==
        doctest::Approx(cost(at, RelationPenalty::alignment)).epsilon(1e-6));
  CHECK(cost(half, RelationPenalty::spread) ==
        doctest::Approx(cost(at, RelationPenalty::spread) / 4).epsilon(1e-6));
  // Codes that are gone are no relation that holds.
  for (float& value : half.W_enc) value = 0;
  const TopkLoss gone = topk_loss(half, batch, {.k = k}, RelationTerm{relations, rows, {}, 1});
  CHECK(gone.relations == 2);
  for (const float value : gone.gradient.b_enc) CHECK(value == 0);
}

TEST_CASE("agreement is that of the definition") {
  // Codes over three features: differences (1,0,-1), (1,0,0), (0,2,-1).
  Codes codes;
  codes.n = 3;
  codes.offsets = {0, 1, 2, 2, 3, 4, 5};
  codes.features = {2, 0, 0, 2, 1};
  codes.values = {1, 1, 1, 1, 2};
  const RelationAgreement found = relation_agreement(codes, {"r", {{0, 1}, {2, 3}, {4, 5}}});
  const double Q = (((1 + 1) / (std::sqrt(2) * std::sqrt(1 + 4 + 1))) + (1 / std::sqrt(1 + 4 + 4)) +
                    ((0 + 0 + 1) / (std::sqrt(5) * std::sqrt(4 + 0 + 1)))) /
                   3;
  CHECK(found.pairs == 3);
  CHECK(found.Q == doctest::Approx(Q).epsilon(1e-12));
  // Mean (2, 2, -2) / 3: squared 12 / 9, thrice it is 4 of 2 + 1 + 5.
  CHECK(found.spread == doctest::Approx(0.5).epsilon(1e-12));
  CHECK(found.length == doctest::Approx(std::sqrt(8.0 / 3)).epsilon(1e-12));

  const RelationAgreement none = relation_agreement(codes, {"r", {{0, 3}, {1, 2}, {3, 0}}});
  // (1,0,-1), (-1,0,0), (-1,0,1): mean (-1,0,0) / 3, thrice its square is 1/3 of 2 + 1 + 2.
  CHECK(none.spread == doctest::Approx(14.0 / 15).epsilon(1e-12));
  Codes silent;
  silent.n = 3;
  silent.offsets = {0, 0, 0, 0, 0, 0, 0};
  const RelationAgreement gone = relation_agreement(silent, {"r", {{0, 1}, {2, 3}, {4, 5}}});
  CHECK(gone.Q == 0);
  CHECK(gone.spread == 1);
  CHECK(gone.length == 0);
}

TEST_CASE(
    "a constraint makes a planted relation hold on pairs it never saw, its control does not") {
  double Q_free = 0, Q_held = 0, Q_control = 0, fve_lost = 0;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto planted = planted_relation(60, 24, 6, 0.05, seed);
    const auto split =
        split_relations(std::vector{planted.relation}, planted.rows.rows(), 0.5, seed);
    TrainOptions options{.features = 240, .k = 2, .epochs = 60, .batch = 64, .learning_rate = 5e-3};
    options.seed = seed;
    options.directions = FirstDirections::inputs;
    const TrainResult free = train_topk(planted.rows, options);
    options.lambda = 0.3;
    options.relations = split.training;
    const TrainResult held = train_topk(planted.rows, options);
    options.relations = {random_equations(split.training[0], seed)};
    const TrainResult control = train_topk(planted.rows, options);
    const auto Q = [&](const TrainResult& result) {
      return agreement_of(result.sae, planted.rows, split.held_out[0]).Q;
    };
    Q_free += Q(free) / 3;
    Q_held += Q(held) / 3;
    Q_control += Q(control) / 3;
    fve_lost += (free.held_out.fve - held.held_out.fve) / 3;
  }
  CAPTURE(Q_free);
  CAPTURE(Q_held);
  CAPTURE(Q_control);
  CAPTURE(fve_lost);
  CHECK(Q_free < 0.2);
  CHECK(Q_held > 0.6);
  CHECK(Q_control < 0.2);
  CHECK(fve_lost < 0);  // one feature for the mark is also what reconstructs marked things best
}

TEST_CASE("training without relations, or with a weight of 0, is what it was") {
  const auto planted = planted_relation(20, 10, 5, 0.1, 4);
  TrainOptions options{.features = 70, .k = 3, .epochs = 3, .batch = 40};
  const TrainResult plain = train_topk(planted.rows, options);
  options.relations = {planted.relation};
  const TrainResult weightless = train_topk(planted.rows, options);
  CHECK(same_bits(plain.sae, weightless.sae));
  CHECK(plain.epochs.back().relations == 0);
  CHECK(weightless.epochs.back().relations == 0);
  options.lambda = 0.1;
  const TrainResult pulled = train_topk(planted.rows, options);
  CHECK_FALSE(same_bits(plain.sae, pulled.sae));
  CHECK(pulled.epochs.back().relations > 0);
  CHECK(pulled.epochs.back().relations < pulled.epochs.front().relations);
}

TEST_CASE("constrained or not, the units of the data change nothing but the biases") {
  const auto planted = planted_relation(20, 10, 5, 0.1, 4);
  std::vector<float> thousandfold = to_vector(planted.rows);
  for (float& value : thousandfold) value *= 1024;  // a power of two: the same bits
  for (const auto penalty : {RelationPenalty::alignment, RelationPenalty::spread}) {
    TrainOptions options{.features = 70, .k = 3, .epochs = 3, .batch = 40};
    options.relations = {planted.relation};
    options.lambda = 0.5;
    options.penalty = penalty;
    const TrainResult small = train_topk(planted.rows, options);
    const TrainResult large = train_topk(Matrix::from(thousandfold, 200, 10), options);
    CHECK(same_bits(small.sae.W_enc, large.sae.W_enc));
    CHECK(same_bits(small.sae.W_dec, large.sae.W_dec));
    CHECK(small.epochs.back().relations == large.epochs.back().relations);
  }
}

#if defined(_OPENMP)
TEST_CASE("the bits of a constrained SAE do not depend on the number of threads") {
  const auto planted = planted_relation(90, 16, 4, 0.1, 8);  // several blocks of relation rows
  TrainOptions options{.features = 200, .k = 4, .epochs = 2, .batch = 100, .learning_rate = 1e-2};
  options.dead_after = 100;
  options.relations = {planted.relation, random_equations(planted.relation, 1)};
  options.lambda = 0.2;
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const TrainResult one = train_topk(planted.rows, options);
  for (const int threads : {2, 3, 7}) {
    omp_set_num_threads(threads);
    const TrainResult many = train_topk(planted.rows, options);
    CHECK(same_bits(one.sae, many.sae));
    CHECK(one.epochs.back().relations == many.epochs.back().relations);
  }
  omp_set_num_threads(before);
}
#endif

TEST_CASE("a split leaves no word on both sides, and about the share asked for") {
  // Clusters of random sizes through three relations over 400 rows.
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u}) {
    Random random(seed, 99);
    std::vector<Relation> relations;
    for (Id r = 0; r < 3; ++r) {
      std::set<IdPair> pairs;
      while (pairs.size() < 40) {
        const IdPair pair{static_cast<Id>(random.below(200)),
                          static_cast<Id>(200 + random.below(200))};
        pairs.insert(pair);
      }
      relations.push_back({"r" + std::to_string(r), {pairs.begin(), pairs.end()}});
    }
    relations.resize(1 + seed % 2);  // three at once leave hardly more than one cluster
    for (const double share : {0.3, 0.5}) {
      const auto split = split_relations(relations, 400, share, seed);
      const auto trained = rows_of(split.training), held = rows_of(split.held_out);
      std::vector<Id> both;
      std::ranges::set_intersection(trained, held, std::back_inserter(both));
      CHECK(both.empty());
      for (std::size_t r = 0; r < relations.size(); ++r) {
        CHECK(split.training[r].name == relations[r].name);
        std::vector<IdPair> all = split.training[r].pairs;
        all.insert(all.end(), split.held_out[r].pairs.begin(), split.held_out[r].pairs.end());
        std::ranges::sort(all);
        CHECK(all == relations[r].pairs);
        CHECK(std::abs(static_cast<double>(split.held_out[r].pairs.size()) - 40 * share) <= 8);
      }
    }
    // Without common words: to the nearest pair, and another seed's is another.
    Relation apart{"apart", {}};
    for (Id i = 0; i < 41; ++i) apart.pairs.push_back({2 * i, 2 * i + 1});
    const auto split = split_relations(std::vector{apart}, 82, 0.25, seed);
    CHECK(split.held_out[0].pairs.size() == 10);
    CHECK(split.held_out[0].pairs ==
          split_relations(std::vector{apart}, 82, 0.25, seed).held_out[0].pairs);
    CHECK(split.held_out[0].pairs !=
          split_relations(std::vector{apart}, 82, 0.25, seed + 1).held_out[0].pairs);
  }
}

TEST_CASE("random equations pair the same words, and none with its own") {
  Relation relation{"r", {}};
  for (Id i = 0; i < 12; ++i) relation.pairs.push_back({i, 20 + i / 2});  // every b twice
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const Relation drawn = random_equations(relation, seed);
    CHECK_NOTHROW(require_relation(drawn, 40));
    std::multiset<Id> before, after;
    for (std::size_t i = 0; i < 12; ++i) {
      CHECK(drawn.pairs[i].a == relation.pairs[i].a);
      CHECK(std::ranges::count(relation.pairs, drawn.pairs[i]) == 0);
      before.insert(relation.pairs[i].b);
      after.insert(drawn.pairs[i].b);
    }
    CHECK(before == after);
    CHECK(drawn.pairs == random_equations(relation, seed).pairs);
    CHECK(drawn.pairs != random_equations(relation, seed + 10).pairs);
  }
}

TEST_CASE("relations that cannot be are refused") {
  const auto planted = planted_relation(20, 8, 5, 0.1, 10);
  TrainOptions good{.features = 20, .k = 2, .epochs = 1, .batch = 30};
  good.lambda = 0.1;
  good.relations = {{"r", {{0, 1}, {2, 3}, {4, 5}}}};
  CHECK_NOTHROW(train_topk(planted.rows, good));
  const auto refused = [&](std::vector<IdPair> pairs, const char* message) {
    TrainOptions options = good;
    options.relations[0].pairs = std::move(pairs);
    CHECK_THROWS_WITH_AS(train_topk(planted.rows, options), message, Error);
  };
  refused({{0, 1}, {2, 3}}, "relation 'r': at least 3 pairs are needed, found 2");
  refused(
      {{0, 1}, {2, 3}, {4, 200}},
      "relation 'r': the pair (4, 200) names a row that is not among the 200 rows of activations");
  refused(
      {{0, 1}, {2, 3}, {-1, 5}},
      "relation 'r': the pair (-1, 5) names a row that is not among the 200 rows of activations");
  refused({{0, 1}, {2, 3}, {4, 4}}, "relation 'r': the pair (4, 4) pairs a row with itself");
  refused({{0, 1}, {2, 3}, {0, 1}}, "relation 'r': the pair (0, 1) is given twice");
  for (const double lambda :
       {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    TrainOptions options = good;
    options.lambda = lambda;
    CHECK_THROWS_AS(train_topk(planted.rows, options), Error);
  }
  TrainOptions nothing = good;
  nothing.relations.clear();
  CHECK_THROWS_WITH(train_topk(planted.rows, nothing),
                    "lambda is given, but no relation that it could weigh");

  Random random(3);
  const TopkParameters parameters = random_parameters(6, 4, random);
  const std::vector<float> rows(4 * 5, 1.0f);  // six rows are named
  CHECK_THROWS_AS(topk_loss(parameters, rows, {.k = 2}, RelationTerm{good.relations, rows, {}, 1}),
                  Error);
}

TEST_CASE("splits and random equations that cannot be are refused") {
  const Relation chain{"chain", {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}}};
  CHECK_THROWS_AS(split_relations(std::vector{chain}, 8, 0.5, 1), Error);  // one cluster
  Relation apart{"apart", {}};
  for (Id i = 0; i < 6; ++i) apart.pairs.push_back({2 * i, 2 * i + 1});
  CHECK_NOTHROW(split_relations(std::vector{apart}, 12, 0.5, 1));
  CHECK_THROWS_AS(split_relations(std::vector{apart}, 12, 0.2, 1), Error);  // one pair held out
  CHECK_THROWS_AS(split_relations(std::vector{apart}, 11, 0.5, 1), Error);
  for (const double share : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(split_relations(std::vector{apart}, 12, share, 1), Error);
  const Relation star{"star", {{0, 9}, {1, 9}, {2, 9}}};
  CHECK_THROWS_AS(random_equations(star, 1), Error);
}
