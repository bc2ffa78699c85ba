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
      const float certain = kth_largest(lower, k);
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

TEST_CASE("the k-th largest value is what sorting gives") {
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<std::vector<float>> lists{{2},
                                        {-0.0f, 0.0f, -1e-42f, 1e-42f},
                                        {-infinity, 3, 3, 3},
                                        {infinity, -3e38f, 3e38f, 0},
                                        std::vector<float>(77, -4)};
  for (const Index count : std::array<Index, 5>{7, 16, 33, 228, 1024})
    lists.push_back(normals(count, 8));
  lists.back()[3] = 1e30f;  // one that makes the others' range look small
  for (const auto& values : lists) {
    auto sorted = values;
    std::ranges::sort(sorted, std::greater{});
    for (Index k = 1; k <= static_cast<Index>(values.size()); ++k)
      CHECK(kth_largest(values, k) == sorted[k - 1]);
    for (const VectorUnit unit : {VectorUnit::baseline, vector_unit()}) {
      const auto [smallest, largest] = run_on<RangeFrom>(
          unit, values.data(), static_cast<Index>(values.size()), sorted[values.size() / 2]);
      CHECK(smallest == sorted[values.size() / 2]);
      CHECK(largest == sorted.front());
    }
  }
  const std::vector<float> low{1, 2};
  CHECK(run_on_widest<RangeFrom>(low.data(), Index{2}, 5.0f).smallest == infinity);
}

TEST_CASE(
    "candidates are the same in room that was given, in their own, and when one becomes the "
    "other") {
  const Index k = 10, count = 2000;
  const auto scores = normals(count, 9);
  std::vector<std::vector<Id>> kept;
  std::vector<Candidate> room(Candidates::room_for(k));
  for (const std::size_t given : std::array<std::size_t, 3>{0, 40, room.size()}) {
    Candidates candidates(k, std::span(room).first(given));
    std::vector<float> scratch;
    for (Index i = 0; i < count; ++i)
      if (scores[i] + 0.2f >= candidates.threshold())
        candidates.offer(scores[i] - 0.2f, scores[i] + 0.2f, static_cast<Id>(i), scratch);
    candidates.tighten(scratch);
    kept.push_back(positions(candidates.kept()));
  }
  CHECK(static_cast<Index>(kept[0].size()) > k);
  CHECK(kept[1] == kept[0]);
  CHECK(kept[2] == kept[0]);
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

TEST_CASE("a guess is proved by k keys that reach it, or seen to be too high") {
  const Index k = 20, count = 4000;
  const auto scores = normals(count, 7);
  auto sorted = scores;
  std::ranges::sort(sorted, std::greater{});
  for (const Index rank : std::array<Index, 6>{5, 19, 20, 21, 200, 4000})
    for (const double offset : {0.0, 0.75, -2.0}) {
      const bool vague = offset > 0;  // then more of them may reach a guess than do
      CAPTURE(rank);
      CAPTURE(offset);
      Candidates candidates(k);
      std::vector<float> scratch;
      candidates.guess(sorted[rank - 1] - 1e-3f);
      if (offset != 0) candidates.move(offset);
      for (Index i = 0; i < count; ++i) {
        const float score = scores[i] - static_cast<float>(offset),
                    doubt = vague && i % 2 == 0 ? 0.5f : 1e-4f;
        if (score + doubt >= candidates.threshold())
          candidates.offer(score - doubt, score + doubt, static_cast<Id>(i), scratch);
      }
      candidates.tighten(scratch);
      std::vector<double> found;
      for (const Candidate& candidate : candidates.kept())
        found.push_back(static_cast<double>(scores[candidate.position]) - offset);
      std::ranges::sort(found, std::greater{});
      const bool enough = static_cast<Index>(found.size()) >= k;
      CHECK((enough && candidates.holds_best(found[k - 1])) == (rank >= k));
      if (rank < k) continue;
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
