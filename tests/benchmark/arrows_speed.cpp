// Times logit arrows, and the bare matrix product beside them, on arrays from a safetensors file.
//
//     arrows_speed WEIGHTS.safetensors K ROUNDS [FEATURE_TILE TOKEN_TILE]   (W_dec [n, d], W_U [V,
//     d])
//
// Prints one JSON object: the least of ROUNDS seconds of each, taken in turn; a product in bf16 and
// the arrows made with it, and one in int8, only where the processor has the instruction. `bare_*`
// is one oneDNN product of the whole shape, n x V written out, with all threads. With K = 0: the
// bare products only. With ROUNDS = 0: one call of the arrows, and the memory that it took beyond
// the inputs.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/io/read_tensors.hpp"
#include "yoneda/io/tensor.hpp"
#include "yoneda/onednn/gemm.hpp"

using namespace yoneda;

namespace {

double seconds_of(const std::function<void()>& work) {
  const auto before = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

using Type = dnnl::memory::data_type;

bool has_bf16() {
  return static_cast<bool>(onednn_gemm().multiply_bf16);
}

// Products of int8 without this instruction exist, and are slow.
bool has_vnni() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx2_vnni:
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return true;
    default:
      return false;
  }
}

/// One product of the whole shape.
class BareProduct {
 public:
  BareProduct(const Matrix& A, const Matrix& B, Type type) : c_(A.rows() * B.rows()) {
    using Memory = dnnl::memory;
    const auto as = [&](const Matrix& m) {
      const Memory given({{m.rows(), m.cols()}, Type::f32, Memory::format_tag::ab}, engine_,
                         const_cast<std::byte*>(m.bytes().data()));
      Memory wanted({{m.rows(), m.cols()}, type, Memory::format_tag::ab}, engine_);
      dnnl::primitive_attr scaled;
      if (type == Type::s8) scaled.set_output_scales(0, {127 / largest(m)});
      dnnl::reorder({engine_, given.get_desc(), engine_, wanted.get_desc(), scaled})
          .execute(stream_, const_cast<Memory&>(given), wanted);
      stream_.wait();
      return wanted;
    };
    a_ = as(A);
    b_ = as(B);
    const Memory::desc b({B.cols(), B.rows()}, type, Memory::dims{1, B.cols()});
    const Memory::desc c({A.rows(), B.rows()}, type == Type::s8 ? Type::s32 : Type::f32,
                         Memory::dims{B.rows(), 1});
    product_ = dnnl::matmul(
        dnnl::matmul::primitive_desc(dnnl::matmul::desc(a_.get_desc(), b, c), engine_));
    arguments_ = {{DNNL_ARG_SRC, a_},
                  {DNNL_ARG_WEIGHTS, Memory(b, engine_, b_.get_data_handle())},
                  {DNNL_ARG_DST, Memory(c, engine_, c_.data())}};
  }

  void operator()() {
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  static float largest(const Matrix& m) {
    const auto* values = reinterpret_cast<const float*>(m.bytes().data());
    return std::ranges::max(std::span(values, m.rows() * m.cols()), {},
                            [](float value) { return std::abs(value); });
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::vector<float> c_;
  dnnl::memory a_, b_;
  dnnl::matmul product_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

// Not getrusage(), whose peak counts the process that started this one.
long peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) {
    fmt::print(stderr,
               "usage: arrows_speed WEIGHTS.safetensors K ROUNDS [FEATURE_TILE TOKEN_TILE]\n");
    return 2;
  }
  const io::TensorFile file = io::read_tensors(argv[1]);
  const Matrix W_dec = io::to_matrix(file.at("W_dec"));
  Unembedding model;
  model.W_U = io::to_matrix(file.at("W_U"));
  ArrowOptions options;
  options.k = std::atol(argv[2]);
  const long rounds = std::atol(argv[3]);
  if (argc == 6) options.feature_tile = std::atol(argv[4]), options.token_tile = std::atol(argv[5]);
  const auto arrows = [&](const Gemm& gemm) { logit_arrows(W_dec, model, options, gemm); };

  if (rounds == 0) {
    require_finite(W_dec, "W_dec");  // now all of it is in memory
    require_finite(model.W_U, "W_U");
    const long before = peak_kilobytes();
    const double seconds = seconds_of([&] { arrows(onednn_gemm()); });
    fmt::print("{{\"seconds\": {}, \"extra_mb\": {}}}\n", seconds,
               (peak_kilobytes() - before) / 1024);
    return 0;
  }

  std::vector<std::pair<std::string, Type>> bare{{"bare_f32", Type::f32}};
  if (has_bf16()) bare.emplace_back("bare_bf16", Type::bf16);
  if (has_vnni()) bare.emplace_back("bare_int8", Type::s8);
  std::map<std::string, double> best;
  const auto record = [&](const std::string& name, const std::function<void()>& work) {
    const double seconds = seconds_of(work);
    best[name] = best.contains(name) ? std::min(best[name], seconds) : seconds;
  };
  for (long round = 0; round < rounds; ++round) {
    for (const auto& [name, type] : bare) {
      BareProduct product(W_dec, model.W_U, type);
      record(name, [&] { product(); });  // the first call also maps the output
      record(name, [&] { product(); });
    }
    if (options.k == 0) continue;
    if (has_bf16()) record("yoneda_bf16", [&] { arrows(onednn_gemm()); });
    record("yoneda_f32", [&] { arrows(onednn_f32_gemm()); });
  }
  std::string text;
  for (const auto& [name, seconds] : best)
    text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", name, seconds);
  fmt::print("{{{}}}\n", text);
}
