#include "yoneda/ingest/vocabulary.hpp"

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::find_vocabulary;
using ingest::load_vocabulary;
using Texts = std::vector<std::string>;

TEST_CASE("every form of a vocabulary is read") {
  CHECK(load_vocabulary(fixture("vocabulary/list.json")).texts() ==
        Texts{"<unk>", "\n", "é", "the"});
  CHECK(load_vocabulary(fixture("vocabulary/lines.txt")).texts() ==
        Texts{"<unk>", "", " é", "the"});
  CHECK(load_vocabulary(fixture("vocabulary/windows.txt")).texts() == Texts{"a", "b"});
  CHECK(load_vocabulary(fixture("vocabulary/tokenizer.json")).texts() ==
        Texts{"a", "b", "ab", "<eos>"});
  CHECK(load_vocabulary(fixture("vocabulary/unigram.json")).texts() == Texts{"<pad>", "▁a"});
}

TEST_CASE("a dictionary's gaps are shown as ids, and said") {
  const Vocabulary vocabulary = load_vocabulary(fixture("model/llama/vocab.json"));
  CHECK(vocabulary.texts() == Texts{"the", "Ġcat", "sat", "a", "→", "#5", "</s>"});
  REQUIRE(vocabulary.origin.notes.size() == 1);
  CHECK(vocabulary.origin.notes[0].starts_with("1 ids have no text"));
  CHECK(vocabulary.find("sat") == 2);
}

TEST_CASE("vocabularies that make no sense are refused") {
  const Folder folder;
  const std::string path = folder / "v.json";
  const auto refusal_of = [&path](const std::string& text) {
    io::write_text(path, text);
    return error_of(path, [&] { load_vocabulary(path); });
  };
  mentions(refusal_of(R"({"a": 0, "b": 0})"), "id 0 is given to 'a' and to 'b'");
  mentions(refusal_of(R"({"a": 0, "a": 1})"), "'a' given twice");
  mentions(refusal_of(R"({"a": -1})"), "'a' has no id");
  mentions(refusal_of(R"({"a": "0"})"), "'a' has no id");
  mentions(refusal_of(R"({"a": 2147483648})"), "'a' has no id");
  mentions(refusal_of(R"({"a": 2147483647})"), "ids up to 2147483647, but only 1 tokens");
  mentions(refusal_of(R"(["a", 1])"), "not a text");
  mentions(refusal_of(R"(["a")"), "not valid JSON");
  mentions(refusal_of(R"({"model": {}})"), "no 'vocab'");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}}, "added_tokens": [3]})"), "no 'id'");
  mentions(refusal_of(R"({"model": {"vocab": ["a"]}})"), "list of pairs");
  mentions(refusal_of("[]"), "holds no tokens");
  mentions(refusal_of("{}"), "holds no tokens");
  mentions(refusal_of(""), "holds no tokens");
  mentions(error_of(folder / "none", [&] { load_vocabulary(folder / "none"); }), "No such file");
}

TEST_CASE("a text file of brackets is text") {
  const Folder folder;
  io::write_text(folder / "vocab.txt", "[PAD]\n[UNK]\n");
  CHECK(load_vocabulary(folder / "vocab.txt").texts() == Texts{"[PAD]", "[UNK]"});
}

TEST_CASE("the vocabulary beside a model is found") {
  CHECK(find_vocabulary(fixture("model/llama")) == fixture("model/llama/vocab.json"));
  CHECK(find_vocabulary(fixture("model/llama/config.json")) == fixture("model/llama/vocab.json"));
  CHECK(find_vocabulary(fixture("model/gpt2")) == std::nullopt);
  CHECK(find_vocabulary("no/such/place") == std::nullopt);
}

TEST_CASE("a real vocabulary") {
  const std::string folder = YONEDA_SHARED_DATA "/stories260K";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: " << folder << " is not there");
    return;
  }
  const auto path = find_vocabulary(folder + "/sae_after_block4.safetensors");
  REQUIRE(path);
  const Vocabulary vocabulary = load_vocabulary(*path);
  CHECK(vocabulary.size() == 512);
  CHECK(vocabulary.text(0) == "<unk>");
  CHECK(vocabulary.text(3) == "<0x00>");
}
