#include "yoneda/sae/train.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <set>

#include "random_sae.hpp"
#include "yoneda/sae/topk_loss.hpp"

using namespace yoneda;

namespace {

// An independent account of the loss: dense, in double, every formula as the paper has it. The
// active sets, the residual and its spread are those of `start`: they count as given.
class DenseLoss {
 public:
  DenseLoss(const TopkParameters& start, std::vector<double> X, TopkObjective objective)
      : n_(start.n), d_(start.d), X_(std::move(X)), objective_(objective) {
    const Index rows = static_cast<Index>(X_.size()) / d_;
    Index silent_rows = 0;
    for (Index i = 0; i < rows; ++i) {
      const auto pre = pre_activations(start, i);
      main_.push_back(top(pre, objective.k, [](Id) { return true; }));
      aux_.push_back(top(pre, objective.k_aux,
                         [&](Id f) { return std::ranges::count(objective.dead, f) > 0; }));
      silent_rows += main_.back().empty();
    }
    CHECK(silent_rows == 0);
    for (Index i = 0; i < rows; ++i) {
      const auto x_hat = decoded(start, main_[i], i, true);
      for (Index j = 0; j < d_; ++j) residual_.push_back(X_[i * d_ + j] - x_hat[j]);
    }
    for (Index j = 0; j < d_; ++j) {
      double mean = 0;
      for (Index i = 0; i < rows; ++i) mean += residual_[i * d_ + j] / static_cast<double>(rows);
      for (Index i = 0; i < rows; ++i) spread_ += std::pow(residual_[i * d_ + j] - mean, 2);
    }
  }

  double reconstruction(const TopkParameters& at) const {
    double sum = 0;
    const Index rows = static_cast<Index>(X_.size()) / d_;
    for (Index i = 0; i < rows; ++i) {
      const auto x_hat = decoded(at, main_[i], i, true);
      for (Index j = 0; j < d_; ++j) sum += std::pow(X_[i * d_ + j] - x_hat[j], 2);
    }
    return sum / static_cast<double>(rows);
  }

  double auxiliary(const TopkParameters& at) const {
    double sum = 0;
    for (Index i = 0; i < static_cast<Index>(aux_.size()); ++i) {
      const auto e_hat = decoded(at, aux_[i], i, false);
      for (Index j = 0; j < d_; ++j) sum += std::pow(residual_[i * d_ + j] - e_hat[j], 2);
    }
    return sum / spread_;
  }

  double operator()(const TopkParameters& at) const {
    return reconstruction(at) +
           (objective_.dead.empty() ? 0 : objective_.aux_weight * auxiliary(at));
  }

 private:
  std::vector<double> pre_activations(const TopkParameters& p, Index i) const {
    std::vector<double> pre(n_);
    for (Index f = 0; f < n_; ++f) {
      pre[f] = p.b_enc[f];
      for (Index j = 0; j < d_; ++j)
        pre[f] += static_cast<double>(p.W_enc[f * d_ + j]) * (X_[i * d_ + j] - p.b_dec[j]);
    }
    return pre;
  }

  template <class Allowed>
  static std::vector<Id> top(const std::vector<double>& pre, Index k, const Allowed& allowed) {
    std::vector<Id> order;
    for (Id f = 0; f < static_cast<Id>(pre.size()); ++f)
      if (allowed(f)) order.push_back(f);
    std::ranges::sort(order, [&](Id a, Id b) { return pre[a] > pre[b]; });
    order.resize(std::min<std::size_t>(order.size(), k));
    std::erase_if(order, [&](Id f) { return pre[f] <= 0; });
    return order;
  }

  std::vector<double> decoded(const TopkParameters& p, const std::vector<Id>& active, Index i,
                              bool with_bias) const {
    const auto pre = pre_activations(p, i);
    std::vector<double> out(d_, 0.0);
    for (Index j = 0; j < d_; ++j) {
      if (with_bias) out[j] += p.b_dec[j];
      for (const Id f : active) out[j] += pre[f] * p.W_dec[f * d_ + j];
    }
    return out;
  }

