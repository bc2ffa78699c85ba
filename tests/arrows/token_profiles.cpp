#include "yoneda/arrows/token_profiles.hpp"

#include <doctest/doctest.h>

using namespace yoneda;

TEST_CASE("profiles are standardised arrows, tokens ascending; a constant feature has none") {
  LogitArrows arrows;
  arrows.n = 2;
  arrows.k = 2;
  arrows.V = 10;
  arrows.positive_tokens = {7, 3, 0, 1};
  arrows.positive_logits = {5, 4, 0, 0};
  arrows.negative_tokens = {1, 9, 2, 3};
  arrows.negative_logits = {-3, 0.5f, 0, 0};
  arrows.mean = {1, 0};
  arrows.std = {2, 0};
  const TokenProfiles profiles = token_profiles(arrows);
  CHECK(profiles.offsets == std::vector<std::int64_t>{0, 4, 4});
  CHECK(profiles.tokens == std::vector<Id>{1, 3, 7, 9});
  CHECK(profiles.values == std::vector<float>{-2, 1.5f, 2, -0.25f});
  const TokenProfiles unit = normalized(profiles);
  CHECK(canonical_norm(unit.values_of(0)) == doctest::Approx(1).epsilon(1e-6));
  CHECK(unit.values_of(1).empty());
}
