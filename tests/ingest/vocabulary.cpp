#include "yoneda/ingest/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "core/encoded.hpp"
#include "ingest/fixture_texts.hpp"
#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::find_vocabulary;
using ingest::load_vocabulary;
using Texts = std::vector<std::string>;

namespace {

Vocabulary read(const std::string& name) {
  return load_vocabulary(fixture("vocabulary/" + name + ".json"));
}

// A vocabulary from a text, through a file.
Vocabulary parsed(const std::string& text) {
  const Folder folder;
  io::write_text(folder / "v.json", text);
  return load_vocabulary(folder / "v.json");
}

bool notes_mention(const Vocabulary& vocabulary, const std::string& text) {
  return std::ranges::any_of(vocabulary.origin.notes,
                             [&](const std::string& note) { return note.find(text) != note.npos; });
}

}  // namespace

TEST_CASE("plain texts stay as they are") {
  CHECK(read("list").texts() == Texts{"<unk>", "\n", "é", "the"});
  CHECK(read("list").origin.dialect == "JSON list");
  CHECK(read("list").origin.notes.empty());
  CHECK(load_vocabulary(fixture("vocabulary/lines.txt")).texts() ==
        Texts{"<unk>", "", " é", "the"});
  CHECK(load_vocabulary(fixture("vocabulary/lines.txt")).origin.dialect == "text file");
  CHECK(load_vocabulary(fixture("vocabulary/windows.txt")).texts() == Texts{"a", "b"});
  CHECK(load_vocabulary(fixture("vocabulary/marked.txt")).texts() == Texts{"a", "b"});
}

TEST_CASE("a byte-level tokenizer gives every token's bytes, half characters too") {
  const Vocabulary vocabulary = read("byte_level");
  CHECK(vocabulary.texts() == meant("byte_level"));
  CHECK(vocabulary.origin.dialect == "tokenizer.json, byte-level BPE");
  REQUIRE(vocabulary.origin.notes.size() == 1);
  CHECK(notes_mention(vocabulary, "1 tokens hold a character that stands for no byte"));
  for (int byte = 0; byte < 256; ++byte)
    CHECK(vocabulary.text(byte) == std::string(1, static_cast<char>(byte)));
}

TEST_CASE("256 characters stand for a byte, each for its own, and no other does") {
  std::string characters;
  for (char32_t code = 0x20; code < 0xd000; ++code)
    if (code != '"' && code != '\\')
      characters +=
          (characters.empty() ? "\"" : ",\"") + encoded(code) + "\":" + std::to_string(code - 0x20);
  const Vocabulary vocabulary =
      parsed(R"({"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"\"": 2, "\\": 60, )" +
             characters + "}}}");
  std::vector<int> times(256, 0);
  for (char32_t code = 0x20; code < 0xd000; ++code) {
    const std::string text = vocabulary.text(static_cast<Id>(code - 0x20));
    const bool byte = text != encoded(code) || (code > 0x20 && code < 0x7f);
    if (!byte) continue;
    REQUIRE(text.size() == 1);
    ++times[static_cast<unsigned char>(text[0])];
  }
  CHECK(times == std::vector<int>(256, 1));
  CHECK(notes_mention(vocabulary, std::to_string(0xd000 - 0x20 - 256) + " tokens hold"));
}

TEST_CASE("byte-level is known wherever a tokenizer says it") {
  const auto text = [](const std::string& parts) {
    return parsed(R"({"model": {"vocab": {"Ġa": 0, "Ĺ": 1}}, )" + parts + "}").texts();
  };
  const Texts decoded{" a", "\x97"};
  CHECK(text(R"("decoder": {"type": "Sequence", "decoders": [{"type": "Fuse"},
                            {"type": "Sequence", "decoders": [{"type": "ByteLevel"}]}]})") ==
        decoded);
  CHECK(text(R"("decoder": null, "pre_tokenizer": {"type": "ByteLevel"})") == decoded);
  CHECK(text(R"("pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits"},
                                  {"type": "ByteLevel"}]})") == decoded);
  CHECK(text(R"("normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"},
                               {"type": "ByteLevel"}]})") == decoded);
  // A decoder that says otherwise has the last word.
  CHECK(text(R"("decoder": {"type": "Fuse"}, "pre_tokenizer": {"type": "ByteLevel"})") ==
        Texts{"Ġa", "Ĺ"});
}