  Index n_, d_;
  std::vector<double> X_;
  TopkObjective objective_;
  std::vector<std::vector<Id>> main_, aux_;
  std::vector<double> residual_;
  double spread_ = 0;
};

// Every partial derivative of `loss` against a central difference of the oracle.
void check_gradient(const TopkParameters& at, const TopkParameters& gradient,
                    const DenseLoss& oracle) {
  for (const auto part : {&TopkParameters::W_dec, &TopkParameters::W_enc, &TopkParameters::b_enc,
                          &TopkParameters::b_dec})
    for (std::size_t i = 0; i < (at.*part).size(); ++i) {
      TopkParameters up = at, down = at;
      (up.*part)[i] += 0x1p-10f;
      (down.*part)[i] -= 0x1p-10f;
      const double step = static_cast<double>((up.*part)[i]) - (down.*part)[i];
      const double expected = (oracle(up) - oracle(down)) / step;
      REQUIRE((gradient.*part)[i] == doctest::Approx(expected).epsilon(2e-4).scale(1));
    }
}

// Rows that are sums of `k` of `atoms` planted unit directions.
struct Planted {
  Matrix atoms, rows;
};

Planted planted_dictionary(Index atoms, Index d, Index rows, Index k, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> directions(atoms * d), data(rows * d, 0.0f);
  for (float& value : directions) value = static_cast<float>(random.normal());
  for (Index a = 0; a < atoms; ++a) detail::make_unit(std::span(directions).subspan(a * d, d));
  for (Index i = 0; i < rows; ++i)
    for (const Id a : sample_sorted(atoms, k, random)) {
      const auto strength = static_cast<float>(0.5 + random.uniform());
      for (Index j = 0; j < d; ++j) data[i * d + j] += strength * directions[a * d + j];
    }
  return {Matrix::from(directions, atoms, d), Matrix::from(data, rows, d)};
}

// Mean over atoms of the largest cosine with a decoder row.
double mean_max_cosine(const Matrix& atoms, const Matrix& W_dec) {
  double sum = 0;
  std::vector<float> a(atoms.cols()), b(atoms.cols());
  for (Index i = 0; i < atoms.rows(); ++i) {
    double best = -1;
    for (Index f = 0; f < W_dec.rows(); ++f)
      best = std::max(best, canonical_dot(atoms.row(i, a), W_dec.row(f, b)));
    sum += best / static_cast<double>(atoms.rows());
  }
  return sum;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same_bits(const Sae& a, const Sae& b) {
  return same_bits(to_vector(a.W_dec), to_vector(b.W_dec)) &&
         same_bits(to_vector(a.W_enc), to_vector(b.W_enc)) && same_bits(a.b_enc, b.b_enc) &&
         same_bits(a.b_dec, b.b_dec);
}

}  // namespace

TEST_CASE("loss and gradient are those of a dense account in double") {
  const Index n = 24, d = 6, rows = 40;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Random random(seed);
    const TopkParameters parameters = random_parameters(n, d, random);
    const std::vector<float> batch = random_rows(rows, d, random);
    const std::vector<Id> dead{1, 4, 7, 8, 15, 20};
    for (const bool with_dead : {false, true}) {
      TopkObjective objective{.k = 4, .k_aux = 3, .aux_weight = 0.7};
      if (with_dead) objective.dead = dead;
      const DenseLoss oracle(parameters, {batch.begin(), batch.end()}, objective);
      const TopkLoss loss = topk_loss(parameters, batch, objective);
      CHECK(loss.reconstruction ==
            doctest::Approx(oracle.reconstruction(parameters)).epsilon(1e-5));
      if (with_dead)
        CHECK(loss.auxiliary == doctest::Approx(oracle.auxiliary(parameters)).epsilon(1e-5));
      else
        CHECK(loss.auxiliary == 0);
      check_gradient(parameters, loss.gradient, oracle);
    }
  }
}

TEST_CASE("the gradient of several blocks of features, each a vector long and more") {
  const Index n = 70, d = 35, rows = 20;
  Random random(6);
  const TopkParameters parameters = random_parameters(n, d, random);
  const std::vector<float> batch = random_rows(rows, d, random);
  const std::vector<Id> dead{2, 63, 64, 69};
  const TopkObjective objective{.k = 6, .k_aux = 3, .aux_weight = 0.7, .dead = dead};
  const DenseLoss oracle(parameters, {batch.begin(), batch.end()}, objective);
  check_gradient(parameters, topk_loss(parameters, batch, objective).gradient, oracle);
}

