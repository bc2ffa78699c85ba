#include "yoneda/study/unfinished.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "random_matrix.hpp"
#include "temporary.hpp"
#include "yoneda/study/steps.hpp"

using namespace yoneda;
using namespace yoneda::study;
namespace fs = std::filesystem;

namespace {

Sources random_sources() {
  Sources sources;
  sources.sae.W_dec = random_matrix(35, 12, 1);
  sources.model.W_U = random_matrix(90, 12, 2);
  sources.recorded["sae"].hash = "a1";
  return sources;
}

Progress stopping_at(double limit) {
  return Progress([=](Stage, double share) { return share < limit; });
}

void check_equal(const LogitArrows& a, const LogitArrows& b) {
  CHECK(a.n == b.n);
  CHECK(a.positive_tokens == b.positive_tokens);
  CHECK(a.positive_logits == b.positive_logits);
  CHECK(a.negative_tokens == b.negative_tokens);
  CHECK(a.negative_logits == b.negative_logits);
  CHECK(a.std == b.std);
  CHECK(a.kurtosis == b.kurtosis);
  CHECK(a.histogram == b.histogram);
  CHECK(a.histogram_low == b.histogram_low);
  CHECK(a.decoder_norm == b.decoder_norm);
}

}  // namespace

TEST_CASE("an interrupted run is continued to the same arrows") {
  const TemporaryFolder temporary;
  const std::string folder = temporary / "arrows.partial";
  const Sources sources = random_sources();
  ArrowStep step;
  step.k = 5;
  step.block = 10;
  const ArrowsFile whole = make_arrows(sources, step);
  CHECK(whole.arrows.n == 35);

  CHECK_THROWS_WITH_AS(
      make_arrows(sources, step, stopping_at(0.6), UnfinishedArrows(folder, false)),
      doctest::Contains("interrupted; 20 of 35 features are kept in"), Error);
  CHECK(read_arrows(folder + "/features-00000010.safetensors").arrows.n == 10);
  CHECK_FALSE(fs::exists(folder + "/features-00000020.safetensors"));

  SUBCASE("from where it was") {
    const auto written = fs::last_write_time(folder + "/features-00000000.safetensors");
    const UnfinishedArrows unfinished(folder, true);
    check_equal(make_arrows(sources, step, {}, unfinished).arrows, whole.arrows);
    CHECK(fs::last_write_time(folder + "/features-00000000.safetensors") == written);
    CHECK(fs::exists(folder + "/features-00000020.safetensors"));
    unfinished.discard();
    CHECK_FALSE(fs::exists(folder));
  }
  SUBCASE("from the start without --resume") {
    const UnfinishedArrows unfinished(folder, false);
    CHECK_FALSE(fs::exists(folder));
    check_equal(make_arrows(sources, step, {}, unfinished).arrows, whole.arrows);
  }
  SUBCASE("other options are refused, and named") {
    step.k = 6;
    CHECK_THROWS_WITH_AS(make_arrows(sources, step, {}, UnfinishedArrows(folder, true)),
                         doctest::Contains("was made with another options ({\"block\":\"10\""),
                         Error);
  }
  SUBCASE("other weights are refused, and named") {
    Sources changed = sources;
    changed.recorded["sae"].hash = "b2";
    CHECK_THROWS_WITH_AS(make_arrows(changed, step, {}, UnfinishedArrows(folder, true)),
                         doctest::Contains("was made with another sources"), Error);
  }
  SUBCASE("other blocks are refused rather than misplaced") {
    step.block = 7;
    CHECK_THROWS_AS(make_arrows(sources, step, {}, UnfinishedArrows(folder, true)), Error);
  }
  SUBCASE("a damaged block is refused by name") {
    fs::resize_file(folder + "/features-00000010.safetensors", 1000);
    CHECK_THROWS_WITH_AS(make_arrows(sources, step, {}, UnfinishedArrows(folder, true)),
                         doctest::Contains("features-00000010.safetensors"), Error);
  }
  SUBCASE("what is not ours stays") {
    std::ofstream(folder + "/notes.txt") << "mine";
    UnfinishedArrows(folder, true).discard();
    CHECK(fs::exists(folder + "/notes.txt"));
    CHECK_FALSE(fs::exists(folder + "/features-00000010.safetensors"));
  }
}

TEST_CASE("nothing is kept of a run of one block, nor where nobody asked") {
  const TemporaryFolder temporary;
  const std::string folder = temporary / "arrows.partial";
  ArrowStep step;
  step.k = 5;
  make_arrows(random_sources(), step, {}, UnfinishedArrows(folder, false));
  CHECK_FALSE(fs::exists(folder));
  step.block = 10;
  CHECK_THROWS_WITH_AS(make_arrows(random_sources(), step, stopping_at(0.6)), "interrupted", Error);
}
