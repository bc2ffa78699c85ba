#include "yoneda/io/gguf.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "io/ggml_type.hpp"
#include "io/gguf_file.hpp"
#include "io/gguf_header.hpp"
#include "io/support.hpp"
#include "yoneda/io/mapped_file.hpp"
#include "yoneda/io/read_tensors.hpp"
#include "yoneda/io/safetensors.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

io::TensorFile parsed(const std::string& bytes) {
  return io::parse_tensors(shared(bytes), "x.gguf");
}

Error refusal_of(const std::string& bytes) {
  const Error error = error_of("x.gguf", [&] { parsed(bytes); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

Error refusal_of(const GgufFile& file) {
  return refusal_of(file.bytes());
}

std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> all;
  for (const float value : values) all.push_back(std::bit_cast<std::uint32_t>(value));
  return all;
}

constexpr std::uint64_t huge = std::uint64_t{1} << 63;

}  // namespace

TEST_CASE("ggml's quantized tensors, to the last bit of what was packed into them") {
  const io::TensorFile file = io::read_tensors(fixture("gguf/types.gguf"));
  const io::TensorFile packed = io::read_safetensors(fixture("gguf/types.safetensors"));
  CHECK(file.format == "GGUF");
  CHECK(packed.tensors.size() == 11);
  for (const io::Tensor& expected : packed.tensors) {
    CAPTURE(expected.name);
    const io::Tensor& tensor = file.at(expected.name);
    CHECK(tensor.shape == expected.shape);
    CHECK(tensor.dtype == io::ElementType::f32);
    CHECK(tensor.encoding == expected.name);
    CHECK(io::describe(tensor).find("(" + expected.name + ", 3 x ") != std::string::npos);
    const auto values = io::to_floats(expected);
    CHECK(bits(io::to_floats(tensor)) == bits(values));
    CHECK(bits(to_vector(io::to_matrix(tensor))) == bits(values));
    CHECK(bits(to_vector(io::to_matrix_transposed(tensor))) ==
          bits(to_vector(io::to_matrix_transposed(expected))));
    CHECK(bits(io::to_floats(io::select(tensor, 0, 1))) ==
          bits(io::to_floats(io::select(expected, 0, 1))));
  }
}

TEST_CASE("encoded tensors are handed out in pieces of any size") {
  const io::TensorFile file = io::read_tensors(fixture("gguf/types.gguf"));
  for (const char* name : {"Q4_0", "Q6_K"}) {
    const io::Tensor& tensor = file.at(name);
    const auto whole = tensor.bytes();
    for (const Index piece : {Index{4}, Index{12}, Index{4 * 32}, Index{4 * 100}, Index{1} << 20}) {
      std::string joined;
      tensor.stream(piece, [&](std::span<const std::byte> bytes) {
        CHECK(static_cast<Index>(bytes.size()) <= piece);
        joined.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      });
      REQUIRE(joined.size() == whole.span.size());
      CHECK(std::memcmp(joined.data(), whole.span.data(), joined.size()) == 0);
    }
  }
}

TEST_CASE("ggml's plain tensors stay mapped") {
  const auto mapped = io::map_file(fixture("gguf/types.gguf"));
  const io::TensorFile file = io::parse_gguf(mapped, "types.gguf");
  for (const char* name : {"F64", "F32", "F16", "BF16"}) {
    CHECK(file.at(name).shape == std::vector<Index>{3, 5});
    CHECK(io::to_floats(file.at(name)) == pattern_values(15));
    CHECK(file.at(name).encoding.empty());
    const auto* data = file.at(name).bytes().span.data();
    CHECK(data > mapped.span.data());
    CHECK(data < mapped.span.data() + mapped.span.size());
  }
  std::vector<Id> whole;
  for (const float value : pattern_values(15)) whole.push_back(static_cast<Id>(value * 8));
  for (const char* name : {"I8", "I16", "I32", "I64"}) CHECK(io::to_ids(file.at(name)) == whole);
  CHECK(file.at("three").shape == std::vector<Index>{2, 3, 4});
  CHECK(io::to_floats(file.at("three")) == pattern_values(24));
  CHECK(file.at("scalar").shape.empty());
  CHECK(io::to_floats(file.at("scalar")) == std::vector<float>{2.5f});
}

TEST_CASE("formats that are not decoded are named when they are asked for") {
  const io::TensorFile file = io::read_tensors(fixture("gguf/types.gguf"));
  CHECK(file.unreadable.size() == 2);
  const auto refused = [&](const char* name) {
    return error_of(file.path, [&] { file.at(name); });
  };
  mentions(refused("IQ2_XXS"), "its format, IQ2_XXS, is not decoded here: requantize");
  mentions(refused("later"), "its format, type 199, is not decoded here");
}

TEST_CASE("metadata of GGUF: every kind of value, and lists left alone") {
  const auto metadata = io::read_tensors(fixture("gguf/types.gguf")).metadata;
  const std::map<std::string, std::string> expected{{"general.architecture", "none"},
                                                    {"u8", "200"},
                                                    {"i8", "-100"},
                                                    {"u16", "60000"},
                                                    {"i16", "-30000"},
                                                    {"u32", "4000000000"},
                                                    {"i32", "-2000000000"},
                                                    {"f32", "0.5"},
                                                    {"yes", "true"},
                                                    {"no", "false"},
                                                    {"text", "é\n"},
                                                    {"u64", "18446744073709551615"},
                                                    {"i64", "-9223372036854775808"},
                                                    {"f64", "1e+300"}};
  CHECK(metadata == expected);
}

TEST_CASE("every format's size is that of ggml's structures") {
  Index listed = 0;
  for (std::uint32_t id = 0; id < 300; ++id)
    if (const io::GgmlType* type = io::ggml_type(id)) {
      ++listed;
      CHECK(type->id == id);
      CHECK((type->numbers == 1 || type->numbers == 32 || type->numbers == 256));
      if (type->plain) CHECK(type->bytes == io::bytes_per_element(*type->plain));
      CHECK(type->bytes * 8 <= type->numbers * 64);
    }
  CHECK(listed == 32);
}

TEST_CASE("a GGUF file cut anywhere is refused") {
  const std::string whole = io::read_text(fixture("gguf/llama.gguf"));
  // Behind the last tensor there is padding, which no reader needs.
  const std::size_t needed = whole.find_last_not_of('\0') + 1;
  for (std::size_t size = 4; size < needed; ++size) refusal_of(whole.substr(0, size));
  mentions(refusal_of(whole.substr(0, 900)), "truncated");
  CHECK_NOTHROW(parsed(whole));
}

TEST_CASE("a GGUF file damaged anywhere is refused or read, never more") {
  for (const char* name : {"llama", "gemma2"}) {
    const std::string whole = io::read_text(fixture("gguf/" + std::string(name) + ".gguf"));
    for (std::size_t at = 4; at < whole.size(); ++at)
      for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        try {
          for (const io::Tensor& tensor : parsed(damaged).tensors) tensor.bytes();
        } catch (const Error& error) {
          REQUIRE(std::string(error.what()).starts_with("x.gguf: "));
          REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
        }
      }
  }
}

