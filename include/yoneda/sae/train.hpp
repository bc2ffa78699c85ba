// Training a TopK SAE from activations: Adam, unit decoder rows, dead features revived (Gao et al.
// 2024, Scaling and evaluating sparse autoencoders; see topk_loss.hpp).
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/sae/metrics.hpp"
#include "yoneda/sae/topk_loss.hpp"

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
  Index dead_after = 0;          ///< rows without firing that make a feature dead; 0: one epoch
  Index k_aux = 0;               ///< dead features that explain the residual; 0: d / 2
  double aux_weight = 1.0 / 32;  ///< of the loss that revives dead features; 0: without it
  double beta1 = 0.9, beta2 = 0.999, epsilon = 6.25e-10;  ///< of Adam
};

/// Means over an epoch, in units of the variance of the data.
struct EpochLoss {
  double reconstruction = 0;  ///< unexplained fraction of the variance, while training
  double auxiliary = 0;
  Index dead = 0;  ///< features dead at the end of it
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

/// The point with the least sum of distances to the rows: a centre that outliers do not move. At
/// most 8192 rows, evenly spaced, are asked. Weiszfeld 1937, Sur le point pour lequel la somme des
/// distances de n points donnés est minimum, with distances kept away from 0. Cost: 8192 · d a
/// step, at most 100 steps.
inline std::vector<float> geometric_median(const Matrix& X) {
  const Index stride = std::max<Index>(1, X.rows() / 8192), d = X.cols();
  std::vector<double> centre = mean_row(X);
  std::vector<float> scratch(d);
  const double smallest = 1e-9 * data_scale(X);
  for (int step = 0; step < 100; ++step) {
    std::vector<double> sum(d, 0.0);
    double weights = 0, moved = 0;
    for (Index i = 0; i < X.rows(); i += stride) {
      const auto row = X.row(i, scratch);
      double square = 0;
      for (Index j = 0; j < d; ++j)
        square +=
            (static_cast<double>(row[j]) - centre[j]) * (static_cast<double>(row[j]) - centre[j]);
      const double weight = 1 / std::max(std::sqrt(square), smallest);
      for (Index j = 0; j < d; ++j) sum[j] += weight * static_cast<double>(row[j]);
      weights += weight;
    }
    for (Index j = 0; j < d; ++j) {
      moved += (sum[j] / weights - centre[j]) * (sum[j] / weights - centre[j]);
      centre[j] = sum[j] / weights;
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
  require(options.epsilon > 0, "Adam's epsilon must be positive");
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

/// sqrt(Σ‖x − b_dec‖² / Σ‖x̂ − b_dec‖²) over at most 1024 rows, evenly spaced.
inline double reconstruction_shortfall(const Sae& sae, const Matrix& X) {
  std::vector<Id> rows;
  const Index stride = std::max<Index>(1, X.rows() / 1024);
  for (Index i = 0; i < X.rows(); i += stride) rows.push_back(static_cast<Id>(i));
  const Matrix sample = take_rows(X, rows);
  const std::vector<double> centre(sae.b_dec.begin(), sae.b_dec.end());
  const double found = squared_distance(decode(sae, encode(sae, sample)), centre);
  return found > 0 ? std::sqrt(squared_distance(sample, centre) / found) : 1.0;
}

}  // namespace detail

/// Where training starts: unit decoder rows, b_dec the geometric median of the inputs, b_enc zero,
/// and the encoder the decoder's rows, scaled so that reconstructions are as long as inputs (Gao et
/// al. 2024, appendix A.1).
inline Sae initial_sae(const Matrix& X, const TrainOptions& options) {
  require_valid(options);
  const Index n = options.features, d = X.cols();
  Sae sae;
  sae.b_enc.assign(n, 0.0f);
  sae.b_dec = geometric_median(X);
  sae.activation = Activation::topk;
  sae.k = options.k;
  std::vector<float> rows = detail::first_directions(X, sae.b_dec, options);
  sae.W_dec = sae.W_enc = Matrix::from(rows, n, d);
  const double scale = detail::reconstruction_shortfall(sae, X);
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

/// One step's constants of Adam (Kingma, Ba 2015, Adam: a method for stochastic optimization).
struct AdamStep {
  float beta1, beta2, rate, root_correction, epsilon;
};

/// Step t = 1, 2, ...: the moments start at zero, which the corrections make up for.
inline AdamStep adam_step(const TrainOptions& options, double learning_rate, Index t) {
  const auto steps = static_cast<double>(t);
  return {.beta1 = static_cast<float>(options.beta1),
          .beta2 = static_cast<float>(options.beta2),
          .rate = static_cast<float>(learning_rate / (1 - std::pow(options.beta1, steps))),
          .root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, steps))),
          .epsilon = static_cast<float>(options.epsilon)};
}

inline void adam(std::span<float> w, std::span<const float> gradient, std::span<float> first,
                 std::span<float> second, const AdamStep& step) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const float g = gradient[i];
    first[i] = step.beta1 * first[i] + (1 - step.beta1) * g;
    second[i] = step.beta2 * second[i] + (1 - step.beta2) * g * g;
    w[i] -= step.rate * first[i] / (std::sqrt(second[i]) * step.root_correction + step.epsilon);
  }
}

