// Training a TopK SAE from activations: Adam, unit decoder rows, dead features revived (Gao et al.
// 2024, Scaling and evaluating sparse autoencoders; see topk_loss.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/parallel_sum.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/float_rows.hpp"
#include "yoneda/sae/adam.hpp"
#include "yoneda/sae/metrics.hpp"
#include "yoneda/sae/relation_loss.hpp"
#include "yoneda/sae/topk_pass.hpp"

namespace yoneda {

/// Where decoder rows start: uniformly on the unit sphere, as in the paper, or at inputs drawn from
/// the data. Inputs suit data where a row resembles what a feature should be: on word vectors the
/// eight words a feature raises most then have a mean cosine of 0.50 instead of 0.43. Where each
/// row is a sum of many atoms they mislead (40% of the variance explained instead of 67%).
enum class FirstDirections { random, inputs };

struct TrainOptions {
  Index features = 2048;     ///< n
  Index k = 32;              ///< features active per row
  Index epochs = 20;         ///< passes over the rows
  Index batch = 256;         ///< rows per step
  double learning_rate = 0;  ///< of Adam, for inputs of unit variance; 0: see default_learning_rate
  double decay = 0.2;        ///< the last share of the steps, over which the rate falls to 0
  FirstDirections directions = FirstDirections::random;
  std::uint64_t seed = 1;        ///< of the first directions and of the order of the rows
  Index dead_after = 0;          ///< rows without firing that make a feature dead; 0: all there are
  Index k_aux = 0;               ///< dead features that explain the residual; 0: d / 2
  double aux_weight = 1.0 / 32;  ///< of the loss that revives dead features; 0: without it
  double beta1 = 0.9, beta2 = 0.999, epsilon = 6.25e-10;  ///< of Adam
  std::vector<Relation> relations = {};  ///< that the codes should keep, of rows of the activations
  double lambda = 0;                     ///< weight of what each of them costs; 0: without them
  RelationPenalty penalty = RelationPenalty::alignment;
};

/// Means over an epoch, in units of the variance of the data.
struct EpochLoss {
  double reconstruction = 0;  ///< unexplained fraction of the variance, while training
  double auxiliary = 0;
  double relations = 0;  ///< λ Σ of what the relations cost
  Index dead = 0;        ///< features dead at the end of it
};

struct TrainResult {
  Sae sae;              ///< unit decoder rows, Activation::topk
  SaeMetrics held_out;  ///< on rows never trained on
  SaeMetrics training;  ///< on the rows trained on
  std::vector<EpochLoss> epochs;
  std::vector<std::string> notes;
};

/// Every tenth row: 9, 19, ...
inline std::vector<Id> held_out_rows(Index rows) {
  std::vector<Id> chosen;
  for (Id i = 9; i < rows; i += 10) chosen.push_back(i);
  return chosen;
}

/// All others, ascending.
inline std::vector<Id> training_rows(Index rows) {
  std::vector<Id> chosen;
  for (Id i = 0; i < rows; ++i)
    if (i % 10 != 9) chosen.push_back(i);
  return chosen;
}

/// The order in which an epoch (0, 1, ...) meets `rows` training rows; cut into batches from the
/// front, an incomplete last one left out.
inline std::vector<Id> batch_order(Index rows, Index epoch, std::uint64_t seed) {
  Random random(seed, static_cast<std::uint64_t>(epoch) + 1);
  return permutation(rows, random);
}

/// sqrt(Σ‖x − mean‖² / rows). Training happens on x / data_scale(X), so that a learning rate means
/// the same whatever the units.
inline double data_scale(const Matrix& X) {
  return std::sqrt(squared_distance(X, mean_row(X)) / static_cast<double>(X.rows()));
}

/// The point with the least sum of distances to the rows: a centre that outliers do not move. Fewer
/// than twice 8192 rows, evenly spaced, are asked. Weiszfeld 1937, Sur le point pour lequel la
/// somme des distances de n points donnés est minimum, with distances kept away from 0. Cost: 8192
/// · d a step, at most 100 steps.
inline std::vector<float> geometric_median(const Matrix& X) {
  const Index stride = std::max<Index>(1, X.rows() / 8192), d = X.cols();
  std::vector<double> centre = mean_row(X);
  const double smallest = 1e-9 * data_scale(X);
  for (int step = 0; step < 100; ++step) {
    // Σ x / ‖x − centre‖, and behind it Σ 1 / ‖x − centre‖.
    const auto add = [&](Index first, Index last, std::span<double> sum) {
      std::vector<float> scratch(d);
      for (Index i = first; i < last; ++i) {
        const float* row = X.row(i * stride, scratch).data();
        const double square = with_simd<detail::squared_difference<double>>(row, centre.data(), d);
        const double weight = 1 / std::max(std::sqrt(square), smallest);
        with_simd<detail::add_to>(sum.data(), weight, row, d);
        sum[d] += weight;
      }
    };
    const auto sum = parallel_sum((X.rows() + stride - 1) / stride, d + 1, add);
    double moved = 0;
    for (Index j = 0; j < d; ++j) {
      const double next = sum[j] / sum[d];
      moved += (next - centre[j]) * (next - centre[j]);
      centre[j] = next;
    }
    if (std::sqrt(moved) <= 1e3 * smallest) break;
  }
  return {centre.begin(), centre.end()};
}

/// Throws Error{value} for options that no training can have.
inline void require_valid(const TrainOptions& options) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw Error(ErrorKind::value, message);
  };
  const std::string k = std::to_string(options.k), n = std::to_string(options.features);
  require(options.features >= 1, n + " features: at least one is needed");
  require(options.k >= 1, "k = " + k + " active features: at least one is needed");
  require(options.k <= options.features, "k = " + k + " active features of " + n);
  require(options.epochs >= 0, "a negative number of epochs");
  require(options.batch >= 1, "a batch of " + std::to_string(options.batch) + " rows");
  require(options.learning_rate >= 0 && std::isfinite(options.learning_rate),
          "the learning rate must not be negative");
  require(options.decay >= 0 && options.decay <= 1, "decay is a share of the steps, 0 to 1");
  require(options.dead_after >= 0, "dead_after must not be negative");
  require(options.k_aux >= 0, "k_aux must not be negative");
  require(options.aux_weight >= 0 && std::isfinite(options.aux_weight),
          "aux_weight must not be negative");
  require(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1,
          "Adam's betas lie in [0, 1)");
  require(options.epsilon >= 1e-12, "Adam's epsilon must be at least 1e-12, or floats lose it");
  require(options.lambda >= 0 && std::isfinite(options.lambda),
          "lambda, the weight of the relations, must be a number and not negative");
  require(options.lambda == 0 || !options.relations.empty(),
          "lambda is given, but no relation that it could weigh");
}

