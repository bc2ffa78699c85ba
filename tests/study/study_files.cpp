// arrows.safetensors, categories.json, check.json and study.json: written, read, damaged.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "random_matrix.hpp"
#include "temporary.hpp"
#include "yoneda/category/walk_balance.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/study.hpp"

using namespace yoneda;
using Json = nlohmann::json;

namespace {

LogitArrows some_arrows(Index n = 30, Index V = 200) {
  Unembedding model;
  model.W_U = random_matrix(V, 12, 1);
  ArrowOptions options;
  options.k = 9;
  return logit_arrows(random_matrix(n, 12, 2), model, options);
}

// Bytes no vocabulary should have: control characters, broken UTF-8, an empty text.
Vocabulary hostile_vocabulary(Index V) {
  std::vector<std::string> texts{"",         "\x1b[31m", "\xff\xfe", std::string("\0", 1),   "日本",
                                 "\xe6\x97", "\xa5",     "\xc0\xaf", std::string("a\0b", 3), " "};
  for (int byte = 0; byte < 256; ++byte) texts.back() += static_cast<char>(byte);
  while (static_cast<Index>(texts.size()) < V) texts.push_back("t" + std::to_string(texts.size()));
  texts.back().clear();
  return Vocabulary(std::move(texts));
}

}  // namespace

TEST_CASE("arrows and every token's bytes come back as they were") {
  const TemporaryFolder folder;
  const LogitArrows arrows = some_arrows();
  const Vocabulary vocabulary = hostile_vocabulary(200);
  study::Record record;
  record.command = "a b";
  study::write_arrows(folder / "a.safetensors", arrows, vocabulary, record);
  const auto read = study::read_arrows(folder / "a.safetensors");
  CHECK(read.arrows.n == arrows.n);
  CHECK(read.arrows.k == arrows.k);
  CHECK(read.arrows.V == arrows.V);
  CHECK(read.arrows.convention == arrows.convention);
  CHECK(read.arrows.positive_tokens == arrows.positive_tokens);
  CHECK(read.arrows.negative_logits == arrows.negative_logits);
  CHECK(read.arrows.kurtosis == arrows.kurtosis);
  CHECK(read.arrows.histogram == arrows.histogram);
  CHECK(read.arrows.histogram_high == arrows.histogram_high);
  CHECK(read.vocabulary.texts() == vocabulary.texts());
  CHECK(read.record.command == "a b");

  study::write_arrows(folder / "b.safetensors", arrows, {}, record);
  CHECK(study::read_arrows(folder / "b.safetensors").vocabulary.empty());
  CHECK(study::read_arrows(folder / "b.safetensors").arrows.V == 200);
}

TEST_CASE("a truncated arrows file is refused, wherever it ends") {
  const TemporaryFolder folder;
  study::write_arrows(folder / "a.safetensors", some_arrows(3, 30), hostile_vocabulary(30), {});
  const std::string whole = io::read_text(folder / "a.safetensors");
  for (std::size_t size = 0; size < whole.size(); size += 17) {
    io::write_text(folder / "cut.safetensors", whole.substr(0, size));
    REQUIRE_THROWS_AS(study::read_arrows(folder / "cut.safetensors"), Error);
  }
  CHECK_THROWS_AS(study::read_arrows(folder / "missing"), Error);
}

TEST_CASE("token bytes that do not add up are refused") {
  const TemporaryFolder folder;
  study::write_arrows(folder / "a.safetensors", some_arrows(3, 30), hostile_vocabulary(30), {});
  const std::string whole = io::read_text(folder / "a.safetensors");
  const auto refused = [&](const std::string& contents, const std::string& expected) {
    io::write_text(folder / "b.safetensors", contents);
    CHECK_THROWS_WITH(study::read_arrows(folder / "b.safetensors"),
                      ((folder / "b.safetensors") + ": " + expected).c_str());
  };
  std::string damaged = whole;  // the last tensor is token_offsets, its last number the end
  damaged[damaged.size() - 8]++;
  refused(damaged, "'token_offsets' leave 'token_bytes'");
  damaged = whole;
  damaged[damaged.size() - 1] = '\x80';  // negative
  refused(damaged, "'token_offsets' leave 'token_bytes'");
  damaged = whole;
  const auto dtype = damaged.find("\"U8\"");
  REQUIRE(dtype != damaged.npos);
  damaged.replace(dtype, 4, "\"I8\"");
  refused(damaged, "'token_bytes' are I8, expected U8");
}