/// Takes from the gradient its component along a unit row: the step would only change the length.
inline void remove_component(std::span<float> gradient, std::span<const float> row) {
  add_scaled(gradient, -static_cast<float>(canonical_dot(gradient, row)), row);
}

/// Parameters on their way, with Adam's moments and each feature's rows since it last fired.
class Training {
 public:
  Training(const Matrix& X, const TrainOptions& options, const Gemm& gemm)
      : X_(X),
        options_(options),
        gemm_(gemm),
        scale_(data_scale(X)),
        parameters_(parameters_of(initial_sae(X, options), scale_)),
        first_(zero_parameters(parameters_.n, parameters_.d)),
        second_(first_),
        since_fired_(parameters_.n, 0),
        total_steps_(options.epochs * steps_per_epoch()) {
    if (options_.dead_after == 0) options_.dead_after = X.rows();
    if (options_.k_aux == 0) options_.k_aux = std::max<Index>(1, X.cols() / 2);
    if (options_.learning_rate == 0)
      options_.learning_rate = default_learning_rate(options_.features, X.cols());
  }

  Index steps_per_epoch() const { return X_.rows() / options_.batch; }
  Sae sae() const { return sae_of(parameters_, options_.k, scale_); }

  EpochLoss epoch(Index epoch, const Progress& progress) {
    const std::vector<Id> order = batch_order(X_.rows(), epoch, options_.seed);
    EpochLoss mean;
    const auto steps = static_cast<double>(steps_per_epoch());
    for (Index i = 0; i < steps_per_epoch(); ++i) {
      progress.check("training", static_cast<double>(done_) / static_cast<double>(total_steps_));
      const TopkLoss loss = step(std::span(order).subspan(i * options_.batch, options_.batch));
      mean.reconstruction += loss.reconstruction / steps;
      mean.auxiliary += loss.auxiliary / steps;
    }
    mean.dead = static_cast<Index>(dead().size());
    return mean;
  }

 private:
  TopkLoss step(std::span<const Id> rows) {
    const std::vector<Id> dead_now = options_.aux_weight > 0 ? dead() : std::vector<Id>{};
    TopkLoss loss = topk_loss(parameters_, scaled_rows(rows),
                              {.k = options_.k,
                               .k_aux = options_.k_aux,
                               .aux_weight = options_.aux_weight,
                               .dead = dead_now},
                              gemm_);
    for (Index& since : since_fired_) since += options_.batch;
    for (const Id feature : loss.fired) since_fired_[feature] = 0;
    ++done_;
    descend(loss.gradient, adam_step(options_, learning_rate(), done_));
    return loss;
  }

