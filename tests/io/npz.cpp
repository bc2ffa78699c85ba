#include "yoneda/io/npz.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "io/stored_zip.hpp"
#include "io/support.hpp"
#include "yoneda/io/read_tensors.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

Error refusal(const std::string& name) {
  const Error error = error_of(fixture(name), [&] { io::read_npz(fixture(name)); });
  CHECK(error.kind == ErrorKind::format);
  return error;
}

void read_everything(const std::string& bytes) {
  for (const auto& tensor : io::parse_npz(shared(bytes), "x.npz").tensors) tensor.bytes();
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

// Numbers as an archive stores them, little-endian.
template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return bytes;
}

// Arrays of no numbers, in deflate's blocks that deflate nothing.
std::string many_deflated(int count) {
  std::string array("\x93NUMPY\1\0", 8);
  const std::string literal = "{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}\n";
  const auto u16 = [](std::size_t n) { return static_cast<std::uint16_t>(n); };
  const auto u32 = [](std::size_t n) { return static_cast<std::uint32_t>(n); };
  array += packed(u16(literal.size())) + literal;
  const std::string block = "\1" + packed(u16(array.size()), u16(~array.size())) + array;
  const std::uint32_t crc = crc32(array);
  std::string members, directory;
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(i) + ".npy";
    const std::string fields =
        packed(u16(20), u16(0), u16(8), u16(0), u16(33), crc, u32(block.size()), u32(array.size()),
               u16(name.size()), u16(0));
    directory += "PK\1\2" + packed(u16(20)) + fields +
                 packed(u16(0), u16(0), u16(0), u32(0), u32(members.size())) + name;
    members += "PK\3\4" + fields + name + block;
  }
  return members + directory + "PK\5\6" +
         packed(u16(0), u16(0), u16(static_cast<std::size_t>(count)),
                u16(static_cast<std::size_t>(count)), u32(directory.size()), u32(members.size()),
                u16(0));
}

}  // namespace

TEST_CASE("what numpy.savez and savez_compressed write is read") {
  for (const char* name : {"npz/stored.npz", "npz/deflated.npz"}) {
    CAPTURE(name);
    const auto file = io::read_npz(fixture(name));
    CHECK(file.format == "npz");
    CHECK(file.at("W_dec").shape == std::vector<Index>{6, 4});
    CHECK(io::to_floats(file.at("W_dec")) == pattern_values(24));
    CHECK(io::to_floats(file.at("b_dec")) == pattern_values(4, 9));
    CHECK(io::to_floats(file.at("half")) == pattern_values(4));
    CHECK(io::to_ids(file.at("ids")) == std::vector<Id>{0, 1, 2, 3, 4});
    CHECK(to_vector(io::to_matrix_transposed(file.at("columns_first"))) == pattern_values(24));
  }
  const auto deflated = io::read_npz(fixture("npz/deflated.npz"));
  CHECK(io::to_floats(deflated.at("zeros")) == std::vector<float>(2000));
}

TEST_CASE("a tensor outlives the archive it is read from") {
  Matrix W;
  { W = io::to_matrix(io::read_npz(fixture("npz/deflated.npz")).at("W_dec")); }
  CHECK(to_vector(W) == pattern_values(24));
}

TEST_CASE("members that are no arrays of numbers are left out, and asking for them says why") {
  const std::string path = fixture("npz/mixed.npz");
  const auto file = io::read_npz(path);
  CHECK(file.tensors.size() == 1);
  mentions(error_of(path, [&] { file.at("names"); }), "'names' cannot be read: holds strings");
  mentions(error_of(path, [&] { file.at("other"); }), "no tensor 'other'; there is 'W_dec'");
}

TEST_CASE("archives without arrays are refused by what they are") {
  mentions(refusal("npz/not_arrays.zip"), "a zip archive without .npy members: 'hello.txt'");
  mentions(refusal("npz/checkpoint.pt"), "without .npy members: 'archive/data.pkl'");
  mentions(refusal("npz/nothing_readable.npz"), "'names': holds strings");
  mentions(refusal("npz/bzip2.npz"), "compression method 12");
  mentions(refusal("npy/f4.npy"), "not a readable zip archive");
}

TEST_CASE("members too short for the array that they announce") {
  const Folder folder;
  const auto refusal_of = [&](const std::string& member) {
    const std::string path = folder / "short.npz";
    StoredZip(path).add("a.npy", member).close();
    return error_of(path, [&] { io::read_npz(path); });
  };
  mentions(refusal_of("abc"), "'a': too short for an array");
  mentions(refusal_of(std::string("\x93NUMPY\x01\x00\xff\xff{}  ", 14)), "'a': truncated");
}

