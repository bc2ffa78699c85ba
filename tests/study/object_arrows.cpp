// Arrows between objects against dense algebra: the graph's own, and those it dropped.
#include "yoneda/study/object_arrows.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include "planted_words.hpp"

using namespace yoneda;
using namespace yoneda::study;

namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Dense dense(const Matrix& matrix) {
  Dense made(matrix.rows(), matrix.cols());
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j) made(i, j) = static_cast<double>(matrix(i, j));
  return made;
}

/// All cosines of the rows of one with the rows of the other.
Dense cosines(Dense a, Dense b) {
  a.rowwise().normalize();
  b.rowwise().normalize();
  return a * b.transpose();
}

/// Standardised logits on each feature's 2k outermost tokens, from nothing but the matrices.
Dense dense_profiles(const Dense& logits, Index k) {
  Dense made = Dense::Zero(logits.rows(), logits.cols());
  for (Index f = 0; f < logits.rows(); ++f) {
    const Eigen::RowVectorXd z = logits.row(f).array() - logits.row(f).mean();
    std::vector<Id> order(z.size());
    for (Index t = 0; t < z.size(); ++t) order[t] = static_cast<Id>(t);
    std::ranges::sort(order, {}, [&](Id t) { return z(t); });
    for (Index i = 0; i < k; ++i)
      for (const Id t : {order[i], order[z.size() - 1 - i]}) made(f, t) = z(t);
  }
  return made;
}

/// w' of a LayerNorm model: centred, then times the gain.
Dense centred_directions(const SmallStudy& study) {
  Dense W = dense(study.sources.sae.W_dec);
  W.colwise() -= Eigen::VectorXd(W.rowwise().mean());
  for (Index j = 0; j < W.cols(); ++j) W.col(j) *= static_cast<double>(study.sources.model.gain[j]);
  return W;
}

Dense centred_tokens(const SmallStudy& study) {
  Dense U = dense(study.sources.model.W_U);
  U.rowwise() -= Eigen::RowVectorXd(U.colwise().mean());
  return U;
}

}  // namespace

TEST_CASE("arrows between features are the graph's, or the exact ones it did not keep") {
  const SmallStudy study = random_study();
  const ObjectArrows arrows = study.object_arrows();
  const Dense logits = centred_directions(study) * dense(study.sources.model.W_U).transpose();
  const Dense profiles = dense_profiles(logits, 10);
  const Dense expected = cosines(profiles, profiles);
  Index kept = 0, dropped = 0;
  for (Id f = 0; f < 40; ++f)
    for (Id g = 0; g < 40; ++g) {
      const ObjectArrow arrow = arrows.between(Point{false, f}, Point{false, g});
      if (f == g) {
        CHECK(arrow.weight == 0);
        continue;
      }
      CHECK(arrow.weight == doctest::Approx(expected(f, g)).epsilon(2e-5));
      CHECK(arrow.in_graph == (study.graph.graph.weight(f, g) != 0));
      (arrow.in_graph ? kept : dropped) += 1;
    }
  CHECK(kept > 100);
  CHECK(dropped > 1000);
}

TEST_CASE("what the graph kept is what would be computed, to the last bit") {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder}) {
    const SmallStudy study = random_study(kind);
    GraphFile bare = study.graph;
    bare.graph = SignedGraph::from_edges(40, {}, Direction::undirected, kind);
    const ObjectArrows kept = study.object_arrows(), computed(bare, &study.arrows, &study.sources);
    for (const Edge& edge : study.graph.graph.edges()) {
      const Point f{false, edge.source}, g{false, edge.target};
      CHECK(kept.between(f, g).weight == computed.between(f, g).weight);
      CHECK(kept.between(g, f).weight == computed.between(g, f).weight);
      CHECK(kept.between(f, g).in_graph);
      CHECK_FALSE(computed.between(f, g).in_graph);
    }
  }
}

TEST_CASE("decoder arrows are cosines of decoder rows") {
  const SmallStudy study = random_study(GraphKind::decoder);
  const ObjectArrows arrows = study.object_arrows();
  const Dense expected = cosines(dense(study.sources.sae.W_dec), dense(study.sources.sae.W_dec));
  for (Id f = 0; f < 40; ++f)
    for (Id g = 0; g < f; ++g)
      CHECK(arrows.between(Point{false, f}, Point{false, g}).weight ==
            doctest::Approx(expected(f, g)).epsilon(1e-5));
}