TEST_CASE("versions of GGUF that are not read are refused by name") {
  GgufFile file;
  for (const std::uint32_t version : {2u, 3u}) {
    file.version = version;
    CHECK_NOTHROW(parsed(file.bytes()));
  }
  for (const std::uint32_t version : {0u, 1u, 4u}) {
    file.version = version;
    mentions(refusal_of(file), "of version " + std::to_string(version));
  }
  file.version = 0x03000000;
  mentions(refusal_of(file), "big-endian GGUF");
}

TEST_CASE("counts of GGUF that lie are refused before anything is made of them") {
  GgufFile tensors, values;
  for (const std::uint64_t count :
       {std::uint64_t{1}, std::uint64_t{1} << 40, huge, ~std::uint64_t{0}}) {
    tensors.tensors = count;
    mentions(refusal_of(tensors), "truncated: ");
    values.values = count;
    mentions(refusal_of(values), "truncated: ");
    mentions(refusal_of(GgufFile().value("list", 9, raw<std::uint32_t>(0) + raw(count + 1000))),
             "key 'list': truncated: the length of a list");
    mentions(refusal_of(GgufFile().value("list", 9, raw<std::uint32_t>(8) + raw(count + 1000))),
             "truncated: the length of a list");
    mentions(refusal_of(GgufFile().value("text", 8, raw(count + 1000))), "truncated: a text");
  }
  // A list of lists of lists: each level may claim much, and says little.
  std::string nested = raw<std::uint32_t>(8) + raw<std::uint64_t>(0);
  for (int depth = 0; depth < 3; ++depth)
    nested = raw<std::uint32_t>(9) + raw<std::uint64_t>(1) + nested;
  CHECK_NOTHROW(parsed(GgufFile().value("lists", 9, nested).bytes()));
  nested = raw<std::uint32_t>(9) + raw<std::uint64_t>(1) + nested;
  mentions(refusal_of(GgufFile().value("lists", 9, nested)), "nested deeper");
}