TEST_CASE("a residual that does not vary leaves nothing to revive features with") {
  const Index n = 12, d = 5;
  Random random(9);
  const TopkParameters parameters = random_parameters(n, d, random);
  const std::vector<Id> dead{2, 9};
  for (const Index rows : {1, 2, 3, 7}) {
    std::vector<float> row(d), batch;
    for (float& value : row) value = static_cast<float>(random.normal());
    for (Index i = 0; i < rows; ++i) batch.insert(batch.end(), row.begin(), row.end());
    const TopkLoss loss = topk_loss(parameters, batch, {.k = 3, .k_aux = 2, .dead = dead});
    CHECK(loss.auxiliary == 0);
    CHECK(loss.gradient.W_dec == topk_loss(parameters, batch, {.k = 3}).gradient.W_dec);
  }
}

TEST_CASE("more auxiliary features than are dead are as many as there are") {
  const Index n = 12, d = 5;
  Random random(14);
  const TopkParameters parameters = random_parameters(n, d, random);
  const std::vector<float> batch = random_rows(30, d, random);
  const std::vector<Id> dead{2, 9};
  const auto with = [&](Index k_aux) {
    return topk_loss(parameters, batch, {.k = 3, .k_aux = k_aux, .dead = dead});
  };
  CHECK(with(2).auxiliary == with(std::numeric_limits<Index>::max()).auxiliary);
}

TEST_CASE("a loss of what does not fit together is refused") {
  Random random(15);
  const TopkParameters parameters = random_parameters(6, 4, random);
  const std::vector<float> batch(8, 1.0f);
  const std::vector<Id> unsorted{3, 1}, twice{1, 1}, unknown{6}, negative{-1};
  CHECK_NOTHROW(topk_loss(parameters, batch, {.k = 6}));
  CHECK_THROWS_AS(topk_loss(parameters, batch, {.k = 0}), Error);
  CHECK_THROWS_AS(topk_loss(parameters, batch, {.k = 7}), Error);
  CHECK_THROWS_AS(topk_loss(parameters, std::vector<float>(), {.k = 1}), Error);
  CHECK_THROWS_AS(topk_loss(parameters, std::vector<float>(7, 1.0f), {.k = 1}), Error);
  for (const auto* dead : {&unsorted, &twice, &unknown, &negative})
    CHECK_THROWS_AS(topk_loss(parameters, batch, {.k = 1, .k_aux = 1, .dead = *dead}), Error);
  TopkParameters broken = parameters;
  broken.b_enc.pop_back();
  CHECK_THROWS_AS(topk_loss(broken, batch, {.k = 1}), Error);
}

TEST_CASE("the auxiliary loss moves dead features and biases only") {
  const Index n = 12, d = 5;
  Random random(4);
  const TopkParameters parameters = random_parameters(n, d, random);
  const std::vector<float> batch = random_rows(30, d, random);
  const std::vector<Id> dead{2, 9};
  const auto plain = topk_loss(parameters, batch, {.k = 3}).gradient;
  const auto helped = topk_loss(parameters, batch, {.k = 3, .k_aux = 2, .dead = dead}).gradient;
  for (Index f = 0; f < n; ++f) {
    const bool is_dead = f == 2 || f == 9;
    CHECK((plain.b_enc[f] == helped.b_enc[f]) != is_dead);
    for (Index j = 0; j < d; ++j)
      CHECK((plain.W_dec[f * d + j] == helped.W_dec[f * d + j]) != is_dead);
  }
}

TEST_CASE("a step is Adam's, as defined") {
  std::vector<float> w{1.0f}, m{0.0f}, v{0.0f};
  const TrainOptions options;
  double w_expected = 1, first = 0, second = 0;
  for (Index t = 1; t <= 20; ++t) {
    const double g = std::sin(static_cast<double>(t));
    const auto gradient = static_cast<float>(g);
    detail::adam(w.data(), &gradient, 0, m.data(), v.data(), 1,
                 detail::adam_step(options, 0.01, t));
    first = 0.9 * first + 0.1 * g;
    second = 0.999 * second + 0.001 * g * g;
    w_expected -= 0.01 * (first / (1 - std::pow(0.9, t))) /
                  (std::sqrt(second / (1 - std::pow(0.999, t))) + options.epsilon);
  }
  CHECK(w[0] == doctest::Approx(w_expected).epsilon(1e-5));
}

