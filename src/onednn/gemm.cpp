#include "yoneda/onednn/gemm.hpp"

#if defined(YONEDA_WITH_ONEDNN)

#include <omp.h>

#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>

#include "yoneda/core/error.hpp"

namespace yoneda {
namespace {

// oneDNN asks OpenMP how many threads it may use when a primitive is made and again when it runs.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

using Type = dnnl::memory::data_type;
// Of a product of A [m, k] and B [n, k]; a B that is packed has the stride 0.
using Shape = std::tuple<Type, Index, Index, Index, Index, Index, Index>;

struct Product {
  dnnl::memory::desc a, b, c;
  dnnl::matmul primitive;
};

// B [n, k] as its transpose, by strides alone.
dnnl::memory::desc as_it_is(Type type, Index n, Index k, Index stride) {
  return {{k, n}, type, dnnl::memory::dims{1, stride}};
}

// B [n, k] as oneDNN likes it best where a few hundred rows of A meet it. One layout for any A.
dnnl::memory::desc packed(const dnnl::engine& engine, Type type, Index n, Index k) {
  using Memory = dnnl::memory;
  constexpr Index rows_of_A = 256;
  const auto any = Memory::format_tag::any, plain = Memory::format_tag::ab;
  const dnnl::matmul::desc wanted({{rows_of_A, k}, type, plain}, {{k, n}, type, any},
                                  {{rows_of_A, n}, Type::f32, plain});
  return dnnl::matmul::primitive_desc(wanted, engine).weights_desc();
}

// A product of one fixed shape.
Product make_product(const dnnl::engine& engine, const Shape& shape) {
  using Memory = dnnl::memory;
  const auto [type, m, n, k, a_stride, b_stride, c_stride] = shape;
  Product product;
  product.a = Memory::desc({m, k}, type, Memory::dims{a_stride, 1});
  product.b = b_stride == 0 ? packed(engine, type, n, k) : as_it_is(type, n, k, b_stride);
  product.c = Memory::desc({m, n}, Type::f32, Memory::dims{c_stride, 1});
  const dnnl::matmul::desc wanted(product.a, product.b, product.c);
  product.primitive = dnnl::matmul(dnnl::matmul::primitive_desc(wanted, engine));
  return product;
}

// What one thread owns.
struct Worker {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Shape, Product> products;
};

Worker& this_thread() {
  thread_local Worker worker;
  return worker;
}

// oneDNN's errors as ours.
template <class Work>
auto on_one_thread(const Work& work) {
  const OneThread one_thread;
  try {
    return work(this_thread());
  } catch (const dnnl::error& failure) {
    throw Error(ErrorKind::numeric, std::string("oneDNN: ") + failure.what());
  }
}

// dnnl::memory takes a plain pointer for inputs too; it does not write through them.
dnnl::memory memory_at(const Worker& worker, const dnnl::memory::desc& desc, const void* data) {
  return {desc, worker.engine, const_cast<void*>(data)};
}

void run(const Shape& shape, const void* A, const void* B, float* C) {
  on_one_thread([&](Worker& worker) {
    auto found = worker.products.find(shape);
    if (found == worker.products.end())
      found = worker.products.emplace(shape, make_product(worker.engine, shape)).first;
    const Product& product = found->second;
    dnnl::primitive(product.primitive)
        .execute(worker.stream, {{DNNL_ARG_SRC, memory_at(worker, product.a, A)},
                                 {DNNL_ARG_WEIGHTS, memory_at(worker, product.b, B)},
                                 {DNNL_ARG_DST, memory_at(worker, product.c, C)}});
    worker.stream.wait();
  });
}

void multiply(MatrixView A, MatrixView B, MutableMatrixView C) {
  run({Type::f32, A.rows, B.rows, A.cols, A.stride, B.stride, C.stride}, A.data, B.data, C.data);
}

void multiply_bf16(Bf16View A, Bf16View B, MutableMatrixView C) {
  run({Type::bf16, A.rows, B.rows, A.cols, A.stride, B.stride, C.stride}, A.data, B.data, C.data);
}

Index packed_size(Index rows, Index cols) {
  return on_one_thread([&](Worker& worker) {
    return static_cast<Index>(packed(worker.engine, Type::bf16, rows, cols).get_size() /
                              sizeof(bf16));
  });
}

void pack(Bf16View B, bf16* out) {
  on_one_thread([&](Worker& worker) {
    const auto from = as_it_is(Type::bf16, B.rows, B.cols, B.stride);
    const auto to = packed(worker.engine, Type::bf16, B.rows, B.cols);
    dnnl::memory source = memory_at(worker, from, B.data), target(to, worker.engine, out);
    dnnl::reorder(source, target).execute(worker.stream, source, target);
    worker.stream.wait();
  });
}

void multiply_packed(Bf16View A, const bf16* B, MutableMatrixView C) {
  run({Type::bf16, A.rows, C.cols, A.cols, A.stride, 0, C.stride}, A.data, B, C.data);
}

// Without the instruction oneDNN has a bf16 product too on some processors, a slow one.
bool has_bf16() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      return true;
    default:
      return false;
  }
}

}  // namespace

const Gemm& onednn_gemm() {
  static const Gemm gemm =
      has_bf16()
          ? Gemm{"onednn-bf16", multiply, multiply_bf16, {packed_size, pack, multiply_packed}}
          : onednn_f32_gemm();
  return gemm;
}

const Gemm& onednn_f32_gemm() {
  static const Gemm gemm{"onednn", multiply};
  return gemm;
}

}  // namespace yoneda

#else

namespace yoneda {
const Gemm& onednn_gemm() {
  return eigen_gemm();
}
const Gemm& onednn_f32_gemm() {
  return eigen_gemm();
}
}  // namespace yoneda

#endif