/// Falls as 1/√n (Gao et al. 2024) and as 1/√d, the size of a unit row's entries; the constant is
/// what served word vectors best (n = 2048, d = 100: 0.003, which it never exceeds).
inline double default_learning_rate(Index n, Index d) {
  return std::min(0.003, 0.003 * std::sqrt(2048.0 * 100.0 / static_cast<double>(n * d)));
}

namespace detail {

inline void make_unit(std::span<float> row) {
  const double norm = canonical_norm(row);
  if (!(norm > 0)) return;
  for (float& value : row) value = static_cast<float>(static_cast<double>(value) / norm);
}

/// Uniform on the unit sphere.
inline void random_direction(std::span<float> row, Random& random) {
  do {
    for (float& value : row) value = static_cast<float>(random.normal());
  } while (!(canonical_norm(row) > 0));
  make_unit(row);
}

/// Unit rows [n, d]: from `centre` to inputs drawn without repetition, as far as there are inputs
/// and they differ from it; else random.
inline std::vector<float> first_directions(const Matrix& X, std::span<const float> centre,
                                           const TrainOptions& options) {
  const Index n = options.features, d = X.cols();
  Random random(options.seed);
  std::vector<Id> drawn;
  if (options.directions == FirstDirections::inputs) drawn = permutation(X.rows(), random);
  std::vector<float> directions(n * d, 0.0f), scratch(d);
  for (Index f = 0; f < n; ++f) {
    const auto row = std::span(directions).subspan(f * d, d);
    if (f < static_cast<Index>(drawn.size()))
      std::ranges::transform(X.row(drawn[f], scratch), centre, row.begin(), std::minus<>());
    if (canonical_norm(row) > 0)
      make_unit(row);
    else
      random_direction(row, random);
  }
  return directions;
}

/// sqrt(Σ‖x − b_dec‖² / Σ‖x̂ − b_dec‖²) over fewer than twice 1024 rows, evenly spaced.
inline double reconstruction_shortfall(const Sae& sae, const Matrix& X, const Gemm& gemm) {
  std::vector<Id> rows;
  const Index stride = std::max<Index>(1, X.rows() / 1024);
  for (Index i = 0; i < X.rows(); i += stride) rows.push_back(static_cast<Id>(i));
  const Matrix sample = take_rows(X, rows);
  const std::vector<double> centre(sae.b_dec.begin(), sae.b_dec.end());
  const double found = squared_distance(decode(sae, encode(sae, sample, gemm)), centre);
  return found > 0 ? std::sqrt(squared_distance(sample, centre) / found) : 1.0;
}

}  // namespace detail

