#include "yoneda/study/memory.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace yoneda;
using namespace yoneda::study;

namespace {

constexpr Index MB = 1 << 20;
// Gemma Scope's.
constexpr Index n = 16384, d = 2304, V = 256000, k = 50;

template <class Action>
std::string refused(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::resource);
    return error.what();
  }
  FAIL_CHECK("nothing was refused");
  return {};
}

}  // namespace

TEST_CASE("with memory to spare nothing becomes smaller") {
  ArrowStep arrows;
  fit(arrows, n, d, 4096 * MB);
  CHECK(arrows.memory == ArrowStep{}.memory);
  CheckStep check;
  CHECK(!fit(check, n, V, d, k, 4096 * MB));
  CHECK(check.features == CheckStep{}.features);
  CHECK(check.tokens == CheckStep{}.tokens);
}

TEST_CASE("with less memory the pass gets less, and fits") {
  ArrowStep arrows;
  const Index memory = arrows_memory(n, d, arrows) - 64 * MB;
  fit(arrows, n, d, memory);
  CHECK(arrows.memory < ArrowStep{}.memory);
  CHECK(arrows_memory(n, d, arrows) <= memory);
}

TEST_CASE("with less memory the null gets smaller, fits, and stays of use") {
  Index before = CheckStep{}.features * CheckStep{}.tokens;
  for (const Index memory : {600 * MB, 500 * MB, 450 * MB}) {
    CheckStep check;
    CHECK(fit(check, n, V, d, k, memory));
    CHECK(null_memory(check.features, check.tokens, d, k) <= memory);
    CHECK(check.features * check.tokens < before);
    CHECK(check.features >= 256);
    CHECK(check.tokens >= 2048);
    before = check.features * check.tokens;
  }
}

TEST_CASE("what cannot be held is refused with what it takes and what to do") {
  ArrowStep arrows;
  const std::string no_arrows = refused([&] { fit(arrows, 1'000'000'000, d, 4096 * MB); });
  CHECK(no_arrows.find("1000000000 features needs about") != std::string::npos);
  CHECK(no_arrows.find("--memory") != std::string::npos);
  CheckStep check;
  const std::string no_null = refused([&] { fit(check, n, V, d, k, 100 * MB); });
  CHECK(no_null.find("--null none") != std::string::npos);
}

TEST_CASE("spectral categories of very many features are what does not fit") {
  CategoryStep sponge, leiden;
  leiden.method = "leiden";
  const Index features = 1'000'000, edges = 12 * features;
  CHECK(categories_memory(features, edges, sponge) > 16'000 * MB);
  CHECK(categories_memory(features, edges, leiden) < 2'000 * MB);
  sponge.count = 20;
  CHECK(categories_memory(features, edges, sponge) < 3'000 * MB);
}
