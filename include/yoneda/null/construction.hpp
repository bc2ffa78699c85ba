// The pipeline from decoder rows to a graph, as one function that a null can run again.
#pragma once

#include <functional>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/graph/virtual.hpp"
#include "yoneda/null/rotation.hpp"

namespace yoneda {

/// Everything between W_dec and the graph: what a null must repeat on the directions it draws.
struct Construction {
  GraphKind kind = GraphKind::profile;  ///< profile or decoder
  Index k = 50;
  Convention convention = Convention::automatic;
  NeighborOptions neighbors;
};

/// The function W_dec [n, d] -> graph for a model. A profile graph reads the unembedding; a decoder
/// graph only the rows. W_U is converted to f32 once, for it is read many times: 4 V d bytes.
/// Throws Error{value} for a kind that is no Gram matrix: virtual and flow graphs are made from an
/// encoder as well (see virtual_construction).
inline std::function<SignedGraph(const Matrix&)> graph_construction(const Construction& how,
                                                                    Unembedding model,
                                                                    const Gemm& gemm) {
  if (how.kind == GraphKind::decoder)
    return [how, gemm](const Matrix& W_dec) { return decoder_graph(W_dec, how.neighbors, gemm); };
  if (how.kind != GraphKind::profile)
    throw Error(ErrorKind::value, "a " + std::string(name(how.kind)) +
                                      " graph cannot be drawn again from decoder rows alone");
  if (model.W_U.dtype() != Dtype::f32)
    model.W_U = Matrix::from(to_vector(model.W_U), model.V(), model.d());
  return [how, gemm, model = std::move(model)](const Matrix& W_dec) {
    ArrowOptions arrows;
    arrows.k = how.k;
    arrows.convention = how.convention;
    arrows.histogram = false;
    return profile_graph(logit_arrows(W_dec, model, arrows, gemm), how.neighbors);
  };
}

/// The function W_dec, W_enc of the SAE that reads -> virtual graph, from what another SAE writes.
/// Of the two its encoder alone enters; both are there because they are drawn together. Unless it
/// is asked for them the graph is without directions, for what is counted in it are cycles. W_enc
/// of `reader` may be empty.
template <class = void>
std::function<SignedGraph(const EncoderDecoder&)> virtual_construction(
    const Matrix& W_dec, const StreamReader& reader, const NeighborOptions& neighbors,
    const Gemm& gemm, Direction direction = Direction::undirected) {
  return [=](const EncoderDecoder& downstream) {
    StreamReader drawn = reader;
    drawn.W_enc = downstream.W_enc;
    const SignedGraph graph = virtual_graph(W_dec, drawn, neighbors, gemm);
    return direction == Direction::directed ? graph : without_directions(graph);
  };
}

/// A seeded part of features and tokens, on which observation and null are computed alike.
struct Subsample {
  Matrix W_dec;
  Unembedding model;
  std::vector<Id> features, tokens;  ///< ascending
  bool whole = true;                 ///< nothing was left out
};

/// At most `features` rows of W_dec and `tokens` rows of W_U.
inline Subsample subsample(const Matrix& W_dec, const Unembedding& model, Index features,
                           Index tokens, std::uint64_t seed) {
  Random feature_stream(seed, 1), token_stream(seed, 2);
  Subsample part{W_dec, model, sample_sorted(W_dec.rows(), features, feature_stream),
                 sample_sorted(model.V(), tokens, token_stream), true};
  if (static_cast<Index>(part.features.size()) < W_dec.rows()) {
    part.W_dec = take_rows(W_dec, part.features);
    part.whole = false;
  }
  if (static_cast<Index>(part.tokens.size()) < model.V()) {
    part.model.W_U = take_rows(model.W_U, part.tokens);
    part.whole = false;
  }
  return part;
}

}  // namespace yoneda