TEST_CASE("SentencePiece's spaces and byte tokens") {
  const Vocabulary tokenizer = read("sentencepiece");
  CHECK(tokenizer.texts() == meant("sentencepiece"));
  CHECK(tokenizer.origin.dialect == "tokenizer.json, ▁ for spaces, byte tokens");
  CHECK(tokenizer.origin.notes.empty());
  const Vocabulary unigram = read("unigram");
  CHECK(unigram.texts() == meant("unigram"));
  CHECK(unigram.origin.dialect == "tokenizer.json, _ for spaces");
  const std::string model =
      R"({"model": {"type": "Unigram", "vocab": [["▁a", -1.5], ["<0x41>", 0]])";
  CHECK(parsed(model + R"(}, "decoder": {"type": "Metaspace"}})").texts() == Texts{" a", "<0x41>"});
  CHECK(parsed(model + R"(, "byte_fallback": true}, "decoder": {"type": "Metaspace"}})").texts() ==
        Texts{" a", "A"});
  CHECK(parsed(model + R"(}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                          {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁"}]}})")
            .texts() == Texts{" a", "<0x41>"});
  CHECK(parsed(model + R"(}, "normalizer": {"type": "Sequence", "normalizers": [
                          {"type": "Prepend", "prepend": "▁"},
                          {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}})")
            .texts() == Texts{" a", "<0x41>"});
}

TEST_CASE("words, parts of words and ends of words") {
  const Vocabulary wordpiece = read("wordpiece");
  CHECK(wordpiece.texts() == meant("wordpiece"));
  CHECK(wordpiece.origin.dialect == "tokenizer.json");
  CHECK(wordpiece.origin.notes.empty());
  const Vocabulary clip = read("word_ends");
  CHECK(clip.texts() == meant("word_ends"));
  CHECK(clip.origin.dialect == "tokenizer.json, byte-level BPE, </w> for spaces");
  CHECK(parsed(R"({"decoder": {"type": "BPEDecoder", "suffix": "</w>"},
                   "model": {"vocab": {"cat</w>": 0, "cat": 1}}})")
            .texts() == Texts{"cat ", "cat"});
  const Vocabulary words = parsed(R"({"decoder": null, "model": {"type": "WordLevel",
                                      "vocab": {"a": 0, "Ġ": 1, "#": 2}}})");
  CHECK(words.texts() == Texts{"a", "Ġ", "#"});
  CHECK(words.origin.notes.empty());
  CHECK(parsed(R"({"model": {"type": "BPE", "vocab": {"a": 0, "Ġ": 1, "#": 2}}})").text(1) == " ");
}

TEST_CASE("a decoder that is not known leaves everything as it is stored, and says so") {
  const auto check = [](const std::string& decoder, const std::string& name) {
    const Vocabulary vocabulary = parsed(R"({"model": {"byte_fallback": true, "vocab": {"▁a": 0,
                                             "<0x41>": 1}}, "decoder": )" +
                                         decoder + "}");
    CHECK(vocabulary.texts() == Texts{"▁a", "<0x41>"});
    CHECK(vocabulary.origin.dialect == "tokenizer.json");
    CHECK(notes_mention(vocabulary, "as they are stored: their decoder, " + name));
  };
  check(R"({"type": "CTC", "pad_token": "<pad>"})", "'CTC'");
  check(R"({"type": "Sequence", "decoders": [{"type": "Metaspace"}, {"type": "X"}]})", "'X'");
  check(R"({"type": "Replace", "pattern": {"Regex": "▁+"}, "content": " "})",
        "'Replace' of a regular expression");
  check("{}", "one without a type");
}

