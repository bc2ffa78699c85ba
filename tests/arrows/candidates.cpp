#include "yoneda/arrows/candidates.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "random_matrix.hpp"

using namespace yoneda;
using namespace yoneda::detail;

namespace {

std::vector<Id> positions(std::span<const Candidate> kept) {
  std::vector<Id> ids;
  for (const Candidate& candidate : kept) ids.push_back(candidate.position);
  return ids;
}

}  // namespace

TEST_CASE("no key that may be among the k largest is lost, and the threshold never exceeds them") {
  for (const Index k : std::array<Index, 3>{1, 7, 60}) {
    for (const float width : {0.0f, 0.01f, 1.0f}) {
      CAPTURE(k);
      CAPTURE(width);
      const Index count = 3000;
      const auto scores = normals(count, 5), doubts = normals(count, 6);
      Candidates candidates(k);
      std::vector<float> scratch;
      for (Index i = 0; i < count; ++i) {
        const float doubt = width * std::abs(doubts[i]);
        if (scores[i] + doubt >= candidates.threshold())
          candidates.offer(scores[i] - doubt, scores[i] + doubt, static_cast<Id>(i), scratch);
      }
      candidates.tighten(scratch);
      REQUIRE_FALSE(candidates.overflowed());

      std::vector<float> lower;
      for (Index i = 0; i < count; ++i) lower.push_back(scores[i] - width * std::abs(doubts[i]));
      const float certain = kth_largest(std::span(lower), k);
      CHECK(candidates.threshold() <= certain);
      const auto kept = positions(candidates.kept());
      CHECK(std::ranges::is_sorted(kept));
      const std::set<Id> among(kept.begin(), kept.end());
      for (Index i = 0; i < count; ++i)
        if (scores[i] + width * std::abs(doubts[i]) >= certain)
          CHECK(among.count(static_cast<Id>(i)) == 1);
      if (width == 0) CHECK(static_cast<Index>(kept.size()) == k);
    }
  }
}

TEST_CASE("thousands of equal scores overflow, and nothing is taken after that") {
  Candidates candidates(2);
  std::vector<float> scratch;
  for (Id i = 0; i < 20000; ++i)
    if (1.0f >= candidates.threshold()) candidates.offer(1, 1, i, scratch);
  CHECK(candidates.overflowed());
  CHECK(candidates.kept().empty());
  CHECK_FALSE(3e38f >= candidates.threshold());
}

TEST_CASE("a guess is proved by k keys that reach it, or given up") {
  const Index k = 20, count = 4000;
  const auto scores = normals(count, 7);
  auto sorted = scores;
  std::ranges::sort(sorted, std::greater{});
  for (const Index rank : std::array<Index, 6>{5, 19, 20, 21, 200, 4000})
    for (const double offset : {0.0, 0.75, -2.0}) {
      CAPTURE(rank);
      CAPTURE(offset);
      Candidates candidates(k);
      std::vector<float> scratch;
      candidates.guess(sorted[rank - 1] - 1e-3f);
      if (offset != 0) candidates.move(offset);
      for (Index i = 0; i < count; ++i) {
        const float score = scores[i] - static_cast<float>(offset), doubt = 1e-4f;
        if (score + doubt >= candidates.threshold())
          candidates.offer(score - doubt, score + doubt, static_cast<Id>(i), scratch);
      }
      candidates.settle(scratch);
      CHECK(candidates.overflowed() == (rank < k));
      if (candidates.overflowed()) continue;
      const auto kept = positions(candidates.kept());
      for (Id i = 0; i < count; ++i)
        if (scores[i] >= sorted[k - 1]) CHECK(std::ranges::binary_search(kept, i));
    }
}

TEST_CASE("a threshold that moves with its scores stays on the safe side") {
  for (const float certain : {0.1f, -3.0f, 1e20f, 1e-40f})
    for (const double offset : {0.3, -1e6, 1e-42}) {
      Candidates candidates(1);
      candidates.raise(certain);
      candidates.move(offset);
      CHECK(static_cast<double>(candidates.threshold()) <= static_cast<double>(certain) - offset);
    }
  Candidates none(1);
  none.move(5);
  CHECK(none.threshold() == -std::numeric_limits<float>::infinity());
}