/// Where training starts: unit decoder rows, b_dec the geometric median of the inputs, b_enc zero,
/// and the encoder the decoder's rows, scaled so that reconstructions are as long as inputs (Gao et
/// al. 2024, appendix A.1).
template <class = void>
Sae initial_sae(const Matrix& X, const TrainOptions& options, const Gemm& gemm = eigen_gemm()) {
  require_valid(options);
  const Index n = options.features, d = X.cols();
  Sae sae;
  sae.b_enc.assign(n, 0.0f);
  sae.b_dec = geometric_median(X);
  sae.activation = Activation::topk;
  sae.k = options.k;
  std::vector<float> rows = detail::first_directions(X, sae.b_dec, options);
  sae.W_dec = sae.W_enc = Matrix::from(rows, n, d);
  const double scale = detail::reconstruction_shortfall(sae, X, gemm);
  for (float& value : rows) value = static_cast<float>(scale * static_cast<double>(value));
  sae.W_enc = Matrix::from(std::move(rows), n, d);
  return sae;
}

namespace detail {

/// An SAE for inputs x / scale as parameters: biases have the units of x, weights have none.
inline TopkParameters parameters_of(const Sae& sae, double scale) {
  TopkParameters parameters{sae.n(),   sae.d(),  to_vector(sae.W_dec), to_vector(sae.W_enc),
                            sae.b_enc, sae.b_dec};
  for (auto* bias : {&parameters.b_enc, &parameters.b_dec})
    for (float& value : *bias) value = static_cast<float>(static_cast<double>(value) / scale);
  return parameters;
}

inline Sae sae_of(TopkParameters parameters, Index k, double scale) {
  for (auto* bias : {&parameters.b_enc, &parameters.b_dec})
    for (float& value : *bias) value = static_cast<float>(static_cast<double>(value) * scale);
  Sae sae;
  sae.W_dec = Matrix::from(std::move(parameters.W_dec), parameters.n, parameters.d);
  sae.W_enc = Matrix::from(std::move(parameters.W_enc), parameters.n, parameters.d);
  sae.b_enc = std::move(parameters.b_enc);
  sae.b_dec = std::move(parameters.b_dec);
  sae.activation = Activation::topk;
  sae.k = k;
  return sae;
}

inline AdamStep adam_step(const TrainOptions& options, double learning_rate, Index t) {
  return adam_step(options.beta1, options.beta2, options.epsilon, learning_rate, t);
}

/// Takes Adam's step with one feature's rows of the gradient (see TopkPass::backward). The part of
/// a decoder row's gradient that points along the row is left out, for it would only change the
/// length; and the length is 1 again after the step.
class DescendFeature {
 public:
  DescendFeature(TopkParameters& now, TopkParameters& first, TopkParameters& second,
                 const AdamStep& step)
      : now_(now), first_(first), second_(second), d_(now.d), step_(step) {}

