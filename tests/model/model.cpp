// Conventions, unembedding and vocabulary: what is refused and what is assumed.
#include <doctest/doctest.h>

#include "yoneda/model/convention.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/model/vocabulary.hpp"

using namespace yoneda;

TEST_CASE("every convention is spelled one way and read back") {
  for (const Convention c : {Convention::automatic, Convention::raw, Convention::folded,
                             Convention::centered, Convention::transformer_lens})
    CHECK(convention_from(name(c)) == c);
  CHECK_FALSE(convention_from("Raw"));
}

TEST_CASE("the automatic convention is what the norm asks for") {
  Unembedding model;
  CHECK(resolve(Convention::automatic, model) == Convention::raw);
  CHECK(resolve(Convention::raw, model) == Convention::raw);
  for (const Convention c :
       {Convention::folded, Convention::centered, Convention::transformer_lens})
    CHECK_THROWS_AS(resolve(c, model), Error);  // no gain
  model.gain = {1, 1};
  model.norm = Norm::rms;
  CHECK(resolve(Convention::automatic, model) == Convention::folded);
  CHECK(resolve(Convention::transformer_lens, model) == Convention::transformer_lens);
  CHECK_THROWS_WITH(
      resolve(Convention::centered, model),
      "convention 'centered' is for LayerNorm models; the final norm here is RMSNorm");
  model.norm = Norm::layer;
  CHECK(resolve(Convention::automatic, model) == Convention::centered);
  CHECK(resolve(Convention::folded, model) == Convention::folded);
}

TEST_CASE("a vocabulary finds the smallest id of a text and never fails on an unknown one") {
  const Vocabulary words({"a", "b", "a", ""});
  CHECK(words.size() == 4);
  CHECK(words.find("a") == 0);
  CHECK(words.find("") == 3);
  CHECK_FALSE(words.find("c"));
  CHECK(words.text(1) == "b");
  CHECK(words.text(4) == "#4");
  CHECK(words.text(-1) == "#-1");
}

TEST_CASE("a word is its token, the one with a space before it, or an id") {
  const Vocabulary words({"cat", " cat", " dog", "#1", "a b", "  "});
  CHECK(tokens_of_word(words, "cat", 6) == std::vector<Id>{0, 1});
  CHECK(tokens_of_word(words, "\u2423cat", 6) == std::vector<Id>{1});
  CHECK(tokens_of_word(words, " cat", 6) == std::vector<Id>{1});
  CHECK(tokens_of_word(words, "dog", 6) == std::vector<Id>{2});
  CHECK(tokens_of_word(words, "a\u2423b", 6) == std::vector<Id>{4});
  CHECK(tokens_of_word(words, "\u2423\u2423", 6) == std::vector<Id>{5});
  CHECK(tokens_of_word(words, "#1", 6) == std::vector<Id>{3});
  CHECK(tokens_of_word(words, "#5", 6) == std::vector<Id>{5});
  CHECK(tokens_of_word({}, "#5", 6) == std::vector<Id>{5});
  for (const char* none : {"Cat", "cow", "#6", "#-1", "#", "#1x", "5", ""})
    CHECK(tokens_of_word(words, none, 6).empty());
}
