// Equations of a diagram file: planted ones hold, others do not, and p-values are valid.
#include "yoneda/study/equation_check.hpp"

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <algorithm>

#include "planted_words.hpp"

using namespace yoneda;
using namespace yoneda::study;

namespace {

EquationResult result_of(const SmallStudy& study, const std::string& text,
                         const DiagramStep& step = {}) {
  const DiagramFile file = parse_diagram_file(text, "f.toml");
  const DiagramWorld world = study.world();
  return checked(file, file.equations.front(), looked_up(file, world), study.object_arrows(), world,
                 step);
}

/// Words w0, w1, ... as objects a, b, ...
std::string words(const std::vector<int>& tokens) {
  std::string text = "[objects]\n";
  for (std::size_t i = 0; i < tokens.size(); ++i)
    text += std::string(1, static_cast<char>('a' + i)) + " = { token = 'w" +
            std::to_string(tokens[i]) + "' }\n";
  return text;
}

std::string square(const std::string& base, double tolerance, const std::string& null) {
  return "[[equation]]\nname = 'e'\nleft = ['a', 'b', 'c']\nright = ['a', 'c']\nbase = '" + base +
         "'\ntolerance = " + std::to_string(tolerance) + "\nnull = '" + null + "'\n";
}

double weight(const ObjectArrows& arrows, Id t, Id s) {
  return static_cast<double>(
      static_cast<float>(arrows.between(Point{true, t}, Point{true, s}).weight));
}

double real_discrepancy(double left, double right) {
  return std::abs(left - right) / std::max(std::abs(left), std::abs(right));
}

}  // namespace

TEST_CASE("an equation that holds by design commutes, under either null") {
  const SmallStudy study = planted_study();
  const EquationResult random = result_of(study, words({0, 1, 2}) + square("real", 0.01, "random"));
  CHECK(random.left.value.value() == doctest::Approx(0.48));
  CHECK(random.right.value.value() == doctest::Approx(0.48));
  CHECK(random.left.arrows[0]->weight == doctest::Approx(0.8));
  CHECK(random.left.arrows[1]->weight == doctest::Approx(0.6));
  CHECK_FALSE(random.left.arrows[0]->in_graph);
  CHECK(*random.discrepancy < 1e-6);
  CHECK(random.verdict == Verdict::commutes);
  // A word between another and its opposite, five in a thousand, holds exactly too.
  CHECK(random.test.p_lower < 0.02);
  CHECK(random.arrangements == 400. * 399 * 398);
  CHECK(random.reason.starts_with("The sides differ by "));

  const EquationResult permuted =
      result_of(study, words({0, 1, 2, 50, 51, 52, 53, 54}) + square("real", 0.01, "permute"));
  CHECK(permuted.arrangements == 8 * 7 * 6);
  CHECK(permuted.test.samples == 8 * 7 * 6 - 1);  // all the others, and no draw twice
  CHECK(permuted.verdict == Verdict::commutes);
  // Read backwards it is the same equation: the two of 336 that hold.
  CHECK(permuted.test.p_lower == doctest::Approx(2.0 / 336));
}

TEST_CASE("an equation that fails by design does not commute, and says by how much") {
  const EquationResult result =
      result_of(planted_study(), words({0, 1, 3}) + square("real", 0.25, "random"));
  CHECK(*result.discrepancy == doctest::Approx(0.5));
  CHECK(result.verdict == Verdict::does_not);
  CHECK(result.reason.starts_with("The sides differ by 0.5, more than the tolerance 0.25; "));
}

TEST_CASE("what a null would do as well is forced, too small a file underpowered") {
  const SmallStudy study = planted_study();
  const EquationResult loose = result_of(study, words({0, 1, 2}) + square("real", 2.0, "random"));
  CHECK(loose.verdict == Verdict::forced);
  CHECK(loose.holding == 1);

  const EquationResult small = result_of(study, words({0, 1, 2}) + square("real", 0.01, "permute"));
  CHECK(small.verdict == Verdict::underpowered);
  CHECK(small.arrangements == 6);
  CHECK(small.test.samples == 5);
  CHECK(small.reason.ends_with(
      "3 of the file's 3 tokens can be arranged in 6 ways only, and p <= 0.05 takes 20. Name more "
      "objects, or draw them from all: null = \"random\"."));

  // Half of all signs agree by chance: one sign is never evidence.
  const EquationResult sign = result_of(study, words({0, 1, 2}) + square("sign", 0, "random"));
  CHECK(sign.left.value == 1);
  CHECK(sign.verdict == Verdict::underpowered);
  CHECK(sign.holding > 0.3);
  CHECK(sign.holding < 0.7);

  const EquationResult alone = result_of(study, words({0, 1, 2}) + square("real", 0.01, "none"));
  CHECK_FALSE(alone.verdict);
  CHECK(result_of(study, words({0, 1, 3}) + square("real", 0.01, "none")).verdict ==
        Verdict::does_not);
}

TEST_CASE("all arrangements are looked at where they are few, as brute force does") {
  const SmallStudy study = random_study();
  const ObjectArrows arrows = study.object_arrows();
  const std::vector<int> tokens{3, 10, 17, 40, 77};
  const EquationResult result = result_of(study, words(tokens) + square("real", 1.9, "permute"));
  std::vector<double> expected;
  for (const int a : tokens)
    for (const int b : tokens)
      for (const int c : tokens) {
        if (a == b || b == c || a == c || (a == 3 && b == 10 && c == 17)) continue;
        expected.push_back(
            real_discrepancy(weight(arrows, a, b) * weight(arrows, b, c), weight(arrows, a, c)));
      }
  CHECK(result.arrangements == 60);
  std::vector<double> found = result.test.draws;
  REQUIRE(found.size() == expected.size());
  std::ranges::sort(found);
  std::ranges::sort(expected);
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  const auto as_near = std::ranges::count_if(
      expected, [&](double d) { return d <= *result.discrepancy * (1 + 1e-9); });
  CHECK(result.test.p_lower == doctest::Approx((1.0 + static_cast<double>(as_near)) / 60));
}

