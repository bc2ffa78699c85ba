#include "yoneda/io/npy.hpp"

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

io::Tensor array(const std::string& name) {
  return io::read_npy(fixture("npy/" + name + ".npy")).tensors.at(0);
}

Error refusal(const std::string& name) {
  const std::string path = fixture("npy/" + name + ".npy");
  const Error error = error_of(path, [&] { io::read_npy(path); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

std::string file_of(const std::string& literal, const std::string& data = "") {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += {static_cast<char>(literal.size() & 0xff), static_cast<char>(literal.size() >> 8)};
  return file + literal + data;
}

Error refusal_of(const std::string& bytes) {
  return error_of("x.npy", [&] { io::parse_npy(shared(bytes), "x.npy"); });
}

}  // namespace

TEST_CASE("what numpy.save writes is read") {
  for (const char* name : {"f8", "f4", "f2", "version2", "version3"}) {
    CAPTURE(name);
    const auto tensor = array(name);
    CHECK(tensor.shape == std::vector<Index>{3, 5});
    CHECK(io::to_floats(tensor) == pattern_values(15));
  }
  std::vector<Id> whole;
  for (const float value : pattern_values(15)) whole.push_back(static_cast<Id>(value * 8));
  for (const char* name : {"i8", "i4", "i2", "i1"}) CHECK(io::to_ids(array(name)) == whole);
  CHECK(io::to_bytes(array("u1")) == std::vector<std::uint8_t>{0, 1, 2, 3, 4, 5});
  CHECK(io::to_bytes(array("b1")) == std::vector<std::uint8_t>{1, 0, 1});
  CHECK(io::to_matrix(array("vector")).rows() == 1);
  CHECK(array("scalar").shape.empty());
  CHECK(io::to_floats(array("scalar")) == std::vector<float>{2.5f});
  CHECK(array("empty").shape == std::vector<Index>{0, 4});
  CHECK(io::to_floats(array("empty")).empty());
}

TEST_CASE("every real type of numpy, either end first") {
  std::vector<Id> whole;
  for (const float value : pattern_values(15)) whole.push_back(static_cast<Id>(value * 8));
  for (const char* name : {"big_f8", "big_f4", "big_f2"}) {
    CAPTURE(name);
    CHECK(io::to_floats(array(name)) == pattern_values(15));
    CHECK(to_vector(io::to_matrix(array(name))) == pattern_values(15));
    CHECK(io::to_floats(io::select(array(name), 0, 2)) == pattern_values(5, 10));
  }
  CHECK(io::to_matrix(array("big_f2")).dtype() == Dtype::f16);
  for (const char* name : {"big_i8", "big_i4", "big_i2"}) CHECK(io::to_ids(array(name)) == whole);
  for (const std::string end : {"", "big_"}) {
    CHECK(io::to_indices(array(end + "u2")) == std::vector<Index>{0, 1, 2, 1 << 15});
    CHECK(io::to_indices(array(end + "u4")) == std::vector<Index>{0, 1, 2, Index{1} << 31});
    CHECK(io::to_indices(io::select(array(end + "u8"), 0, 2)) == std::vector<Index>{2});
  }
  CHECK(array("big_fortran").shape == std::vector<Index>{3, 5});
  CHECK(io::to_floats(array("big_fortran")) == io::to_floats(array("fortran")));
  CHECK(to_vector(io::to_matrix_transposed(array("big_fortran"))) == pattern_values(15));
}

TEST_CASE("big-endian numbers are handed out whole, in pieces of any size") {
  const auto tensor = array("big_f4");
  for (const Index piece : {1, 4, 6, 20, 1000}) {
    std::string joined;
    tensor.stream(piece, [&](std::span<const std::byte> bytes) {
      CHECK(bytes.size() % 4 == 0);
      joined.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    const auto values = pattern_values(15);
    CHECK(joined == std::string(reinterpret_cast<const char*>(values.data()), 60));
  }
}

TEST_CASE("a transpose as numpy saves it, columns first, is put in order") {
  const auto tensor = array("fortran");
  CHECK(tensor.shape == std::vector<Index>{3, 5});
  CHECK(to_vector(io::to_matrix_transposed(tensor)) == pattern_values(15));
  CHECK(io::to_floats(array("fortran3")) == pattern_values(24));
}

TEST_CASE("what this library has no matrix for is refused by name") {
  mentions(refusal("objects"), "Python objects");
  mentions(refusal("strings"), "strings");
  mentions(refusal("structure"), "structures");
  mentions(refusal("complex"), "complex");
}

TEST_CASE("an array is written as numpy would, and comes back") {
  const Folder folder;
  const std::string path = folder / "out.npy";
  io::write_npy(path, io::output("W", Matrix::from(pattern_values(15), 3, 5)));
  CHECK(io::read_text(path) == io::read_text(fixture("npy/f4.npy")));
  io::write_npy(path, io::output("v", pattern_values(7)));
  CHECK(io::read_text(path) == io::read_text(fixture("npy/vector.npy")));
  const Matrix brain = Matrix::from(std::vector<bf16>(2), 1, 2);
  mentions(error_of(path, [&] { io::write_npy(path, io::output("B", brain)); }),
           "no type for BF16");
  const std::string nowhere = folder / "missing/x.npy";
  error_of(nowhere, [&] { io::write_npy(nowhere, io::output("v", pattern_values(7))); });
}

TEST_CASE("an array cut or damaged anywhere is refused or read, never more") {
  for (const char* name : {"f4", "version2", "fortran", "big_f4"}) {
    const std::string whole = io::read_text(fixture("npy/" + std::string(name) + ".npy"));
    for (std::size_t size = 0; size < whole.size(); ++size) refusal_of(whole.substr(0, size));
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        try {
          io::parse_npy(shared(damaged), "x.npy").tensors.at(0).bytes();
        } catch (const Error& error) {
          REQUIRE(std::string(error.what()).starts_with("x.npy: "));
        }
      }
  }
}

TEST_CASE("hostile headers are refused") {
  const auto header = [](const std::string& type, const std::string& order,
                         const std::string& shape) {
    return "{'descr': " + type + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  };
  const std::string data(8, '\0');
  CHECK_NOTHROW(io::parse_npy(shared(file_of(header("'<f4'", "False", "(2,)"), data)), "x.npy"));
  CHECK_NOTHROW(io::parse_npy(shared(file_of(header("\"<f4\"", "True", "(2L,)"), data)), "x.npy"));
  mentions(refusal_of(file_of(header("'<f4'", "False", "(3,)"), data)), "8 bytes of data");
  mentions(refusal_of(file_of(header("'<f4'", "False", "(-2,)"), data)), "no whole number");
  mentions(refusal_of(file_of(header("'<f4'", "False", "(99999999999999999999,)"), data)),
           "no whole number");
  mentions(refusal_of(file_of(header("'<f4'", "False", "(4294967296, 4294967296)"), data)),
           "too large");
  mentions(refusal_of(file_of(header("'<f4'", "Maybe", "(2,)"), data)), "neither True nor False");
  mentions(refusal_of(file_of(header("'<q9'", "False", "(2,)"), data)), "'<q9'");
  mentions(refusal_of(file_of(header("'|V2'", "False", "(2,)"), data)), "bfloat16");
  mentions(refusal_of(file_of(header("'<f4", "False", "(2,)"), data)), "damaged");
  mentions(refusal_of(file_of("{'shape': (2,)}", data)), "no 'descr'");
  mentions(refusal_of(file_of("{'shape': (2,), 'shape': (2,)}", data)), "unexpected key 'shape'");
  mentions(refusal_of(file_of("", data)), "damaged");
  mentions(refusal_of(file_of(header("'<f4'", "False", "(2,)") + " 1", data)),
           "something behind the dictionary");
  mentions(refusal_of(file_of("{'descr", data)), "a text without end");
  mentions(refusal_of(file_of(header("'<f4'", "False", "(1 2)"), data)),
           "a missing comma in the shape");
  mentions(refusal_of(std::string("\x93NUMPY\x01\x00\x76\x00{}", 12)),
           "truncated: npy header of 128 bytes in a file of 12");
  mentions(refusal_of(std::string("\x93NUMPY\x04\x00\x00\x00\x00\x00", 12)), "version 4");
  mentions(refusal_of(std::string("\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12)), "more than");
}