TEST_CASE(
    "training takes Adam's step along the gradient of the loss, and makes decoder rows unit") {
  const Index n = 150, d = 21, rows = 90;  // several blocks of features and of rows
  Random random(12);
  TopkParameters now = random_parameters(n, d, random);
  for (Index f = 0; f < n; ++f) detail::make_unit(std::span(now.W_dec).subspan(f * d, d));
  TopkParameters first = random_parameters(n, d, random), second = random_parameters(n, d, random);
  for (auto* part : {&second.W_dec, &second.W_enc, &second.b_enc, &second.b_dec})
    for (float& value : *part) value = 1 + std::abs(value);
  const std::vector<float> batch = random_rows(rows, d, random);
  const std::vector<Id> dead{3, 64, 65, 149};
  const TopkObjective objective{.k = 5, .k_aux = 2, .aux_weight = 0.5, .dead = dead};
  const double rate = 0.05;

  TopkParameters expected = now;
  TopkParameters gradient = topk_loss(now, batch, objective).gradient;
  for (Index f = 0; f < n; ++f) {
    const auto row = std::span(now.W_dec).subspan(f * d, d);
    const auto along = canonical_dot(std::span(gradient.W_dec).subspan(f * d, d), row);
    for (Index j = 0; j < d; ++j)
      gradient.W_dec[f * d + j] -= static_cast<float>(along * static_cast<double>(row[j]));
  }
  for (const auto part : {&TopkParameters::W_dec, &TopkParameters::W_enc, &TopkParameters::b_enc,
                          &TopkParameters::b_dec})
    for (std::size_t i = 0; i < (now.*part).size(); ++i) {
      const double g = (gradient.*part)[i], m = 0.9 * (first.*part)[i] + 0.1 * g,
                   v = 0.999 * (second.*part)[i] + 0.001 * g * g;
      (expected.*part)[i] -= static_cast<float>(rate * m / (1 - std::pow(0.9, 7)) /
                                                std::sqrt(v / (1 - std::pow(0.999, 7))));
    }
  for (Index f = 0; f < n; ++f) detail::make_unit(std::span(expected.W_dec).subspan(f * d, d));

  const detail::AdamStep step = detail::adam_step(TrainOptions{}, rate, 7);
  detail::TopkPass pass(n, d);
  pass.forward(now, {batch.data(), rows, d}, objective, eigen_gemm());
  const auto b_dec_gradient = pass.backward(now, detail::DescendFeature(now, first, second, step));
  detail::adam(now.b_dec.data(), b_dec_gradient.data(), 0, first.b_dec.data(), second.b_dec.data(),
               d, step);
  for (const auto part : {&TopkParameters::W_dec, &TopkParameters::W_enc, &TopkParameters::b_enc,
                          &TopkParameters::b_dec})
    for (std::size_t i = 0; i < (now.*part).size(); ++i)
      REQUIRE((now.*part)[i] == doctest::Approx((expected.*part)[i]).epsilon(1e-5).scale(1));
}

TEST_CASE("a parameter without a gradient comes to rest, at no number's edge") {
  std::vector<float> w{1.0f}, m{1e-3f}, v{1e-6f};
  const float none = 0;
  for (Index t = 1; t <= 2000; ++t)
    detail::adam(w.data(), &none, 0, m.data(), v.data(), 1,
                 detail::adam_step(TrainOptions{}, 0.01, t + 1000));
  CHECK(m[0] == 0);
  CHECK(v[0] > 0);
  CHECK(std::isfinite(w[0]));
}

