#include "yoneda/io/torch.hpp"

#include "io/stored_zip.hpp"
#include "io/support.hpp"
#include "yoneda/io/read_tensors.hpp"

using namespace yoneda;
using namespace yoneda::test;
using Shape = std::vector<Index>;

namespace {

std::vector<float> floats(const io::TensorFile& file, const std::string& name) {
  return io::to_floats(file.at(name));
}

std::vector<float> picked(const std::vector<Index>& positions) {
  std::vector<float> values;
  for (const Index position : positions) values.push_back(pattern(position));
  return values;
}

Error refusal(const std::string& name) {
  const std::string path = fixture(name);
  return error_of(path, [&] { io::read_torch(path); });
}

void read_everything(const io::TensorFile& file) {
  for (const auto& tensor : file.tensors) tensor.bytes();
}

}  // namespace

TEST_CASE("views of one storage are read as torch sees them") {
  const auto file = io::read_torch(fixture("torch/views.pt"));
  CHECK(file.format == "torch");
  CHECK(floats(file, "whole") == pattern_values(24));
  CHECK(floats(file, "rows") == pattern_values(12, 8));
  CHECK(file.at("columns").shape == Shape{6, 2});
  CHECK(floats(file, "columns") == picked({1, 2, 5, 6, 9, 10, 13, 14, 17, 18, 21, 22}));
  CHECK(floats(file, "every_other") == picked({0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19}));
  CHECK(file.at("turned").shape == Shape{4, 6});
  CHECK(to_vector(io::to_matrix_transposed(file.at("turned"))) == pattern_values(24));
  CHECK(to_vector(io::to_matrix(file.at("turned"))) == floats(file, "turned"));
  CHECK(floats(file, "repeated") == picked({0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3}));
  CHECK(file.at("element").shape.empty());
  CHECK(floats(file, "element") == picked({6}));
  CHECK(floats(file, "empty").empty());
  CHECK(floats(file, "empty_view").empty());
  CHECK(floats(file, "three") == pattern_values(24));
  std::vector<Index> moved;
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 2; ++j)
      for (Index k = 0; k < 3; ++k) moved.push_back((j * 3 + k) * 4 + i);
  CHECK(floats(file, "moved") == picked(moved));
}

TEST_CASE("views of views, and what has no such axis") {
  const auto file = io::read_torch(fixture("torch/views.pt"));
  const io::Tensor& three = file.at("three");  // 2 x 3 x 4
  for (Index k = 0; k < 3; ++k)
    CHECK(io::to_floats(io::select(three, 1, k)) ==
          io::to_floats(io::transposed(io::transposed(io::select(three, 1, k)))));
  CHECK(io::to_floats(io::select(three, 1, 2)) == picked({8, 9, 10, 11, 20, 21, 22, 23}));
  CHECK(io::to_floats(io::select(three, 2, 1)) == picked({1, 5, 9, 13, 17, 21}));
  CHECK(io::merge_axes(three, 0).shape == Shape{6, 4});
  CHECK(to_vector(io::to_matrix(io::merge_axes(three, 1))) == pattern_values(24));
  const std::string path = fixture("torch/views.pt");
  mentions(error_of(path, [&] { io::select(three, 3, 0); }), "has no axis 3");
  mentions(error_of(path, [&] { io::select(three, 1, 3); }), "axis 1 has no index 3");
  mentions(error_of(path, [&] { io::merge_axes(file.at("columns"), 0); }), "one after the other");
  mentions(error_of(path, [&] { io::transposed(three); }), "has no axis");
  mentions(error_of(path, [&] { io::to_matrix(three); }), "a matrix was expected");
}

TEST_CASE("every type that torch and this library share") {
  const auto file = io::read_torch(fixture("torch/types.pt"));
  for (const char* name : {"F64", "F32", "F16", "BF16"}) {
    CHECK(io::name(file.at(name).dtype) == name);
    CHECK(floats(file, name) == pattern_values(6));
  }
  CHECK(io::to_indices(file.at("I64")) == std::vector<Index>{-(Index{1} << 60), 3});
  for (const char* name : {"I32", "I16", "I8"})
    CHECK(io::to_ids(file.at(name)) == std::vector<Id>{-5, 7});
  CHECK(io::to_bytes(file.at("U8")) == std::vector<std::uint8_t>{0, 255});
  CHECK(io::to_bytes(file.at("BOOL")) == std::vector<std::uint8_t>{1, 0});
  CHECK(floats(file, "scalar") == std::vector<float>{1.5f});
}

