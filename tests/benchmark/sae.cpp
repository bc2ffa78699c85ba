// How long a step of training and the encoding of a batch take, and at which rate their products
// run: meson test --benchmark, or benchmark_sae --benchmark_filter=... Times are for reading.
#include <benchmark/benchmark.h>

#include "random_matrix.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/sae/train.hpp"

using namespace yoneda;

namespace {

Sae unit_sae(Index n, Index d, Index k) {
  Random random(1);
  std::vector<float> rows(n * d);
  for (Index f = 0; f < n; ++f) detail::random_direction(std::span(rows).subspan(f * d, d), random);
  Sae sae;
  sae.W_dec = sae.W_enc = Matrix::from(std::move(rows), n, d);
  sae.b_enc.assign(n, 0.0f);
  sae.b_dec.assign(d, 0.0f);
  sae.activation = Activation::topk;
  sae.k = k;
  return sae;
}

void count_operations(benchmark::State& state, Index rows, Index n, Index d) {
  state.counters["flop/s"] = benchmark::Counter(2.0 * static_cast<double>(rows * n * d),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void step(benchmark::State& state) {
  const Index n = state.range(0), d = state.range(1), k = state.range(2), rows = state.range(3);
  const Index k_aux = state.range(4);
  TopkParameters now = detail::parameters_of(unit_sae(n, d, k), 1);
  TopkParameters first = zero_parameters(n, d), second = first;
  const std::vector<float> batch = normals(rows * d, 2);
  std::vector<Id> dead;
  for (Id f = 0; k_aux > 0 && f < n; f += 4) dead.push_back(f);
  detail::TopkPass pass(n, d);
  Index t = 0;
  for (auto _ : state) {
    pass.forward(now, {batch.data(), rows, d}, {.k = k, .k_aux = k_aux, .dead = dead},
                 onednn_gemm());
    const auto adam = detail::adam_step(TrainOptions{}, 1e-4, ++t);
    pass.backward(now, detail::DescendFeature(now, first, second, adam));
  }
  count_operations(state, rows, n, d);
}

void encoding(benchmark::State& state) {
  const Index n = state.range(0), d = state.range(1), k = state.range(2), rows = state.range(3);
  const Sae sae = unit_sae(n, d, k);
  const Matrix X = random_matrix(rows, d, 3);
  for (auto _ : state) encode(sae, X, onednn_gemm());
  count_operations(state, rows, n, d);
}

}  // namespace

BENCHMARK(step)
    ->ArgNames({"n", "d", "k", "rows", "k_aux"})
    ->Args({2048, 100, 12, 256, 0})
    ->Args({2048, 100, 12, 256, 50})
    ->Args({8192, 256, 32, 1024, 0})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(encoding)
    ->ArgNames({"n", "d", "k", "rows"})
    ->Args({2048, 100, 12, 4096})
    ->Args({8192, 256, 32, 4096})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_MAIN();