TEST_CASE("a planted dictionary is found again") {
  const auto planted = planted_dictionary(40, 20, 8000, 3, 5);
  const TrainOptions options{
      .features = 60, .k = 3, .epochs = 25, .batch = 200, .learning_rate = 5e-3, .seed = 6};
  const TrainResult result = train_topk(planted.rows, options);
  CHECK(mean_max_cosine(planted.atoms, result.sae.W_dec) > 0.95);
  CHECK(result.held_out.fve > 0.9);
  CHECK(result.held_out.rows == 800);
  CHECK(result.training.rows == 7200);
  CHECK(result.held_out.l0 <= 3);
  CHECK(result.epochs.size() == 25);
  CHECK(result.epochs.back().reconstruction < result.epochs.front().reconstruction);
  std::vector<float> scratch(20);
  for (Index f = 0; f < 60; ++f)
    CHECK(canonical_norm(result.sae.W_dec.row(f, scratch)) == doctest::Approx(1).epsilon(1e-6));
  CHECK(result.sae.activation == Activation::topk);
  CHECK(result.sae.subtract_b_dec);
}

TEST_CASE("the units of the data change nothing but the biases") {
  const auto planted = planted_dictionary(20, 10, 2000, 2, 7);
  std::vector<float> thousandfold = to_vector(planted.rows);
  for (float& value : thousandfold) value *= 1024;  // a power of two: the same bits
  const TrainOptions options{.features = 30, .k = 2, .epochs = 3, .batch = 50};
  const TrainResult small = train_topk(planted.rows, options);
  const TrainResult large = train_topk(Matrix::from(thousandfold, 2000, 10), options);
  CHECK(same_bits(to_vector(small.sae.W_dec), to_vector(large.sae.W_dec)));
  CHECK(same_bits(to_vector(small.sae.W_enc), to_vector(large.sae.W_enc)));
  for (Index f = 0; f < 30; ++f) CHECK(large.sae.b_enc[f] == 1024 * small.sae.b_enc[f]);
  CHECK(large.held_out.fve == doctest::Approx(small.held_out.fve));
}

#if defined(_OPENMP)
TEST_CASE("the bits do not depend on the number of threads") {
  const auto planted = planted_dictionary(150, 16, 3000, 4, 8);
  TrainOptions options{.features = 300, .k = 4, .epochs = 2, .batch = 500, .learning_rate = 1e-2};
  options.dead_after = 200;  // the auxiliary loss takes part
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const TrainResult one = train_topk(planted.rows, options);
  const Codes codes = encode(one.sae, planted.rows);
  CHECK(one.epochs.front().auxiliary > 0);
  for (const int threads : {2, 3, 7}) {
    omp_set_num_threads(threads);
    const TrainResult many = train_topk(planted.rows, options);
    CHECK(same_bits(one.sae, many.sae));
    CHECK(one.held_out.fve == many.held_out.fve);
    CHECK(one.epochs.back().auxiliary == many.epochs.back().auxiliary);
    const Codes again = encode(many.sae, planted.rows);
    CHECK(codes.features == again.features);
    CHECK(same_bits(codes.values, again.values));
  }
  omp_set_num_threads(before);
}
#endif

TEST_CASE("the auxiliary loss revives dead features") {
  // As many features as atoms, so every one is needed, and a learning rate that kills many.
  Index dead_without = 0, dead_with = 0;
  for (const std::uint64_t seed : {3u, 4u, 5u}) {
    const auto planted = planted_dictionary(100, 16, 4000, 3, seed);
    TrainOptions options{.features = 100, .k = 3, .epochs = 20, .batch = 200};
    options.learning_rate = 3e-2;
    options.seed = seed;
    options.directions = FirstDirections::inputs;
    options.dead_after = 1000;
    options.aux_weight = 0;
    const TrainResult without = train_topk(planted.rows, options);
    CHECK(without.notes.size() == 1);
    dead_without += without.training.dead;
    options.aux_weight = 1.0 / 32;
    dead_with += train_topk(planted.rows, options).training.dead;
  }
  CAPTURE(dead_with);
  CAPTURE(dead_without);
  CHECK(dead_without >= 30);
  CHECK(dead_with <= dead_without / 4);
}

TEST_CASE("the rows are split and ordered as documented") {
  CHECK(held_out_rows(30) == std::vector<Id>{9, 19, 29});
  CHECK(held_out_rows(9).empty());
  CHECK(training_rows(12) == std::vector<Id>{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11});
  const auto first = batch_order(100, 0, 5);
  CHECK(first == batch_order(100, 0, 5));
  CHECK(first != batch_order(100, 1, 5));
  CHECK(first != batch_order(100, 0, 6));
  CHECK(std::set<Id>(first.begin(), first.end()).size() == 100);
}

