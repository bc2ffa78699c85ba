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
using Shape = std::tuple<Type, Index, Index, Index, Index, Index, Index>;

struct Product {
  dnnl::memory::desc a, b, c;
  dnnl::matmul primitive;
};

// A product of one fixed shape. B is handed over as its transpose by strides alone.
Product make_product(const dnnl::engine& engine, const Shape& shape) {
  using Memory = dnnl::memory;
  const auto [type, m, n, k, a_stride, b_stride, c_stride] = shape;
  Product product;
  product.a = Memory::desc({m, k}, type, Memory::dims{a_stride, 1});
  product.b = Memory::desc({k, n}, type, Memory::dims{1, b_stride});
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

template <class View>
void run(Type type, const View& A, const View& B, const MutableMatrixView& C) {
  const OneThread one_thread;
  try {
    thread_local Worker worker;
    const Shape shape{type, A.rows, B.rows, A.cols, A.stride, B.stride, C.stride};
    auto found = worker.products.find(shape);
    if (found == worker.products.end())
      found = worker.products.emplace(shape, make_product(worker.engine, shape)).first;
    const Product& product = found->second;
    // dnnl::memory takes a plain pointer for inputs too; it does not write through them.
    const auto memory = [](const dnnl::memory::desc& desc, const void* data) {
      return dnnl::memory(desc, worker.engine, const_cast<void*>(data));
    };
    dnnl::primitive(product.primitive)
        .execute(worker.stream, {{DNNL_ARG_SRC, memory(product.a, A.data)},
                                 {DNNL_ARG_WEIGHTS, memory(product.b, B.data)},
                                 {DNNL_ARG_DST, memory(product.c, C.data)}});
    worker.stream.wait();
  } catch (const dnnl::error& failure) {
    throw Error(ErrorKind::numeric, std::string("oneDNN: ") + failure.what());
  }
}

void multiply(MatrixView A, MatrixView B, MutableMatrixView C) {
  run(Type::f32, A, B, C);
}

void multiply_bf16(Bf16View A, Bf16View B, MutableMatrixView C) {
  run(Type::bf16, A, B, C);
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
      has_bf16() ? Gemm{"onednn-bf16", multiply, multiply_bf16} : onednn_f32_gemm();
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