TEST_CASE("arrows to and from tokens are cosines whose sign is that of the centred logit") {
  const SmallStudy study = random_study();
  const ObjectArrows arrows = study.object_arrows();
  const Dense W = centred_directions(study), U = centred_tokens(study);
  const Dense to_tokens = cosines(W, U), of_tokens = cosines(U, U);
  const Dense logits = W * dense(study.sources.model.W_U).transpose();
  for (Id f = 0; f < 40; f += 3)
    for (Id t = 0; t < 150; t += 2) {
      const double weight = arrows.between(Point{false, f}, Point{true, t}).weight;
      CHECK(weight == doctest::Approx(to_tokens(f, t)).epsilon(1e-5));
      CHECK(arrows.between(Point{true, t}, Point{false, f}).weight == weight);
      CHECK((weight > 0) == (logits(f, t) > logits.row(f).mean()));
    }
  for (Id t = 0; t < 150; t += 3)
    for (Id s = 0; s < t; s += 2) {
      CHECK(arrows.between(Point{true, t}, Point{true, s}).weight ==
            doctest::Approx(of_tokens(t, s)).epsilon(1e-9));
      CHECK(arrows.between(Point{true, t}, Point{true, s}).weight ==
            arrows.between(Point{true, s}, Point{true, t}).weight);
    }
}

TEST_CASE("the convention of the arrows decides, and tokens left out are no part of the mean") {
  SmallStudy study = random_study(GraphKind::profile, Norm::rms);
  CHECK(study.arrows.arrows.convention == Convention::folded);
  study.arrows.record.options["excluded"] = "0-9,33";
  const ObjectArrows arrows = study.object_arrows();
  Dense W = dense(study.sources.sae.W_dec), U = dense(study.sources.model.W_U);
  for (Index j = 0; j < W.cols(); ++j) W.col(j) *= static_cast<double>(study.sources.model.gain[j]);
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(12);
  for (Index t = 10; t < 150; ++t)
    if (t != 33) mean += U.row(t) / 139;
  U.rowwise() -= mean;
  const Dense expected = cosines(W, U);
  for (Id f = 0; f < 40; ++f)
    CHECK(arrows.between(Point{false, f}, Point{true, 20}).weight ==
          doctest::Approx(expected(f, 20)).epsilon(1e-5));
}

TEST_CASE("an arrow between sets is the mean over pairs of different points") {
  const SmallStudy study = random_study();
  const ObjectArrows arrows = study.object_arrows();
  const Members group{ObjectType::category, {3, 5, 8}}, other{ObjectType::category, {5, 9}},
      words{ObjectType::tokens, {7, 30}};
  const auto weight = [&](bool u_token, Id u, bool v_token, Id v) {
    return arrows.between(Point{u_token, u}, Point{v_token, v}).weight;
  };
  double sum = 0;
  for (const Id f : group.ids)
    for (const Id g : other.ids)
      if (f != g) sum += weight(false, f, false, g);
  CHECK(arrows.between(group, other).weight == doctest::Approx(sum / 5));
  sum = 0;
  for (const Id f : group.ids)
    for (const Id t : words.ids) sum += weight(false, f, true, t);
  CHECK(arrows.between(group, words).weight == doctest::Approx(sum / 6));
  CHECK_FALSE(arrows.between(group, words).in_graph);
  const Members alone{ObjectType::feature, {5}};
  CHECK(arrows.between(alone, alone).weight == 0);
}

TEST_CASE("what is needed and not there is asked for") {
  const SmallStudy study = random_study();
  const ObjectArrows bare(study.graph, nullptr, nullptr);
  const Edge edge = study.graph.graph.edges().front();
  CHECK(bare.between(Point{false, edge.source}, Point{false, edge.target}).in_graph);
  CHECK_THROWS_WITH_AS(bare.between(Point{false, 0}, Point{true, 0}),
                       "an arrow to or from a token is computed from the weights: name them with "
                       "--sae and --model",
                       Error);
  Id g = 1;
  while (study.graph.graph.weight(0, g) != 0) ++g;
  CHECK_THROWS_AS(bare.between(Point{false, 0}, Point{false, g}), Error);

  GraphFile user = study.graph;  // all that is known of a graph from a file is its edges
  user.graph = SignedGraph::from_edges(40, {{0, 1, 0.5f}}, Direction::undirected, GraphKind::user);
  const ObjectArrows file(user, nullptr, nullptr);
  CHECK(file.between(Point{false, 1}, Point{false, 0}).weight == 0.5);
  CHECK(file.between(Point{false, 1}, Point{false, 2}).weight == 0);

  GraphFile small;
  small.graph = SignedGraph::from_edges(3, {}, Direction::undirected, GraphKind::profile);
  CHECK_THROWS_WITH_AS(ObjectArrows(small, &study.arrows, nullptr),
                       "the graph is of 3 features, the arrows of 40", Error);
}