TEST_CASE("values of GGUF of a type that it does not have") {
  for (const std::uint32_t type : {13u, 1000u, ~0u})
    mentions(refusal_of(GgufFile().value("x", type, std::string(16, '\0'))),
             "key 'x': a value of type " + std::to_string(type));
  mentions(refusal_of(GgufFile().value("x", 9, raw<std::uint32_t>(13) + raw<std::uint64_t>(0))),
           "a value of type 13");
  mentions(refusal_of(GgufFile().value("x", 4, raw(1u)).value("x", 4, raw(2u))),
           "key 'x' given twice");
}

TEST_CASE("tensors of GGUF that lie about their shape or place") {
  const auto one = [](const std::vector<std::uint64_t>& axes, std::uint32_t type = 0,
                      std::uint64_t offset = 0) {
    return GgufFile().tensor("W", axes, type, offset).holding(64);
  };
  CHECK(parsed(one({4, 4}).bytes()).at("W").shape == std::vector<Index>{4, 4});
  CHECK(parsed(one({0, 4}).bytes()).at("W").count() == 0);
  mentions(refusal_of(one({4, 5})), "tensor 'W': truncated: it takes 80 bytes");
  mentions(refusal_of(one({huge})), "tensor 'W': has an axis of length");
  mentions(refusal_of(one({huge - 1})), "too large");
  mentions(refusal_of(one({std::uint64_t{1} << 32, std::uint64_t{1} << 32})), "too large");
  mentions(refusal_of(one({0, std::uint64_t{1} << 32, std::uint64_t{1} << 32})), "too large");
  mentions(refusal_of(one({std::uint64_t{1} << 32, std::uint64_t{1} << 32, 0})), "too large");
  mentions(refusal_of(one({1, 1, 1, 1, 1})), "has 5 axes");
  mentions(refusal_of(one({31, 2}, 2)), "rows of 31 numbers are no whole blocks of 32 (Q4_0)");
  mentions(refusal_of(one({128, 2}, 14)), "no whole blocks of 256 (Q6_K)");
  mentions(refusal_of(one({}, 2)), "no whole blocks");
  mentions(refusal_of(one({256}, 14)), "takes 210 bytes");
  mentions(refusal_of(one({4}, 0, 4)), "byte 4 of the data is no multiple of 32");
  mentions(refusal_of(one({4}, 0, 64)), "truncated");
  mentions(refusal_of(one({4}, 0, huge)), "lies at byte");
  mentions(refusal_of(one({4}, 0, huge - 32)), "truncated");
  mentions(refusal_of(GgufFile().tensor("W", {4})), "truncated");
  mentions(refusal_of(one({4}).tensor("W", {4}, 0, 32)), "tensor 'W' given twice");
  mentions(refusal_of(one({12}).tensor("V", {4}, 0, 32)), "tensor 'V' begins inside 'W'");
  CHECK(parsed(one({8}).tensor("V", {8}, 0, 32).bytes()).tensors.size() == 2);
}

TEST_CASE("an alignment of GGUF that is none") {
  const auto aligned = [](std::uint32_t type, const std::string& number) {
    return GgufFile().value("general.alignment", type, number).tensor("W", {4}).holding(64);
  };
  for (const std::uint32_t alignment : {0u, 3u, 33u, ~0u})
    mentions(refusal_of(aligned(4, raw(alignment))), "no power of two");
  mentions(refusal_of(aligned(4, raw(1u << 30))), "truncated");
  mentions(refusal_of(aligned(6, raw(std::numeric_limits<float>::quiet_NaN()))), "no power of two");
  mentions(refusal_of(aligned(8, text("32"))), "should be a number");
  CHECK_NOTHROW(parsed(aligned(4, raw(8u)).bytes()));
}

TEST_CASE("values of a header are asked for by their kind") {
  constexpr std::uint32_t u32 = 4, string = 8;
  GgufFile file;
  file.value("a.number", u32, raw<std::uint32_t>(7)).value("a.text", string, text("seven"));
  const io::GgufHeader header(shared(file.bytes()));
  CHECK(header.number("a.number") == 7.0);
  CHECK(header.text("a.text") == "seven");
  const auto asks = [](const auto& action, const char* expected) {
    CHECK_THROWS_WITH_AS(action(), doctest::Contains(expected), Error);
  };
  asks([&] { header.text("a.number"); }, "should be a text");
  asks([&] { header.number("a.text"); }, "should be a number");
  asks([&] { header.texts("a.text"); }, "should be a list of texts");
  asks([&] { header.integers("a.text"); }, "should be a list of whole numbers");
  asks([] { io::GgufHeader(shared(std::string(64, 'x'))); }, "is no GGUF file");
}