TEST_CASE("an archive comes back, and is written the same twice") {
  const Folder folder;
  const std::string path = folder / "out.npz";
  const Matrix W = Matrix::from(pattern_values(12), 4, 3);
  const std::vector<Index> offsets{0, 5};
  const std::vector<io::OutputTensor> tensors{io::output("W_dec", W), io::output("o", offsets),
                                              io::output("none", std::vector<float>{}, {0, 3})};
  io::write_npz(path, tensors);
  const auto file = io::read_npz(path);
  CHECK(file.tensors.size() == 3);
  CHECK(to_vector(io::to_matrix(file.at("W_dec"))) == pattern_values(12));
  CHECK(io::to_indices(file.at("o")) == offsets);
  CHECK(file.at("none").shape == std::vector<Index>{0, 3});
  const std::string first = io::read_text(path);
  io::write_npz(path, tensors);
  CHECK(io::read_text(path) == first);
  CHECK(folder.files() == 1);

  mentions(
      error_of(
          path,
          [&] {
            io::write_npz(path, std::vector{io::output("o", offsets), io::output("o", offsets)});
          }),
      "used twice");
  const std::string nowhere = folder / "missing/out.npz";
  CHECK(error_of(nowhere, [&] { io::write_npz(nowhere, tensors); }).kind == ErrorKind::file);
}

TEST_CASE("an archive cut anywhere is refused") {
  for (const char* name : {"npz/stored.npz", "npz/deflated.npz"}) {
    const std::string whole = io::read_text(fixture(name));
    CHECK_NOTHROW(read_everything(whole));
    for (std::size_t size = 0; size < whole.size(); ++size)
      error_of("x.npz", [&] { read_everything(whole.substr(0, size)); });
  }
}

TEST_CASE("an archive damaged anywhere is read or refused, never more") {
  const std::string whole = io::read_text(fixture("npz/deflated.npz"));
  Index refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        read_everything(damaged);
      } catch (const Error& error) {
        ++refused;
        REQUIRE(std::string(error.what()).starts_with("x.npz: "));
        REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
      }
    }
  CHECK(refused > 0);
}

TEST_CASE("an archive of big-endian arrays, stored and deflated") {
  const auto little = io::read_npz(fixture("npz/stored.npz"));
  for (const char* name : {"npz/big_endian.npz", "npz/big_endian_deflated.npz"}) {
    const auto big = io::read_npz(fixture(name));
    REQUIRE(big.tensors.size() == little.tensors.size());
    for (const io::Tensor& expected : little.tensors) {
      CAPTURE(expected.name);
      const auto found = big.at(expected.name).bytes(), wanted = expected.bytes();
      REQUIRE(found.span.size() == wanted.span.size());
      CHECK(std::ranges::equal(found.span, wanted.span));
      if (expected.shape.size() == 2)
        CHECK(to_vector(io::to_matrix(big.at(expected.name))) ==
              to_vector(io::to_matrix(expected)));
    }
  }
}

TEST_CASE("an archive of many deflated members is listed in a moment") {
  const std::string file = many_deflated(20'000);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(io::parse_npz(shared(file), "many.npz").tensors.size() == 20'000);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(120));
}

TEST_CASE("damaged numbers are caught by the checksum") {
  std::string bytes = io::read_text(fixture("npz/stored.npz"));
  const float value = pattern(3);
  const auto at = bytes.find(std::string(reinterpret_cast<const char*>(&value), sizeof value));
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  mentions(error_of("x.npz", [&] { read_everything(bytes); }), "member 'W_dec.npy': CRC error");
}

TEST_CASE("a checksum that deflated numbers do not have is seen at their end") {
  std::string bytes = io::read_text(fixture("npz/deflated.npz"));
  const auto entry = bytes.find("PK\1\2");
  REQUIRE(entry != std::string::npos);
  bytes[entry + 16] = static_cast<char>(bytes[entry + 16] ^ 1);
  mentions(error_of("x.npz", [&] { read_everything(bytes); }), "CRC error");
}

TEST_CASE("any container is recognised by its content") {
  CHECK(io::read_tensors(fixture("npz/stored.npz")).format == "npz");
  CHECK(io::read_tensors(fixture("npy/f4.npy")).format == "npy");
  CHECK(io::read_tensors(fixture("safetensors/small.safetensors")).format == "safetensors");
  const auto refusal_of = [](const std::string& bytes) {
    return error_of("x", [&] { io::parse_tensors(shared(bytes), "x"); });
  };
  const Error hdf5 = refusal_of("\x89HDF\r\n\x1a\n");
  mentions(hdf5, "an HDF5 file, which is not read: convert it to npz");
  mentions(hdf5, "numpy.savez('out.npz', **{k: f[k][()]");
  mentions(refusal_of("\x80\x02}q"), "a bare Python pickle");
  mentions(refusal_of("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull");
  mentions(refusal_of("hello, world"), "neither safetensors nor npz, npy, GGUF, or a checkpoint");
  mentions(refusal_of("{"), "neither");
  mentions(refusal_of(""), "neither");
}

TEST_CASE("texts are written as NumPy's scalars of bytes, and come back") {
  const Folder folder;
  const std::map<std::string, std::string> texts{
      {"empty", ""}, {"format", "csr"}, {"long", std::string(5000, 'x')}, {"words", "Zürich\n"}};
  const std::vector<float> values{1, 2};
  const std::vector<io::OutputTensor> tensors{io::output("v", values)};
  io::write_npz(folder / "t.npz", tensors, texts);
  const auto file = io::read_npz(folder / "t.npz");
  CHECK(file.metadata == texts);
  CHECK(file.unreadable.empty());
  CHECK(file.tensors.size() == 1);
  CHECK_THROWS_AS(io::write_npz(folder / "u.npz", tensors, {{"v", "twice"}}), Error);
}