TEST_CASE("what no file says is read as it looks") {
  const Vocabulary bytes = load_vocabulary(fixture("vocabulary/beside/vocab.json"));
  Texts expected = meant("byte_level");
  expected.resize(265);
  expected.insert(expected.end(), {"<|im_start|>", "Ġ▁"});
  CHECK(bytes.texts() == expected);
  CHECK(bytes.origin.dialect == "vocab.json, byte-level BPE");
  CHECK(notes_mention(bytes, "read as they look (byte-level BPE)"));
  CHECK(notes_mention(bytes, "2 tokens are from added_tokens.json"));

  const Vocabulary pieces = read("sentencepiece_vocab");
  CHECK(pieces.texts() == meant("sentencepiece_vocab"));
  CHECK(pieces.origin.dialect == "vocab.json, ▁ for spaces, byte tokens");
  const Vocabulary spaced = read("bytes_and_spaces");
  CHECK(spaced.texts() == meant("bytes_and_spaces"));
  CHECK(spaced.origin.dialect == "JSON list, byte tokens");

  const Folder folder;
  io::write_text(folder / "v.txt", "Ġa\nb\n");
  CHECK(load_vocabulary(folder / "v.txt").texts() == Texts{" a", "b"});
  // Neither an alphabet of bytes nor bytes alone: "Ġ" is a letter of Maltese.
  CHECK(parsed(R"(["Ġimgħa", "żebra"])").texts() == Texts{"Ġimgħa", "żebra"});
  CHECK(parsed(R"(["Ġa", " b"])").texts() == Texts{"Ġa", " b"});
  CHECK(parsed(R"(["▁a", " b"])").texts() == Texts{"▁a", " b"});
  CHECK(parsed(R"(["<0x41>", "b"])").texts() == Texts{"<0x41>", "b"});
  CHECK(parsed(R"({"model": {"vocab": {"▁a": 0}}})").texts() == Texts{" a"});
}

TEST_CASE("added tokens stand for themselves") {
  const auto with = [](const std::string& added) {
    return R"({"model": {"vocab": {"a": 0, "Ġb": 1}}, "decoder": {"type": "ByteLevel"},
               "added_tokens": [)" +
           added + "]}";
  };
  CHECK(parsed(with(R"({"id": 2, "content": "Ġ"})")).texts() == Texts{"a", " b", "Ġ"});
  CHECK(parsed(with(R"({"id": 1, "content": "Ġb", "special": true})")).texts() == Texts{"a", "Ġb"});
  CHECK(parsed(with(R"({"id": 1, "content": "Ġb", "special": false})")).texts() ==
        Texts{"a", " b"});
  CHECK(parsed(with(R"({"id": 2, "content": "a"})")).texts() == Texts{"a", " b", "a"});
  CHECK(parsed(with(R"({"id": 2, "content": "x"}, {"id": 2, "content": "x"})")).size() == 3);
  const Folder folder;
  const std::string path = folder / "v.json";
  const auto refusal = [&](const std::string& added) {
    io::write_text(path, with(added));
    return error_of(path, [&] { load_vocabulary(path); });
  };
  mentions(refusal(R"({"id": 1, "content": "c"})"),
           "id 1 is given to 'Ġb' and to the added token 'c'");
  CHECK(refusal(R"({"id": 1, "content": "c"})").kind == ErrorKind::value);
  mentions(refusal(R"({"id": 2, "content": "x"}, {"id": 2, "content": "y"})"),
           "id 2 is given to 'x'");
  mentions(refusal(R"({"id": -1, "content": "c"})"), "'c' has no id");
  mentions(refusal(R"({"content": "c"})"), "no 'id'");
  mentions(refusal(R"({"id": 3})"), "no 'content'");
  mentions(refusal(R"({"id": 9, "content": "c"})"), "ids up to 9, but only 3 tokens");
  const std::string again = R"({"id": 0, "content": "a"}, )";
  mentions(refusal(again + again + R"({"id": 8, "content": "c"})"),
           "ids up to 8, but only 3 tokens");

  io::write_text(folder / "vocab.json", R"({"a": 0})");
  io::write_text(folder / "added_tokens.json", R"({"b": 0})");
  CHECK(ingest::added_tokens_beside(folder / "vocab.json") == folder / "added_tokens.json");
  CHECK_FALSE(ingest::added_tokens_beside(path));
  mentions(error_of(folder / "vocab.json", [&] { load_vocabulary(folder / "vocab.json"); }),
           "id 0 is given to 'a' and to the added token 'b'");
  for (const char* damaged : {"[]", R"({"b": "1"})", "{"}) {
    io::write_text(folder / "added_tokens.json", damaged);
    error_of(folder / "added_tokens.json", [&] { load_vocabulary(folder / "vocab.json"); });
  }
}