  [[gnu::always_inline]] void operator()(Index f, const FeatureGradient& gradient) const {
    float* row = now_.W_dec + f * d_;
    adam(row, gradient.W_dec, gradient.along, first_.W_dec + f * d_, second_.W_dec + f * d_, d_,
         step_);
    const float square = float_dot(row, row, d_), shrink = 1 / std::sqrt(square);
    if (square > 0)
      for (Index j = 0; j < d_; ++j) row[j] *= shrink;
    adam(now_.W_enc + f * d_, gradient.W_enc, 0, first_.W_enc + f * d_, second_.W_enc + f * d_, d_,
         step_);
    adam(now_.b_enc + f, &gradient.b_enc, 0, first_.b_enc + f, second_.b_enc + f, 1, step_);
  }

 private:
  struct Rows {
    Rows(TopkParameters& p) : W_dec(p.W_dec.data()), W_enc(p.W_enc.data()), b_enc(p.b_enc.data()) {}
    float *W_dec, *W_enc, *b_enc;
  };

  Rows now_, first_, second_;
  Index d_;
  AdamStep step_;
};

/// Parameters on their way, with Adam's moments and each feature's rows since it last fired.
class Training {
 public:
  /// X: the rows to train on; `activations`: those that the relations name rows of.
  Training(const Matrix& X, const Matrix& activations, const TrainOptions& options,
           const Gemm& gemm)
      : X_(X),
        options_(options),
        gemm_(gemm),
        scale_(data_scale(X)),
        parameters_(parameters_of(initial_sae(X, options, gemm), scale_)),
        first_(zero_parameters(parameters_.n, parameters_.d)),
        second_(first_),
        pass_(parameters_.n, parameters_.d),
        since_fired_(parameters_.n, 0),
        total_steps_(options.epochs * steps_per_epoch()) {
    if (options_.dead_after == 0) options_.dead_after = X.rows();
    if (options_.k_aux == 0) options_.k_aux = std::max<Index>(1, X.cols() / 2);
    if (options_.learning_rate == 0)
      options_.learning_rate = default_learning_rate(options_.features, X.cols());
    if (options_.lambda > 0)
      relations_ = RelationPass(to_vector(take_rows(activations, rows_of(options_.relations))),
                                options_.relations, options_.penalty, options_.lambda);
  }

  Index steps_per_epoch() const { return X_.rows() / options_.batch; }
  Sae sae() const { return sae_of(parameters_, options_.k, scale_); }

  /// Features that are no numbers never fire: the loss does not show them.
  bool finite() const {
    const auto all_finite = [](const std::vector<float>& values) {
      return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
    };
    return all_finite(parameters_.W_dec) && all_finite(parameters_.W_enc) &&
           all_finite(parameters_.b_enc) && all_finite(parameters_.b_dec);
  }

  EpochLoss epoch(Index epoch, const Progress& progress) {
    const std::vector<Id> order = batch_order(X_.rows(), epoch, options_.seed);
    EpochLoss mean;
    const auto steps = static_cast<double>(steps_per_epoch());
    for (Index i = 0; i < steps_per_epoch(); ++i) {
      progress.check("training", static_cast<double>(done_) / static_cast<double>(total_steps_));
      const EpochLoss loss = step(std::span(order).subspan(i * options_.batch, options_.batch));
      mean.reconstruction += loss.reconstruction / steps;
      mean.auxiliary += loss.auxiliary / steps;
      mean.relations += loss.relations / steps;
    }
    mean.dead = static_cast<Index>(dead().size());
    return mean;
  }

 private:
  EpochLoss step(std::span<const Id> rows) {
    const std::vector<Id> dead_now = options_.aux_weight > 0 ? dead() : std::vector<Id>{};
    const BatchRows batch{X_.rows_as_float(0, X_.rows(), {}).data(),
                          static_cast<Index>(rows.size()), X_.cols(), rows.data(),
                          static_cast<float>(1 / scale_)};
    const TopkValue value = pass_.forward(parameters_, batch,
                                          {.k = options_.k,
                                           .k_aux = options_.k_aux,
                                           .aux_weight = options_.aux_weight,
                                           .dead = dead_now},
                                          gemm_);
    const double cost =
        relations_.empty()
            ? 0
            : relations_.forward(parameters_, options_.k, static_cast<float>(1 / scale_), gemm_);
    for (Id f = 0; f < parameters_.n; ++f)
      since_fired_[f] = pass_.fired(f) ? 0 : since_fired_[f] + options_.batch;
    ++done_;
    descend(adam_step(options_, learning_rate(), done_));
    return {value.reconstruction, value.auxiliary, cost};
  }

