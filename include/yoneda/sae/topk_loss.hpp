// The loss of a TopK SAE with the auxiliary loss that revives dead features, and its gradient (Gao,
// Dupré la Tour, Tillman, Goh, Troll, Radford, Sutskever, Leike, Wu 2024, Scaling and evaluating
// sparse autoencoders).
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/sae/relation_loss.hpp"
#include "yoneda/sae/topk_pass.hpp"

namespace yoneda {

struct TopkLoss {
  double reconstruction = 0;  ///< mean ‖x − x̂‖²
  double auxiliary = 0;  ///< mean ‖e − ê‖² / mean ‖e − ē‖²; 0 without dead features
  double relations = 0;  ///< λ Σ of what the relations cost (see relation_loss.hpp)
  std::vector<Id> fired;    ///< features that fired, each once, ascending
  TopkParameters gradient;  ///< of reconstruction + α auxiliary + relations
};

/// Relations that the codes are asked to keep.
struct RelationTerm {
  std::span<const Relation> relations = {};
  std::span<const float> rows = {};  ///< [R, d], the activations of rows_of(relations)
  RelationPenalty penalty = RelationPenalty::alignment;
  double lambda = 0;
};

namespace detail {

/// Keeps every feature's rows of the gradient.
struct StoreGradient {
  float *W_dec, *W_enc, *b_enc;
  Index d;

  [[gnu::always_inline]] void operator()(Index f, const FeatureGradient& gradient) const {
    std::copy_n(gradient.W_dec, d, W_dec + f * d);
    std::copy_n(gradient.W_enc, d, W_enc + f * d);
    b_enc[f] = gradient.b_enc;
  }
};

inline void require_objective(const TopkParameters& now, std::span<const float> batch,
                              const TopkObjective& objective) {
  const auto holds = [](const std::vector<float>& part, Index size) {
    return static_cast<Index>(part.size()) == size;
  };
  if (now.d < 1 || !holds(now.W_dec, now.n * now.d) || !holds(now.W_enc, now.n * now.d) ||
      !holds(now.b_enc, now.n) || !holds(now.b_dec, now.d))
    throw Error(ErrorKind::shape, "the parameters are not those of " + std::to_string(now.n) +
                                      " features in dimension " + std::to_string(now.d));
  const auto size = static_cast<Index>(batch.size());
  if (size == 0 || size % now.d != 0)
    throw Error(ErrorKind::shape, "a batch of " + std::to_string(size) +
                                      " values does not hold rows of " + std::to_string(now.d));
  if (objective.k < 1 || objective.k > now.n)
    throw Error(ErrorKind::value, "k = " + std::to_string(objective.k) + " active features of " +
                                      std::to_string(now.n));
  const auto& dead = objective.dead;
  const bool ascending = std::ranges::adjacent_find(dead, std::greater_equal{}) == dead.end();
  if (!ascending || (!dead.empty() && (dead.front() < 0 || dead.back() >= now.n)))
    throw Error(ErrorKind::value,
                "dead features must be ascending and among the " + std::to_string(now.n));
}

}  // namespace detail

/// Loss and gradient over a batch [B, d]. With z the k largest of W_enc(x − b_dec) + b_enc, as far
/// as positive, x̂ = W_decᵀ z + b_dec and e = x − x̂:
///     L = mean ‖x − x̂‖² + α mean ‖e − ê‖² / mean ‖e − ē‖² + λ Σ what a relation costs,
/// where ê = W_decᵀ z' from the k_aux largest among dead features; e and its spread are taken as
/// given, so that the auxiliary loss moves dead features (and b_dec through them) only. Inputs are
/// expected with Σ‖x − mean‖² / rows = 1, which makes the first term the normalised one.
/// Training takes the same steps without holding the gradient (see train.hpp). The same bits for
/// any number of threads. Throws Error{shape} where parts do not fit one another or the batch is
/// empty, Error{value} unless 1 <= k <= n and the dead features are ascending and among the n.
/// Cost: 2 · (B + R) · n · d, and 8 · B · (k + k_aux) · d.
template <class = void>
TopkLoss topk_loss(const TopkParameters& now, std::span<const float> batch,
                   const TopkObjective& objective, const RelationTerm& term,
                   const Gemm& gemm = eigen_gemm()) {
  detail::require_objective(now, batch, objective);
  const Index n = now.n, d = now.d;
  const auto expected = static_cast<Index>(rows_of(term.relations).size());
  if (static_cast<Index>(term.rows.size()) != expected * d)
    throw Error(ErrorKind::shape, "the relations name " + std::to_string(expected) + " rows of " +
                                      std::to_string(d) + ", found " +
                                      std::to_string(term.rows.size()) + " values");
  detail::TopkPass pass(n, d);
  const auto value =
      pass.forward(now, {batch.data(), static_cast<Index>(batch.size()) / d, d}, objective, gemm);
  detail::RelationPass relations({term.rows.begin(), term.rows.end()}, term.relations, term.penalty,
                                 term.lambda);
  const double cost = relations.empty() ? 0 : relations.forward(now, objective.k, 1, gemm);
  TopkLoss loss{value.reconstruction, value.auxiliary, cost, {}, zero_parameters(n, d)};
  TopkParameters& gradient = loss.gradient;
  gradient.b_dec = pass.backward(
      now,
      detail::StoreGradient{gradient.W_dec.data(), gradient.W_enc.data(), gradient.b_enc.data(), d},
      relations.slopes());
  for (Id f = 0; f < n; ++f)
    if (pass.fired(f)) loss.fired.push_back(f);
  return loss;
}

/// The same without relations.
template <class = void>
TopkLoss topk_loss(const TopkParameters& now, std::span<const float> batch,
                   const TopkObjective& objective, const Gemm& gemm = eigen_gemm()) {
  return topk_loss(now, batch, objective, RelationTerm{}, gemm);
}

}  // namespace yoneda