TEST_CASE("a dictionary's gaps are shown as ids, and said") {
  const Vocabulary vocabulary = load_vocabulary(fixture("model/llama/vocab.json"));
  CHECK(vocabulary.texts() == Texts{"the", " cat", "sat", "a", "→", "#5", "</s>"});
  CHECK(notes_mention(vocabulary, "1 ids have no text"));
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
  mentions(refusal_of(R"({"model": {"vocab": [{}]}})"), "list of pairs");
  mentions(refusal_of(R"({"model": {"vocab": [[]]}})"), "list of pairs");
  mentions(refusal_of(R"({"model": {"vocab": [[3, 0]]}})"), "not a text");
  mentions(refusal_of(R"({"model": {"vocab": [[["a"], 0]]}})"), "not a text");
  mentions(refusal_of(R"({"model": {"vocab": 3}})"), "no 'vocab'");
  mentions(refusal_of(R"({"model": {"vocab": {"a": {}}}})"), "'a' has no id");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0.5}}})"), "'a' has no id");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0, "a": 1}}})"), "'a' given twice");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}, "vocab": {"b": 1}}})"),
           "'vocab' given twice");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}, "merges": [], "merges": []}})"),
           "given twice");
  mentions(refusal_of(R"({"decoder": null, "decoder": null, "model": {"vocab": {"a": 0}}})"),
           "'decoder' given twice");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}}, "decoder": 3})"), "not an object");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}}, "decoder": {"type": "Sequence"}})"),
           "no list 'decoders'");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}}, "decoder": {"type": 3}})"), "'type'");
  mentions(refusal_of(R"({"model": {"vocab": {"a": 0}}, "added_tokens": {}})"), "not a list");
  mentions(refusal_of(R"({"class_name": "Tokenizer", "config": {}})"), "has no id");
  mentions(refusal_of("[" + std::string(100, '[') + std::string(101, ']')), "not a text");
  mentions(refusal_of(R"({"a": )" + std::string(100, '[') + std::string(100, ']') + "}"),
           "deeper than 64");
  mentions(refusal_of(R"(["a"] x)"), "not valid JSON");
  mentions(refusal_of("[\"\xff\"]"), "not valid JSON");
  mentions(refusal_of("[]"), "holds no tokens");
  mentions(refusal_of("{}"), "holds no tokens");
  mentions(refusal_of(""), "holds no tokens");
  mentions(error_of(folder / "none", [&] { load_vocabulary(folder / "none"); }), "No such file");
}