TEST_CASE("a small view keeps its place in a large storage, and a list its order") {
  CHECK(floats(io::read_torch(fixture("torch/small_view_of_large.pt")), "x") == pattern_values(6));
  const auto list = io::read_torch(fixture("torch/list.pt"));
  CHECK(list.tensors.size() == 2);
  CHECK(to_vector(io::to_matrix_transposed(list.tensors[1])) == floats(list, list.tensors[0].name));
  CHECK(io::read_torch(fixture("torch/tensor.pt")).tensors.size() == 1);
  CHECK(io::read_torch(fixture("torch/many.pt")).tensors.size() == 12);
}

TEST_CASE("what else a checkpoint holds is there by its path") {
  const auto file = io::read_torch(fixture("torch/values.pt"));
  CHECK(file.metadata.at("true") == "true");
  CHECK(file.metadata.at("int") == "-3");
  CHECK(file.metadata.at("float") == "0.5");
  CHECK(file.metadata.at("text") == "Ġ→λ");
  CHECK(file.metadata.at("list.1.1") == "x");
  CHECK(floats(file, "nested.x") == pattern_values(6));
}

TEST_CASE("a checkpoint is told from an npz archive by its contents") {
  CHECK(io::read_tensors(fixture("torch/many.pt")).format == "torch");
  CHECK(io::read_tensors(fixture("npz/stored.npz")).format == "npz");
  for (const char* name : {"sae/plain/legacy.pt", "sae/plain/legacy_nested.pt"}) {
    const std::string path = fixture(name);
    mentions(error_of(path, [&] { io::read_tensors(path); }), "PyTorch wrote before 1.6");
  }
  mentions(refusal("torch/torchscript.pt"), "TorchScript");
}

TEST_CASE("tensors of types without a name here are refused by theirs") {
  const Error error = refusal("torch/unreadable_types.pt");
  CHECK(error.kind == ErrorKind::format);
}

TEST_CASE("a checkpoint whose pickle is encrypted") {
  std::string bytes = io::read_text(fixture("torch/many.pt"));
  const auto entry = bytes.find("PK\1\2");
  REQUIRE(bytes.compare(entry + 46, 13, "many/data.pkl") == 0);
  bytes[entry + 8] = static_cast<char>(bytes[entry + 8] | 1);
  const Folder folder;
  const std::string path = folder / "locked.pt";
  io::write_text(path, bytes);
  mentions(error_of(path, [&] { io::read_torch(path); }), "member 'many/data.pkl': encrypted");
}

TEST_CASE("a checkpoint's pickle is not read without end") {
  const Folder folder;
  const std::string path = folder / "large.pt";
  StoredZip(path).add("large/data.pkl", {}, (256u << 20) + 1).close();
  mentions(error_of(path, [&] { io::read_torch(path); }),
           "of 268435457 bytes, more than 268435456");
}

TEST_CASE("a matrix stays mapped where it is stored as it is wanted") {
  const auto file = io::read_torch(fixture("torch/views.pt"));
  const Matrix whole = io::to_matrix(file.at("whole")), rows = io::to_matrix(file.at("rows"));
  CHECK(rows.bytes().data() == whole.bytes().data() + 8 * 4);
}

TEST_CASE("a checkpoint cut anywhere is refused") {
  const std::string whole = io::read_text(fixture("torch/list.pt"));
  CHECK_NOTHROW(read_everything(io::parse_torch(shared(whole), "x.pt")));
  for (std::size_t size = 0; size < whole.size(); ++size)
    error_of("x.pt",
             [&] { read_everything(io::parse_torch(shared(whole.substr(0, size)), "x.pt")); });
}

TEST_CASE("a checkpoint damaged anywhere is read or refused, never more") {
  const std::string whole = io::read_text(fixture("torch/list.pt"));
  Index refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      try {
        read_everything(io::parse_torch(shared(damaged), "x.pt"));
      } catch (const Error& error) {
        ++refused;
        REQUIRE(std::string(error.what()).starts_with("x.pt: "));
        REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
      }
    }
  CHECK(refused > 0);
}