  std::vector<Id> dead() const {
    std::vector<Id> dead;
    for (Id f = 0; f < parameters_.n; ++f)
      if (since_fired_[f] >= options_.dead_after) dead.push_back(f);
    return dead;
  }

  /// Constant, then linear to zero over the last `decay` of the steps; of the step about to be
  /// taken.
  double learning_rate() const {
    const auto total = static_cast<double>(total_steps_), falling = total * options_.decay;
    const double left = total - static_cast<double>(done_ - 1);
    return options_.learning_rate * (left < falling ? left / falling : 1);
  }

  void descend(const AdamStep& step) {
    const auto gradient = pass_.backward(
        parameters_, DescendFeature(parameters_, first_, second_, step), relations_.slopes());
    adam(parameters_.b_dec.data(), gradient.data(), 0, first_.b_dec.data(), second_.b_dec.data(),
         parameters_.d, step);
  }

  Matrix X_;
  TrainOptions options_;
  const Gemm& gemm_;
  double scale_;
  TopkParameters parameters_, first_, second_;
  TopkPass pass_;
  RelationPass relations_;
  std::vector<Index> since_fired_;
  Index total_steps_;
  Index done_ = 0;
};

}  // namespace detail

/// Trains a TopK SAE on rows of activations [rows, d]; every tenth row is held out. Inputs are
/// divided by data_scale of the training rows, and the result multiplied back. The same bits for
/// any number of threads. Relations are constraints on the encoder alone: each step encodes all R
/// rows that they name, and moves W_enc and b_enc (and b_dec, which centres inputs), never W_dec. A
/// row that is held out stays so, it is never reconstructed, though a relation may pull at its
/// code. Throws Error{value} for options that cannot be, relations that cannot (see
/// require_relation), NaN or infinity, fewer rows than a batch or than ten, and rows that do not
/// vary; Error{numeric} where training diverges; Error{cancelled}. Cost: epochs · rows · (2 n d (1
/// + R / batch) + 8 (k + k_aux) d); memory: the rows twice more (their reconstruction is measured),
/// and eight n x d.
template <class = void>
TrainResult train_topk(const Matrix& activations, const TrainOptions& options,
                       const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  require_valid(options);
  for (const Relation& relation : options.relations) require_relation(relation, activations.rows());
  require_finite(activations, "the activations");
  const Matrix X = take_rows(activations, training_rows(activations.rows()));
  const Matrix unseen = take_rows(activations, held_out_rows(activations.rows()));
  if (unseen.rows() == 0)
    throw Error(ErrorKind::value, std::to_string(activations.rows()) +
                                      " rows: at least ten are needed, one of them held out");
  if (X.rows() < options.batch)
    throw Error(ErrorKind::value, std::to_string(X.rows()) + " rows to train on (nine of ten), " +
                                      "fewer than a batch of " + std::to_string(options.batch));
  const double scale = data_scale(X);
  if (!(scale > 0)) throw Error(ErrorKind::value, "all rows are equal: nothing to learn");
  if (scale < 1e-30 || !std::isfinite(scale))
    throw Error(ErrorKind::value, "rows whose spread floats cannot hold; scale them");

  detail::Training training(X, activations, options, gemm);
  TrainResult result;
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    result.epochs.push_back(training.epoch(epoch, progress));
    if (!std::isfinite(result.epochs.back().reconstruction) || !training.finite())
      throw Error(ErrorKind::numeric, "training diverged in epoch " + std::to_string(epoch + 1) +
                                          "; try a smaller learning rate");
  }
  result.sae = training.sae();
  result.held_out = sae_metrics(result.sae, unseen, gemm);
  result.training = sae_metrics(result.sae, X, gemm);
  if (result.training.dead > 0)
    result.notes.push_back(std::to_string(result.training.dead) + " of " +
                           std::to_string(options.features) +
                           " features fire on none of the rows trained on");
  return result;
}

}  // namespace yoneda