TEST_CASE("replacements that fill the memory are refused") {
  const auto tokenizer = [](int replacements, const std::string& content) {
    std::string decoders;
    for (int i = 0; i < replacements; ++i)  // "a" becomes "bb", "bb" becomes "cccc" ...
      decoders += fmt::format(
          R"({}{{"type": "Replace", "pattern": {{"String": "{}"}}, "content": "{}"}})",
          i == 0 ? "" : ", ", static_cast<char>('a' + i % 26) + std::string(i / 26, '+'),
          content.empty() ? std::string(2, static_cast<char>('b' + i)) : content);
    return R"({"model": {"vocab": {"a": 0}}, "decoder": {"type": "Sequence", "decoders": [)" +
           decoders + "]}}";
  };
  const Folder folder;
  const std::string path = folder / "tokenizer.json";
  const auto refusal_of = [&path](const std::string& text) {
    io::write_text(path, text);
    return error_of(path, [&] { load_vocabulary(path); });
  };
  mentions(refusal_of(tokenizer(24, "")), "makes a token longer than 80 bytes");
  mentions(refusal_of(tokenizer(1, std::string(1000, 'x'))), "makes a token longer than 80 bytes");
  mentions(refusal_of(tokenizer(65, "z")), "replaces more than 64 texts");
  io::write_text(path, tokenizer(3, ""));
  CHECK(load_vocabulary(path).texts() == Texts{"dddddddd"});
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
  const Folder folder;  // best first: tokenizer.json alone says how its tokens are written
  for (const char* name : {"vocab.txt", "tokens.json", "vocab.json", "tokenizer.json"}) {
    io::write_text(folder / name, "");
    CHECK(find_vocabulary(folder.string()) == folder / name);
  }
}

TEST_CASE("a tokenizer cut off anywhere is refused") {
  const std::string whole = io::read_text(fixture("vocabulary/byte_level.json"));
  const Folder folder;
  const std::string path = folder / "tokenizer.json";
  for (std::size_t size = 0; size + 2 < whole.size(); size += 7) {
    io::write_text(path, whole.substr(0, size));
    error_of(path, [&] { load_vocabulary(path); });
  }
}

TEST_CASE("merges are passed over, whatever they hold") {
  CHECK(parsed(R"({"model": {"merges": [["a", "b"], "a b", [[{"a": [1]}]], null],
                   "vocab": {"a": 0}}, "version": 1})")
            .texts() == Texts{"a"});
}

TEST_CASE("llama2.c's tokenizer: spaces are spaces, bytes are bytes") {
  const Vocabulary vocabulary = load_vocabulary(fixture("llama2c/tokenizer.bin"));
  CHECK(vocabulary.texts() == Texts{"<unk>", "\n<s>\n", "\n", " the", "é", "", " "});
  CHECK(vocabulary.origin.dialect == "llama2.c tokenizer, byte tokens");
  CHECK(vocabulary.origin.notes.empty());
  CHECK(ingest::is_vocabulary(fixture("llama2c/tokenizer.bin")));
  CHECK_FALSE(ingest::is_vocabulary(fixture("llama2c/version0_tied.bin")));
  CHECK_FALSE(ingest::is_vocabulary(fixture("llama2c/version0_untied.bin")));
  CHECK_FALSE(ingest::is_vocabulary(fixture("llama2c")));
}

TEST_CASE("llama2.c's tokenizer, cut or with lengths that lie") {
  const Folder folder;
  const std::string path = folder / "tokenizer.bin";
  const std::string whole = io::read_text(fixture("llama2c/tokenizer.bin"));
  std::set<std::size_t> ends;  // where the file may end: behind a token
  for (std::size_t at = 4; at <= whole.size();) {
    ends.insert(at);
    if (at == whole.size()) break;
    at += 8 + static_cast<std::size_t>(whole[at + 4]);
  }
  CHECK(ends.size() == 8);
  for (std::size_t size = 12; size < whole.size(); ++size) {
    io::write_text(path, whole.substr(0, size));
    CAPTURE(size);
    if (ends.contains(size))
      CHECK(load_vocabulary(path).size() > 0);
    else
      mentions(error_of(path, [&] { load_vocabulary(path); }), "truncated");
  }
  std::string damaged = whole;
  while (damaged.size() < 5000) damaged += whole.substr(4);
  damaged.resize(damaged.size() + 4, '\0');
  damaged.append("\x64\0\0\0", 4);  // a token of 100 bytes, far from the start
  io::write_text(path, damaged);
  mentions(error_of(path, [&] { load_vocabulary(path); }), "has 100 bytes, the longest has 6");
}