  std::vector<Id> dead() const {
    std::vector<Id> dead;
    for (Id f = 0; f < parameters_.n; ++f)
      if (since_fired_[f] >= options_.dead_after) dead.push_back(f);
    return dead;
  }

  std::vector<float> scaled_rows(std::span<const Id> rows) const {
    std::vector<float> batch = to_vector(take_rows(X_, rows));
    for (float& x : batch) x = static_cast<float>(static_cast<double>(x) / scale_);
    return batch;
  }

  /// Constant, then linear to zero over the last `decay` of the steps; of the step about to be
  /// taken.
  double learning_rate() const {
    const auto total = static_cast<double>(total_steps_), falling = total * options_.decay;
    const double left = total - static_cast<double>(done_ - 1);
    return options_.learning_rate * (left < falling ? left / falling : 1);
  }

  void descend(TopkParameters& gradient, const AdamStep& step) {
    const Index n = parameters_.n, d = parameters_.d;
    parallel_for(blocks_of(n, feature_block), [&](Index block) {
      const Index begin = block * feature_block, count = std::min(feature_block, n - begin);
      for (Index f = begin; f < begin + count; ++f)
        remove_component(std::span(gradient.W_dec).subspan(f * d, d),
                         std::span(parameters_.W_dec).subspan(f * d, d));
      update(&TopkParameters::W_dec, gradient, step, begin * d, count * d);
      update(&TopkParameters::W_enc, gradient, step, begin * d, count * d);
      update(&TopkParameters::b_enc, gradient, step, begin, count);
      for (Index f = begin; f < begin + count; ++f)
        make_unit(std::span(parameters_.W_dec).subspan(f * d, d));
    });
    update(&TopkParameters::b_dec, gradient, step, 0, d);
  }

  void update(std::vector<float> TopkParameters::*part, const TopkParameters& gradient,
              const AdamStep& step, Index begin, Index count) {
    adam(std::span(parameters_.*part).subspan(begin, count),
         std::span(gradient.*part).subspan(begin, count),
         std::span(first_.*part).subspan(begin, count),
         std::span(second_.*part).subspan(begin, count), step);
  }

  Matrix X_;
  TrainOptions options_;
  const Gemm& gemm_;
  double scale_;
  TopkParameters parameters_, first_, second_;
  std::vector<Index> since_fired_;
  Index total_steps_;
  Index done_ = 0;
};

}  // namespace detail

/// Trains a TopK SAE on rows of activations [rows, d]; every tenth row is held out. Inputs are
/// divided by data_scale of the training rows, and the result multiplied back. The same bits for
/// any number of threads. Throws Error{value} for options that cannot be, NaN or infinity, fewer
/// rows than a batch or than ten, and rows that do not vary; Error{numeric} where training
/// diverges; Error{cancelled}. Cost: epochs · rows · (2 n d + 8 (k + k_aux) d); memory: the rows
/// once more, and ten n x d.
inline TrainResult train_topk(const Matrix& activations, const TrainOptions& options,
                              const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  require_valid(options);
  require_finite(activations, "the activations");
  const Matrix X = take_rows(activations, training_rows(activations.rows()));
  const Matrix unseen = take_rows(activations, held_out_rows(activations.rows()));
  if (unseen.rows() == 0)
    throw Error(ErrorKind::value, std::to_string(activations.rows()) +
                                      " rows: at least ten are needed, one of them held out");
  if (X.rows() < options.batch)
    throw Error(ErrorKind::value, std::to_string(X.rows()) + " rows to train on (nine of ten), " +
                                      "fewer than a batch of " + std::to_string(options.batch));
  if (!(data_scale(X) > 0)) throw Error(ErrorKind::value, "all rows are equal: nothing to learn");

  detail::Training training(X, options, gemm);
  TrainResult result;
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    result.epochs.push_back(training.epoch(epoch, progress));
    if (!std::isfinite(result.epochs.back().reconstruction))
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