TEST_CASE("categories.json and check.json say what was found, with words and ids") {
  const TemporaryFolder folder;
  study::ArrowsFile arrows;
  arrows.arrows = some_arrows();
  arrows.vocabulary = hostile_vocabulary(200);
  const SignedGraph graph = profile_graph(arrows.arrows, {4, 0.0});
  study::Categories made;
  made.method = "by hand";
  made.partition = {std::vector<Id>(30, 0), 3};
  for (Id f = 0; f < 30; ++f) made.partition.label[f] = f % 4 - 1;
  made.quotient = quotient(graph, made.partition);
  made.labels = category_labels(made.partition, token_profiles(arrows.arrows));
  study::write_categories(folder / "c.json", made, arrows.vocabulary, {});
  const Json categories = Json::parse(io::read_text(folder / "c.json"));
  CHECK(categories.at("format") == "yoneda-categories/1");
  CHECK(categories.at("labels").get<std::vector<Id>>() == made.partition.label);
  CHECK(categories.at("categories").size() == 3);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t i = 0; i < made.labels[c].raised.size(); ++i) {  // ids where texts are broken
      const Json& word = categories["categories"][c]["raised"][i];
      CHECK(word["token"] == made.labels[c].raised[i].token);
      CHECK(word["text"].is_string());
    }
  CHECK(study::read_partition(folder / "c.json").label == made.partition.label);
  CHECK_THROWS_AS(study::read_partition(folder / "none.json"), Error);
  io::write_text(folder / "bad.json", R"({"format": "yoneda-categories/1", "labels": [5],
                                          "categories": []})");
  CHECK_THROWS_WITH(study::read_partition(folder / "bad.json"),
                    ((folder / "bad.json") + ": label 5 names no category").c_str());
  // nlohmann would make a label of each: 0, 0, 1, and of the last whatever the processor does.
  for (const char* label : {"4294967296", "0.5", "true", "1e300"}) {
    io::write_text(folder / "bad.json",
                   fmt::format(R"({{"format": "yoneda-categories/1", "labels": [{}],
                                    "categories": [{{}}, {{}}]}})",
                               label));
    CAPTURE(label);
    try {
      study::read_partition(folder / "bad.json");
      FAIL("read");
    } catch (const Error& error) {
      const std::string message = error.what();
      CHECK(message.starts_with((folder / "bad.json") + ": found "));
      CHECK(message.ends_with(", expected a whole number of 32 bits"));
    }
  }
  io::write_text(folder / "half.json", "{\"format\": ");
  CHECK_THROWS_AS(study::read_partition(folder / "half.json"), Error);

  const study::Check check = study::check_graph(graph, 5);
  CHECK(check.failures.size() <= 5);
  for (const Triangle& t : check.failures) {
    CHECK_FALSE(balanced(t));
    CHECK(graph.weight(t.a, t.b) == t.ab);
    CHECK(graph.weight(t.b, t.c) == t.bc);
  }
  const auto bounds = check.frustration.total;
  CHECK(frustration_of(graph, bounds.side) == bounds.upper);
  CHECK(bounds.lower <= bounds.upper);
  CHECK(bounds.lower >= frustration(graph).lower);
  CHECK(check.walks.value == walk_balance(graph).value);
  study::write_check(folder / "k.json", check, {graph}, &arrows, {});
  const Json written = Json::parse(io::read_text(folder / "k.json"));
  CHECK(written["balance"]["balanced"] == check.balance.balanced());
  CHECK(written["triangles"]["count"] == check.triangles.count());
  CHECK(written["graph"]["edges"] == graph.edge_count());
  if (!check.most_frustrated.empty())
    CHECK(written["frustration"]["features"][0]["raised"][0]["token"] ==
          arrows.arrows.positive(check.most_frustrated[0])[0]);
}

TEST_CASE("a study is a folder with study.json") {
  const TemporaryFolder folder;
  study::Study made{folder / "new/study", {}};
  made.record.command = "yoneda run";
  made.record.sources["sae"] = {"/x", "00", {}, "safetensors", {}};
  study::write_study(made);
  const auto found = study::study_at(folder / "new/study");
  REQUIRE(found);
  CHECK(found->record.command == "yoneda run");
  CHECK(found->record.sources.at("sae").path == "/x");
  CHECK_FALSE(study::study_at(folder.path()));
  CHECK_FALSE(study::study_at(folder / "none"));
  io::write_text(folder / "file", "");
  CHECK_THROWS_AS(study::write_study({folder / "file/study", {}}), Error);
}

TEST_CASE("JSON that no study has is refused before it is copied") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& sources, const std::string& expected) {
    io::write_text(folder / "study.json",
                   R"({"format": "yoneda-study/1", "sources": )" + sources + "}");
    try {
      study::read_study(folder.path());
      FAIL("read");
    } catch (const Error& error) {
      const std::string message = error.what();
      CAPTURE(message);
      CHECK(message.starts_with((folder / "study.json") + ": "));
      CHECK(message.find(expected) != message.npos);
    }
  };
  // To copy a value of this depth would take more stack than there is.
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  refused(deep, "deeper than 64");
  refused("{}, \"sources\": {}", "'sources' given twice");
  refused("{", "not valid JSON");

  const std::string header =
      R"({"__metadata__": {"format": "yoneda-graph/1", "sources": ")" + deep + R"("}})";
  const std::uint64_t length = header.size();
  io::write_text(folder / "deep.safetensors",
                 std::string(reinterpret_cast<const char*>(&length), sizeof length) + header);
  CHECK_THROWS_WITH(study::read_graph(folder / "deep.safetensors"),
                    doctest::Contains("deeper than 64"));
}

TEST_CASE("arrows to more tokens than any vocabulary has are refused") {
  const TemporaryFolder folder;
  LogitArrows arrows = some_arrows(3, 30);
  arrows.V = Index{1} << 30;
  study::write_arrows(folder / "a.safetensors", arrows, {}, {});
  CHECK_THROWS_WITH(study::read_arrows(folder / "a.safetensors"),
                    doctest::Contains("'vocabulary_size' is no size of a vocabulary"));
  arrows.V = 30;
  arrows.positive_tokens[0] = 2147483647;
  study::write_arrows(folder / "a.safetensors", arrows, {}, {});
  CHECK_THROWS_WITH(study::read_arrows(folder / "a.safetensors"),
                    doctest::Contains("holds token 2147483647"));
}