TEST_CASE("llama2.c's tokenizers are found beside the model") {
  const Folder folder;
  const std::string whole = io::read_text(fixture("llama2c/tokenizer.bin"));
  const std::string model = folder / "stories.bin";
  io::write_text(model, "a model");
  CHECK_FALSE(find_vocabulary(model));
  io::write_text(folder / "tok512.bin", whole);
  io::write_text(folder / "token1.bin", whole);
  io::write_text(folder / "tok1.bin", "something else");
  CHECK(find_vocabulary(model) == folder / "tok512.bin");
  io::write_text(folder / "tok4096.bin", whole);
  CHECK_FALSE(find_vocabulary(model));  // which?
  io::write_text(folder / "tokenizer.bin", whole);
  CHECK(find_vocabulary(model) == folder / "tokenizer.bin");
}

TEST_CASE("the tokens in a GGUF file: each of its type, written as the tokenizer says") {
  const Vocabulary pieces = load_vocabulary(fixture("gguf/llama.gguf"));
  CHECK(pieces.texts() == Texts{"<unk>", "<s>", "\n", " the", " ", "▁▁tool", "e\u0301"});
  CHECK(pieces.origin.dialect == "GGUF (llama), ▁ for spaces, byte tokens");
  CHECK(pieces.origin.notes.empty());
  const Vocabulary bytes = load_vocabulary(fixture("gguf/gpt2.gguf"));
  CHECK(bytes.texts() == Texts{"!", " cat", "\n", "<|endoftext|>", "é", "\xc3", " "});
  CHECK(bytes.origin.dialect == "GGUF (gpt2), byte-level BPE");
  const Vocabulary other = load_vocabulary(fixture("gguf/vocabulary.gguf"));
  CHECK(other.texts() == Texts{"a", "b'\\x00'"});
  CHECK(notes_mention(other, "their decoder, 'rwkv', is not known here"));
}

TEST_CASE("a GGUF file is its own vocabulary, where it has one") {
  CHECK(find_vocabulary(fixture("gguf/llama.gguf")) == fixture("gguf/llama.gguf"));
  CHECK_FALSE(find_vocabulary(fixture("gguf/gemma2.gguf")));
  CHECK_FALSE(find_vocabulary(fixture("gguf")));  // which?
  CHECK(ingest::is_vocabulary(fixture("gguf/vocabulary.gguf")));
  CHECK_FALSE(ingest::is_vocabulary(fixture("gguf/llama.gguf")));
  const std::string none = fixture("gguf/gemma2.gguf");
  mentions(error_of(none, [&] { load_vocabulary(none); }), "has no tokens");
  const Folder folder;
  std::filesystem::copy_file(fixture("gguf/llama.gguf"), folder / "model.gguf");
  CHECK(find_vocabulary(folder.string()) == folder / "model.gguf");
  std::string whole = io::read_text(fixture("gguf/llama.gguf"));
  const auto types = whole.find("tokenizer.ggml.token_type");
  whole[types + 33] = 6;  // types of six of the seven tokens
  whole.erase(types + 41, 4);
  io::write_text(folder / "model.gguf", whole);
  mentions(error_of(folder / "model.gguf", [&] { load_vocabulary(folder / "model.gguf"); }),
           "7 tokens, but types of 6");
}

TEST_CASE("a real vocabulary of llama2.c, against the list made of it in Python") {
  const std::string folder = YONEDA_SHARED_DATA "/stories260K";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: " << folder << " is not there");
    return;
  }
  CHECK(ingest::is_vocabulary(folder + "/tok512.bin"));
  CHECK_FALSE(ingest::is_vocabulary(folder + "/stories260K.bin"));
  CHECK(load_vocabulary(folder + "/tok512.bin").texts() ==
        load_vocabulary(folder + "/vocab.json").texts());
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
  CHECK(vocabulary.text(1) == "\n<s>\n");
  for (int byte = 0; byte < 256; ++byte)
    CHECK(vocabulary.text(3 + byte) == std::string(1, static_cast<char>(byte)));
  CHECK(vocabulary.find(" the"));
}
