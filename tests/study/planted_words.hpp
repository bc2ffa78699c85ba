// A study of words whose geometry is known.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "random_matrix.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/object_arrows.hpp"
#include "yoneda/study/steps.hpp"

/// Everything a diagram is checked against.
struct SmallStudy {
  yoneda::study::Sources sources;
  yoneda::study::ArrowsFile arrows;
  yoneda::study::GraphFile graph;
  yoneda::Partition categories;

  yoneda::study::ObjectArrows object_arrows() const { return {graph, &arrows, &sources}; }
  yoneda::study::DiagramWorld world() const {
    return {.features = sources.sae.n(),
            .V = sources.model.V(),
            .vocabulary = &sources.vocabulary,
            .excluded = {},
            .categories = &categories};
  }
};

inline yoneda::Vocabulary numbered_words(yoneda::Index V) {
  std::vector<std::string> texts;
  for (yoneda::Index t = 0; t < V; ++t) texts.push_back("w" + std::to_string(t));
  return yoneda::Vocabulary(std::move(texts));
}

/// From the matrices to the graph, as yoneda run does.
inline SmallStudy study_of(yoneda::Matrix W_dec, yoneda::Unembedding model,
                           yoneda::GraphKind kind = yoneda::GraphKind::profile) {
  using namespace yoneda;
  SmallStudy made;
  made.sources.sae.W_dec = std::move(W_dec);
  made.sources.model = std::move(model);
  made.sources.vocabulary = numbered_words(made.sources.model.V());
  study::ArrowStep step;
  step.k = 10;
  made.arrows = study::make_arrows(made.sources, step);
  study::GraphStep graph;
  graph.kind = kind;
  graph.neighbors.neighbors = 3;
  made.graph = study::make_graph(made.arrows, &made.sources, graph);
  const Index n = made.sources.sae.n();
  made.categories = {std::vector<Id>(n), 5};
  for (Id f = 0; f < n; ++f) made.categories.label[f] = f % 5;
  return made;
}

/// Random features and tokens, with a norm whose gain is not 1 everywhere.
inline SmallStudy random_study(yoneda::GraphKind kind = yoneda::GraphKind::profile,
                               yoneda::Norm norm = yoneda::Norm::layer) {
  using namespace yoneda;
  Unembedding model;
  model.W_U = random_matrix(150, 12, 1);
  model.norm = norm;
  model.gain = normals(12, 3);
  return study_of(random_matrix(40, 12, 2), std::move(model), kind);
}

/// Words 0, 1 and 2 in 64 dimensions, where 1 is all that 0 and 2 have in common: with e, f, g
/// orthonormal
///     u_0 = .8 e + .6 f,   u_1 = e,   u_2 = .6 e + .8 g,
/// so cos(0, 2) = .48 = .8 · .6 = cos(0, 1) cos(1, 2). Word 3 = .6 e + .8 f shares more with 0 than
/// 1 explains: cos(0, 3) = .96, cos(0, 1) cos(1, 3) = .48. All others are random, and every word's
/// opposite is a word too, so that the mean word is 0.
inline SmallStudy planted_study() {
  using namespace yoneda;
  constexpr Index half = 200, d = 64;
  std::vector<float> rows = normals(half * d, 4);
  for (Index t = 0; t < 4; ++t) std::fill_n(rows.begin() + t * d, d, 0.0f);
  const auto set = [&](Index t, float e, float f, float g) {
    rows[t * d] = e, rows[t * d + 1] = f, rows[t * d + 2] = g;
  };
  set(0, 0.8f, 0.6f, 0);
  set(1, 1, 0, 0);
  set(2, 0.6f, 0, 0.8f);
  set(3, 0.6f, 0.8f, 0);
  for (Index i = 0; i < half * d; ++i) rows.push_back(-rows[i]);
  Unembedding model;
  model.W_U = Matrix::from(std::move(rows), 2 * half, d);
  return study_of(random_matrix(40, d, 5), std::move(model));
}
