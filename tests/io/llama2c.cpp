#include "yoneda/io/llama2c.hpp"

#include <cstring>
#include <limits>

#include "io/llama2c.hpp"
#include "io/support.hpp"
#include "yoneda/io/read_tensors.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

std::string file_of(const std::string& name) {
  return io::read_text(fixture("llama2c/" + name + ".bin"));
}

io::TensorFile parsed(const std::string& bytes) {
  return io::parse_tensors(shared(bytes), "x.bin");
}

Error refusal_of(const std::string& bytes) {
  const Error error = error_of("x.bin", [&] { parsed(bytes); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

// The file with another number in place of its header's i-th int32.
std::string with(std::string bytes, std::size_t i, std::int32_t number) {
  return bytes.replace(4 * i, 4, std::string(reinterpret_cast<const char*>(&number), 4));
}

struct Expected {
  std::string name;
  std::vector<Index> shape;
  Index start;  // of pattern(), in make_model_fixtures.py
};

Index count(const std::vector<Index>& shape) {
  Index product = 1;
  for (const Index length : shape) product *= length;
  return product;
}

}  // namespace

TEST_CASE("llama2.c's checkpoints of both versions hold the same tensors") {
  std::vector<Expected> expected{{"tok_embeddings.weight", {7, 8}, 0}, {"norm.weight", {8}, 30}};
  const std::vector<Expected> layered{
      {"attention_norm.weight", {8}, 3},       {"attention.wq.weight", {8, 8}, 6},
      {"attention.wk.weight", {4, 8}, 9},      {"attention.wv.weight", {4, 8}, 12},
      {"attention.wo.weight", {8, 8}, 15},     {"ffn_norm.weight", {8}, 18},
      {"feed_forward.w1.weight", {12, 8}, 21}, {"feed_forward.w2.weight", {8, 12}, 24},
      {"feed_forward.w3.weight", {12, 8}, 27}};
  for (const Index layer : {0, 1})
    for (const Expected& e : layered)
      expected.push_back({"layers." + std::to_string(layer) + "." + e.name, e.shape,
                          e.start + layer * count(e.shape)});
  for (const std::string version : {"version0", "version1"})
    for (const bool tied : {true, false}) {
      const std::string path =
          fixture("llama2c/" + version + (tied ? "_tied" : "_untied") + ".bin");
      CAPTURE(path);
      const io::TensorFile file = io::read_tensors(path);
      CHECK(file.format == "llama2.c");
      auto all = expected;
      if (version == "version0") {
        all.push_back({"freqs_cos", {6, 1}, 33});
        all.push_back({"freqs_sin", {6, 1}, 36});
      }
      if (!tied) all.push_back({"output.weight", {7, 8}, 39});
      CHECK(file.tensors.size() == all.size());
      for (const Expected& e : all) {
        CAPTURE(e.name);
        const io::Tensor& tensor = file.at(e.name);
        CHECK(tensor.shape == e.shape);
        CHECK(io::to_floats(tensor) == pattern_values(count(e.shape), e.start));
      }
    }
}

TEST_CASE("a llama2.c checkpoint of any other length is refused") {
  for (const char* name : {"version0_tied", "version0_untied", "version1_untied"}) {
    const std::string whole = file_of(name);
    for (std::size_t size = 0; size < whole.size(); ++size) refusal_of(whole.substr(0, size));
    mentions(refusal_of(whole + "x"), std::to_string(whole.size()));
  }
  const std::string whole = file_of("version0_tied");
  mentions(refusal_of(whole.substr(0, whole.size() - 4)), "truncated, or something else");
}

TEST_CASE("sizes of llama2.c that lie are refused before anything is made of them") {
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  for (const bool numbered : {false, true}) {
    const std::string whole = file_of(numbered ? "version1_tied" : "version0_tied");
    for (std::size_t i = numbered ? 2 : 0; i < (numbered ? 9u : 7u); ++i)
      for (const std::int32_t number : {0, -1, 1, 3, 1000, 9'999, 10'001, most, least}) {
        const bool context_of_version_1 = i == 8;  // which no tensor depends on
        if (context_of_version_1 && number > 0) continue;
        CAPTURE(i);
        CAPTURE(number);
        refusal_of(with(whole, i, number));
      }
  }
  // Every product of these overflows 64 bits.
  std::string huge = file_of("version1_tied");
  for (const std::size_t i : {2, 3, 7, 8}) huge = with(huge, i, most - 7);
  huge = with(with(huge, 5, 1), 6, 1);
  mentions(refusal_of(huge), "more than any file has");
}

TEST_CASE("other versions of llama2.c are refused by name") {
  mentions(refusal_of(file_of("version2")), "quantized llama2.c checkpoint (version 2)");
  mentions(refusal_of(file_of("version2")), "export.py --version 1");
  for (const std::int32_t version : {-1, 0, 3, 1000})
    mentions(refusal_of(with(file_of("version1_tied"), 1, version)),
             "of version " + std::to_string(version));
  std::string flag = file_of("version1_tied");
  flag[36] = 2;
  mentions(refusal_of(flag), "damaged llama2.c header");
}

TEST_CASE("a llama2.c checkpoint is told from what begins alike") {
  // 640 dimensions: the first bytes are those of a pickle of protocol 2.
  const std::vector<std::int32_t> sizes{640, 1, 1, 1, 1, 1, 1};
  const Index numbers = 640 + 640 + 4 * 640 * 640 + 640 + 3 * 640 + 640 + 320 + 320;
  std::string bytes(static_cast<std::size_t>(28 + 4 * numbers), '\0');
  std::memcpy(bytes.data(), sizes.data(), 28);
  CHECK(bytes.starts_with("\x80\x02"));
  CHECK(parsed(bytes).at("tok_embeddings.weight").shape == std::vector<Index>{1, 640});
  CHECK_FALSE(io::is_llama2c(shared(io::read_text(fixture("safetensors/small.safetensors"))).span));
  CHECK_FALSE(io::may_be_llama2c(shared("a text of more than twenty-eight letters").span));
}