TEST_CASE("training starts at unit directions about the geometric median") {
  // Three points of a triangle whose median is the origin's, and an outlier that the mean follows.
  const Matrix points = Matrix::from(std::vector<float>{0, 0, 0, 0, 0, 0, 3, 400}, 4, 2);
  for (const float value : geometric_median(points)) CHECK(std::abs(value) < 0.01);
  const Matrix triangle =
      Matrix::from(std::vector<float>{1, 0, -0.5f, 0.8660254f, -0.5f, -0.8660254f}, 3, 2);
  for (const float value : geometric_median(triangle)) CHECK(std::abs(value) < 1e-6f);

  const auto planted = planted_dictionary(40, 12, 300, 3, 11);
  for (const auto directions : {FirstDirections::inputs, FirstDirections::random}) {
    // More features than inputs: the rest is random.
    const Sae sae =
        initial_sae(planted.rows, {.features = 500, .k = 3, .directions = directions, .seed = 2});
    std::vector<float> dec(12), enc(12);
    for (Index f = 0; f < 500; ++f) {
      CHECK(canonical_norm(sae.W_dec.row(f, dec)) == doctest::Approx(1).epsilon(1e-6));
      CHECK(canonical_dot(sae.W_dec.row(f, dec), sae.W_enc.row(f, enc)) ==
            doctest::Approx(canonical_norm(sae.W_enc.row(f, enc))));  // one direction
    }
    const std::vector<double> centre(sae.b_dec.begin(), sae.b_dec.end());
    CHECK(squared_distance(decode(sae, encode(sae, planted.rows)), centre) ==
          doctest::Approx(squared_distance(planted.rows, centre)).epsilon(1e-3));
  }
}

TEST_CASE("what cannot be trained is refused") {
  Random random(10);
  const auto planted = planted_dictionary(20, 8, 100, 2, 10);
  const TrainOptions good{.features = 20, .k = 2, .epochs = 1, .batch = 30};
  CHECK_NOTHROW(train_topk(planted.rows, good));
  const auto refused = [&](const auto& spoil) {
    TrainOptions options = good;
    spoil(options);
    CHECK_THROWS_AS(train_topk(planted.rows, options), Error);
  };
  refused([](TrainOptions& o) { o.features = 0; });
  refused([](TrainOptions& o) { o.k = 0; });
  refused([](TrainOptions& o) { o.k = 21; });
  refused([](TrainOptions& o) { o.epochs = -1; });
  refused([](TrainOptions& o) { o.batch = 0; });
  refused([](TrainOptions& o) { o.batch = 91; });
  refused([](TrainOptions& o) { o.learning_rate = -1; });
  refused([](TrainOptions& o) { o.learning_rate = std::numeric_limits<double>::quiet_NaN(); });
  refused([](TrainOptions& o) { o.decay = 2; });
  refused([](TrainOptions& o) { o.epsilon = 1e-50; });
  refused([](TrainOptions& o) { o.learning_rate = 1e38; });  // diverges in its last step
  refused([](TrainOptions& o) { o.dead_after = -1; });
  refused([](TrainOptions& o) { o.k_aux = -1; });
  refused([](TrainOptions& o) { o.aux_weight = -1; });
  refused([](TrainOptions& o) { o.beta2 = 1; });
  CHECK_THROWS_AS(train_topk(planted.rows.slice(0, 9), {.features = 20, .k = 2, .batch = 2}),
                  Error);
  CHECK_THROWS_WITH(train_topk(Matrix::from(std::vector<float>(800, 2.0f), 100, 8), good),
                    "all rows are equal: nothing to learn");
  std::vector<float> broken = to_vector(planted.rows);
  broken[17] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(train_topk(Matrix::from(broken, 100, 8), good), Error);
  CHECK_THROWS_AS(train_topk(planted.rows, good, eigen_gemm(),
                             Progress([](Stage, double share) { return share < 0.5; })),
                  Error);
}
