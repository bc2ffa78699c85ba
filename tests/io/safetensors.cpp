#include "yoneda/io/safetensors.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

std::string file_of(const std::string& header, const std::string& data = "") {
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

Error refusal(const std::string& bytes) {
  const Error error = error_of("x.st", [&] { io::parse_safetensors(shared(bytes), "x.st"); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

// One F32 tensor [2] with the given offsets and any further header members.
std::string tensor(const std::string& name, const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":"F32","shape":[2],"data_offsets":[)" + offsets + "]}";
}

}  // namespace

TEST_CASE("a file written by Python is read, every type of it, unaligned as it is") {
  const auto file = io::read_safetensors(fixture("safetensors/every_type.safetensors"));
  CHECK(file.format == "safetensors");
  CHECK(file.metadata.at("unicode") == "Ġ→λ");
  CHECK(file.tensors.size() == 15);
  CHECK(file.tensors.front().name == "byte");
  const auto expected = pattern_values(6);
  for (const char* name : {"F64", "F32", "F16", "BF16"}) {
    CAPTURE(name);
    const auto& tensor = file.at(name);
    CHECK(io::name(tensor.dtype) == name);
    CHECK(io::to_floats(tensor) == expected);
    CHECK(io::to_doubles(tensor) == std::vector<double>(expected.begin(), expected.end()));
    const Matrix matrix = io::to_matrix(tensor);
    CHECK(matrix.rows() == 2);
    CHECK(matrix.cols() == 3);
    CHECK(to_vector(matrix) == expected);
    CHECK(to_vector(io::to_matrix_transposed(tensor)) == to_vector(transposed(matrix)));
  }
  CHECK(io::to_matrix(file.at("BF16")).dtype() == Dtype::bf16);
  CHECK(io::to_matrix_transposed(file.at("F16")).dtype() == Dtype::f16);
  CHECK(io::to_indices(file.at("I64")) == std::vector<Index>{-(Index(1) << 60), 3});
  CHECK(io::to_ids(file.at("I32")) == std::vector<Id>{-5, 2147483647});
  CHECK(io::to_ids(file.at("I16")) == std::vector<Id>{-5, 7});
  CHECK(io::to_ids(file.at("I8")) == std::vector<Id>{-128, 127});
  CHECK(io::to_indices(file.at("U32")) == std::vector<Index>{0, 4294967295});
  CHECK(io::to_bytes(file.at("BOOL")) == std::vector<std::uint8_t>{1, 0});
  CHECK(io::to_bytes(file.at("byte")) == std::vector<std::uint8_t>{0, 1, 2});
  CHECK(io::to_floats(file.at("scalar")) == std::vector<float>{1.5f});
  CHECK(io::to_matrix(file.at("none")).empty());
}

TEST_CASE("8-bit floats: every byte of every format") {
  const auto file = io::read_safetensors(fixture("safetensors/float8.safetensors"));
  const auto numbers = io::read_safetensors(fixture("safetensors/float8_numbers.safetensors"));
  CHECK(file.tensors.size() == 5);
  for (const io::Tensor& expected : numbers.tensors) {
    CAPTURE(expected.name);
    const io::Tensor& tensor = file.at(expected.name);
    CHECK(io::stored_type(tensor) == expected.name);
    const auto values = io::to_floats(tensor), wanted = io::to_floats(expected);
    const auto doubles = io::to_doubles(tensor);
    const auto matrix = to_vector(io::to_matrix(tensor));
    const auto turned = to_vector(io::to_matrix_transposed(tensor));
    for (std::size_t i = 0; i < 256; ++i) {
      CAPTURE(i);
      const bool nan = std::isnan(wanted[i]);
      CHECK(std::isnan(values[i]) == nan);
      CHECK(std::isnan(doubles[i]) == nan);
      if (nan) continue;
      CHECK(std::bit_cast<std::uint32_t>(values[i]) == std::bit_cast<std::uint32_t>(wanted[i]));
      CHECK(doubles[i] == wanted[i]);
      CHECK(matrix[i] == wanted[i]);
      CHECK(turned[i % 16 * 16 + i / 16] == wanted[i]);
    }
  }
}

TEST_CASE("types of safetensors that are not read are listed, and refused when asked for") {
  const std::string path = fixture("safetensors/float8.safetensors");
  const auto file = io::read_safetensors(path);
  CHECK(file.unreadable.size() == 4);
  for (const char* name : {"F4", "F6_E2M3", "F6_E3M2", "C64"})
    mentions(error_of(path, [&] { file.at(name); }), "it holds " + std::string(name));
  const auto refused = [](const std::string& type, const std::string& shape, int bytes) {
    const std::string header = R"({"x": {"dtype": ")" + type + R"(", "shape": )" + shape +
                               R"(, "data_offsets": [0, )" + std::to_string(bytes) + "]}}";
    const std::uint64_t size = header.size();
    const std::string whole = std::string(reinterpret_cast<const char*>(&size), 8) + header +
                              std::string(static_cast<std::size_t>(bytes), '\0');
    return error_of("x", [&] { io::parse_safetensors(shared(whole), "x"); });
  };
  mentions(refused("F4", "[3]", 2), "F4 of 3 does not take the 2 bytes");
  mentions(refused("F6_E2M3", "[2]", 2), "does not take");
  mentions(refused("F8_E8M0", "[4]", 16), "does not take");
  mentions(refused("C64", "[2305843009213693952]", 0), "does not take");
  mentions(refused("F4", "[4294967296, 4294967296]", 0), "does not take");
}

TEST_CASE("conversions that would lose something are refused by name") {
  const std::string path = fixture("safetensors/every_type.safetensors");
  const auto file = io::read_safetensors(path);
  mentions(error_of(path, [&] { io::to_ids(file.at("I64")); }), "does not fit 32 bits");
  mentions(error_of(path, [&] { io::to_indices(file.at("U64")); }), "'U64' holds 1844674407370955");
  mentions(error_of(path, [&] { io::to_floats(file.at("I32")); }), "'I32' holds I32, expected F64");
  mentions(error_of(path, [&] { io::to_ids(file.at("F32")); }), "expected integers");
  mentions(error_of(path, [&] { io::to_bytes(file.at("I8")); }), "expected U8 or BOOL");
  const Error three = error_of(path, [&] { io::to_matrix(file.at("three")); });
  CHECK(three.kind == ErrorKind::shape);
  mentions(three, "'three' has the shape 2 x 3 x 4");
  mentions(error_of(path, [&] { io::to_matrix(file.at("scalar")); }), "a scalar");
  const Error missing = error_of(path, [&] { file.at("W_dec"); });
  CHECK(missing.kind == ErrorKind::value);
  mentions(missing, "no tensor 'W_dec'; there is 'byte', 'F64'");
}

TEST_CASE("what is written comes back, without copies, and twice the same") {
  const Folder folder;
  const std::string path = folder / "out.safetensors";
  const Matrix W = Matrix::from(pattern_values(12), 4, 3);
  const Matrix half = Matrix::from(std::vector<f16>(4, to_f16(0.5f)), 2, 2);
  const std::vector<Id> ids{1, -2};
  const std::vector<Index> offsets{0, 1, 2};
  const std::vector<std::uint8_t> bytes{7};
  const std::vector<double> doubles{0.1, 0.2};
  const std::vector<io::OutputTensor> tensors{io::output("W", W),
                                              io::output("half", half),
                                              io::output("ids", ids, {2, 1}),
                                              io::output("offsets", offsets),
                                              io::output("bytes", bytes),
                                              io::output("doubles", doubles),
                                              io::output("none", std::vector<float>{})};
  const std::map<std::string, std::string> metadata{{"format", "test/1"}, {"quote", "\"\n"}};
  io::write_safetensors(path, tensors, metadata);

  const auto file = io::read_safetensors(path);
  CHECK(file.metadata == metadata);
  REQUIRE(file.tensors.size() == 7);
  for (Index i = 0; i < 7; ++i) CHECK(file.tensors[i].name == tensors[i].name);
  const Matrix read = io::to_matrix(file.at("W"));
  CHECK(to_vector(read) == pattern_values(12));
  CHECK(reinterpret_cast<std::uintptr_t>(read.bytes().data()) % 64 == 0);
  CHECK(read.bytes().data() == io::to_matrix(file.at("W")).bytes().data());
  CHECK(io::to_matrix(file.at("half"))(1, 1) == 0.5f);
  CHECK(io::to_ids(file.at("ids")) == ids);
  CHECK(file.at("ids").shape == std::vector<Index>{2, 1});
  CHECK(io::to_indices(file.at("offsets")) == offsets);
  CHECK(io::to_bytes(file.at("bytes")) == bytes);
  CHECK(io::to_doubles(file.at("doubles")) == doubles);
  CHECK(io::to_matrix(file.at("doubles")).rows() == 1);

  const std::string first = io::read_text(path);
  io::write_safetensors(path, tensors, metadata);
  CHECK(io::read_text(path) == first);
  CHECK(to_vector(read) == pattern_values(12));  // the replaced file is still mapped

  io::write_safetensors(path, {});
  CHECK(io::read_safetensors(path).tensors.empty());
}

TEST_CASE("tensors that contradict themselves are not written") {
  const Folder folder;
  const std::string path = folder / "out.safetensors";
  const std::vector<float> values(6);
  const auto write = [&path](std::vector<io::OutputTensor> tensors) {
    return error_of(path, [&] { io::write_safetensors(path, tensors); });
  };
  CHECK(write({io::output("x", values, {2, 4})}).kind == ErrorKind::shape);
  CHECK(write({io::output("x", values, {-2, -3})}).kind == ErrorKind::shape);
  mentions(write({io::output("x", values), io::output("x", values)}), "'x' is reserved or used");
  mentions(write({io::output("__metadata__", values)}), "reserved");
  CHECK(folder.files() == 0);
  const std::string nowhere = folder / "missing/out.safetensors";
  CHECK(error_of(nowhere, [&] { io::write_safetensors(nowhere, {}); }).kind == ErrorKind::file);
}

TEST_CASE("a file cut anywhere is refused") {
  const std::string whole = io::read_text(fixture("safetensors/small.safetensors"));
  CHECK_NOTHROW(io::parse_safetensors(shared(whole), "x.st"));
  for (std::size_t size = 0; size < whole.size(); ++size) refusal(whole.substr(0, size));
  refusal(whole + "x");
}

TEST_CASE("a file damaged anywhere is read or refused, never more") {
  const std::string whole = io::read_text(fixture("safetensors/small.safetensors"));
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        for (const auto& tensor : io::parse_safetensors(shared(damaged), "x.st").tensors)
          tensor.bytes();
      } catch (const Error& error) {
        REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
      }
    }
}

TEST_CASE("hostile headers are refused, each by its own name") {
  const std::string data(16, '\0');
  mentions(refusal(std::string(8, '\xff')), "more than the 100000000");
  mentions(refusal(std::string("\x40\0\0\0\0\0\0\0{}", 10)), "truncated: header of 64 bytes");
  mentions(refusal(file_of("")), "no JSON header");
  mentions(refusal(file_of("[]")), "no JSON header");
  mentions(refusal(file_of("{")), "not valid JSON");
  mentions(refusal(file_of("{\"\xff\":1}")), "not valid JSON");
  mentions(refusal(file_of("{} {}")), "not valid JSON");
  mentions(refusal(file_of("{\"a\":" + std::string(1000000, '['))), "nested deeper than 64");
  mentions(refusal(file_of("{\"a\":\"" + std::string(1000000, 'x'))), "not valid JSON");
  mentions(refusal(file_of("{" + tensor("a", "0,8") + "," + tensor("a", "8,16") + "}", data)),
           "'a' given twice");
  mentions(refusal(file_of("{" + tensor("a", "0,8") + "," + tensor("b", "4,12") + "}", data)),
           "'b' starts at byte 4 of the data, inside another that ends at 8");
  mentions(refusal(file_of("{" + tensor("a", "0,8") + "," + tensor("b", "0,8") + "}", data)),
           "inside another");
  mentions(refusal(file_of("{" + tensor("a", "8,16") + "}", data)), "after a gap that starts at 0");
  mentions(refusal(file_of("{" + tensor("a", "0,8") + "}", data)), "announces only 8");
  mentions(refusal(file_of("{" + tensor("a", "0,8") + "}", "")), "truncated: 0 bytes of data");
  mentions(refusal(file_of("{" + tensor("a", "8,0") + "}", data)), "two ascending");
  mentions(refusal(file_of("{" + tensor("a", "0,8,16") + "}", data)), "two ascending");
  mentions(refusal(file_of("{" + tensor("a", "-8,0") + "}", data)), "two ascending");
  mentions(refusal(file_of("{" + tensor("a", "0,1e1") + "}", data)), "two ascending");
  mentions(refusal(file_of("{" + tensor("a", "0,18446744073709551615") + "}", data)),
           "two ascending");
  mentions(refusal(file_of("{" + tensor("a", "0,4") + "}", data)), "F32 of 2 does not take the 4");
  mentions(refusal(file_of(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})")),
           "unknown dtype 'F31'");
  mentions(refusal(file_of(R"({"a":{"dtype":3,"shape":[2],"data_offsets":[0,8]}})")), "not a text");
  mentions(refusal(file_of(R"({"a":{"dtype":"F32","shape":[2]}})")), "lacks its dtype");
  mentions(refusal(file_of(R"({"a":3})")), "lacks its dtype");
  mentions(refusal(file_of(R"({"a\nb":3})")), R"('a\nb')");
  mentions(refusal(file_of(R"({"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})")),
           "not a list of whole numbers");
  mentions(refusal(file_of(R"({"__metadata__":{"k":1}})")), "metadata 'k' is not a text");
  mentions(refusal(file_of(R"({"__metadata__":[]})")), "not an object");
}

TEST_CASE("shapes whose product overflows are refused") {
  for (const char* shape : {"4294967296,4294967296", "9223372036854775807,2", "4611686018427387904",
                            "0,-1", "4294967296,4294967296,0,4294967296"})
    refusal(file_of(std::string(R"({"a":{"dtype":"F32","shape":[)") + shape +
                    R"(],"data_offsets":[0,0]}})"));
  const auto file = io::parse_safetensors(
      shared(file_of(R"({"a":{"dtype":"F32","shape":[9,0,9],"data_offsets":[0,0]}})")), "x.st");
  CHECK(file.tensors.at(0).count() == 0);
}