TEST_CASE("random objects of the same types take the places of categories and sets") {
  const SmallStudy study = random_study();
  const std::string objects =
      "[objects]\na = { category = 2 }\nb = { tokens = ['w1', 'w5'] }\nc = { feature = 7 }\n";
  const EquationResult result = result_of(study, objects + square("real", 1.9, "random"),
                                          {.samples = 50, .seed = 3, .rule = {}});
  CHECK(result.test.samples == 50);
  CHECK(result.arrangements == 5. * (150 * 149 / 2) * 40);
  // The path leads through both words, and is their sum.
  const ObjectArrows arrows = study.object_arrows();
  const Members group{ObjectType::category, {2, 7, 12, 17, 22, 27, 32, 37}};
  double sum = 0;
  for (const Id t : {1, 5})
    sum += arrows.between(group, {ObjectType::token, {t}}).weight *
           arrows.between(Point{true, t}, Point{false, 7}).weight;
  CHECK(*result.left.value == doctest::Approx(sum).epsilon(1e-5));
  CHECK(*result.right.value ==
        doctest::Approx(arrows.between(group, {ObjectType::feature, {7}}).weight));
  CHECK_FALSE(result.left.arrows[0]);  // many arrows, not one
  CHECK(result.right.arrows[0]);

  const std::string few =
      "[objects]\na = { category = 0 }\nb = { category = 1 }\nc = { category = "
      "2 }\n";
  const EquationResult all = result_of(study, few + square("real", 1.9, "random"));
  CHECK(all.test.samples == 5 * 4 * 3 - 1);
}

TEST_CASE("probability takes the likeliest way through a set, and lawvere its cost") {
  const SmallStudy study = random_study();
  const ObjectArrows arrows = study.object_arrows();
  const std::string objects =
      "[objects]\na = { token = 'w0' }\nb = { tokens = ['w1', 'w5', 'w9'] }\nc = { token = 'w2' "
      "}\n";
  double best = 0;
  for (const Id t : {1, 5, 9})
    best = std::max(best, std::abs(weight(arrows, 0, t)) * std::abs(weight(arrows, t, 2)));
  const EquationResult p = result_of(study, objects + square("probability", 9, "none"));
  const EquationResult cost = result_of(study, objects + square("lawvere", 9, "none"));
  CHECK(*p.left.value == doctest::Approx(best));
  CHECK(*cost.left.value == doctest::Approx(-std::log(best)));
  CHECK(*p.discrepancy == doctest::Approx(*cost.discrepancy));
}

TEST_CASE("where there is no arrow there is no sign: the equation fails and says where") {
  const SmallStudy study = random_study();
  GraphFile user;
  user.graph = SignedGraph::from_edges(4, {{0, 1, 0.5f}, {1, 2, -0.5f}}, Direction::undirected,
                                       GraphKind::user);
  const ObjectArrows arrows(user, nullptr, nullptr);
  const DiagramFile file = parse_diagram_file(
      "[objects]\na = { feature = 0 }\nb = { feature = 1 }\nc = { feature = 2 }\n" +
          square("sign", 0, "permute"),
      "f.toml");
  const DiagramWorld world{.features = 4};
  const auto result = checked(file, file.equations[0], looked_up(file, world), arrows, world, {});
  CHECK(result.verdict == Verdict::does_not);
  CHECK(result.reason.starts_with("There is no arrow from a to c: its weight is 0"));
  CHECK(result.left.arrows[0]->in_graph);

  const DiagramFile tokens =
      parse_diagram_file(words({0, 1, 2}) + square("sign", 0, "none"), "f.toml");
  const ObjectArrows bare(study.graph, &study.arrows, nullptr);
  CHECK_THROWS_WITH_AS(
      checked(tokens, tokens.equations[0], looked_up(tokens, study.world()), bare, study.world(),
              {}),
      "f.toml:5:1: equation 'e': an arrow to or from a token is computed from the weights: name "
      "them with --sae and --model",
      Error);
}

TEST_CASE("the same for any number of threads") {
#if defined(_OPENMP)
  const SmallStudy study = random_study();
  const auto with = [&](int threads) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    const auto made = result_of(study, words({3, 4, 5}) + square("real", 1.0, "random"));
    omp_set_num_threads(before);
    return made.test.draws;
  };
  CHECK(with(1) == with(3));
#endif
}

TEST_CASE("p is valid: random equations are called commuting at most as often as alpha says") {
  const SmallStudy study = random_study();
  for (const std::string null : {"random", "permute"}) {
    Random random(7);
    int commuting = 0;
    constexpr int rounds = 300;
    for (int round = 0; round < rounds; ++round) {
      std::vector<int> tokens;
      for (const Id t : permutation(150, random)) tokens.push_back(t);
      tokens.resize(6);
      const auto result = result_of(study, words(tokens) + square("real", 2.0, null),
                                    {.samples = 99, .seed = random.bits(), .rule = {}});
      commuting += result.test.p_lower <= 0.05;
    }
    CHECK(commuting <= 0.05 * rounds + 3 * std::sqrt(0.05 * 0.95 * rounds));
    CHECK(commuting > 0);  // and the test is not empty
  }
}
