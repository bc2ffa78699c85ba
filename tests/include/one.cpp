// Everything in two translation units of one program: nothing may be defined twice.
#include "yoneda/cluster/sponge.hpp"
#include "yoneda/files.hpp"
#include "yoneda/linear/eigenpairs.hpp"
#include "yoneda/yoneda.hpp"

const yoneda::Gemm& gemm_seen_by_two();  // NOLINT(misc-use-internal-linkage): two.cpp's

int main() {
  // An inline function is one function: both units must see the same object.
  return &yoneda::eigen_gemm() == &gemm_seen_by_two() ? 0 : 1;
}
