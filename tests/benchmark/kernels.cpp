// The loops that arrows spend their time in, one by one: run by hand,
//     build/tests/benchmark/kernels --benchmark_filter=scan
// Each reports items (products, values, multiplications) a second.
#include <benchmark/benchmark.h>

#include "random_matrix.hpp"
#include "yoneda/arrows/rescore.hpp"
#include "yoneda/arrows/scan.hpp"
#include "yoneda/linear/rounding.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

void items(benchmark::State& state, Index each) {
  state.SetItemsProcessed(state.iterations() * each);
}

// A row of standard normal products with one in 700 interesting; with and without a histogram.
void scan_row(benchmark::State& state) {
  const Index size = state.range(0);
  const std::vector<float> row = normals(size, 1);
  const std::vector<detail::Interesting> limits(
      (size + detail::scan_block - 1) / detail::scan_block, {3.2f, -3.2f});
  detail::Powers powers;
  detail::Bins bins{.scale = 3.1f, .offset = 26};
  detail::ScanScratch scratch;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        detail::scan(row, limits, state.range(1) != 0, powers, bins, scratch).size());
  items(state, size);
}
BENCHMARK(scan_row)->ArgNames({"row", "binned"})->ArgsProduct({{256, 512, 2048}, {0, 1}});

void round_row(benchmark::State& state) {
  const Index d = state.range(0);
  const std::vector<float> x = normals(d, 2), centre = normals(d, 3);
  std::vector<bf16> rounded(d);
  for (auto _ : state) benchmark::DoNotOptimize(round_to_bf16(x, centre, rounded));
  items(state, d);
}
BENCHMARK(round_row)->Arg(768)->Arg(2304);

template <int at_once>
void canonical_dots(benchmark::State& state) {
  const Index d = state.range(0);
  const std::vector<float> queries = normals(at_once * d, 4);
  const std::vector<double> key(d, 0.3);
  std::array<const float*, at_once> rows;
  for (int q = 0; q < at_once; ++q) rows[q] = queries.data() + q * d;
  std::array<double, at_once> products;
  for (auto _ : state) {
    run_on_widest<detail::CanonicalDots<at_once>>(key.data(), rows.data(), d, products.data());
    benchmark::DoNotOptimize(products);
  }
  items(state, at_once * d);
}
BENCHMARK(canonical_dots<1>)->Arg(768);
BENCHMARK(canonical_dots<4>)->Arg(768);

// One tile of features and tokens, as the pass multiplies them on one thread.
void tile_product(benchmark::State& state) {
  const Index m = state.range(0), n = state.range(1), d = 768;
  const std::vector<float> a = normals(m * d, 5), b = normals(n * d, 6);
  std::vector<float> c(m * n);
  for (auto _ : state) {
    onednn_f32_gemm().multiply({a.data(), m, d, d}, {b.data(), n, d, d}, {c.data(), m, n, n});
    benchmark::DoNotOptimize(c.data());
  }
  items(state, m * n * d);
}
BENCHMARK(tile_product)
    ->ArgNames({"features", "tokens"})
    ->ArgsProduct({{64, 256, 512}, {256, 512}});

void tile_product_bf16(benchmark::State& state) {
  if (!onednn_gemm().multiply_bf16) return state.SkipWithError("no bfloat16 product here");
  const Index m = state.range(0), n = state.range(1), d = 768;
  std::vector<bf16> a, b;
  for (const float x : normals(m * d, 5)) a.push_back(to_bf16(x));
  for (const float x : normals(n * d, 6)) b.push_back(to_bf16(x));
  std::vector<float> c(m * n);
  for (auto _ : state) {
    onednn_gemm().multiply_bf16({a.data(), m, d, d}, {b.data(), n, d, d}, {c.data(), m, n, n});
    benchmark::DoNotOptimize(c.data());
  }
  items(state, m * n * d);
}
BENCHMARK(tile_product_bf16)
    ->ArgNames({"features", "tokens"})
    ->ArgsProduct({{64, 256, 512}, {256, 512}});

}  // namespace

BENCHMARK_MAIN();
