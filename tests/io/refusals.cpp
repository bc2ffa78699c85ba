// What the readers and writers of files refuse, where no file of a format's own test leads there.
#include <algorithm>
#include <string>
#include <vector>

#include "io/npy_header.hpp"
#include "io/support.hpp"
#include "io/xml.hpp"
#include "io/yaml.hpp"
#include "yoneda/io/npy.hpp"
#include "yoneda/io/npz.hpp"

using namespace yoneda;
using namespace yoneda::test;
using doctest::Contains;

namespace {

// Four numbers of which the storage holds two.
io::Tensor cut_short(std::vector<Index> shape, std::vector<Index> strides = {}) {
  io::Tensor tensor{"cut", io::ElementType::f32, std::move(shape), "x.pt",
                    [] { return shared("12345678"); }};
  tensor.strides = std::move(strides);
  return tensor;
}

void parse(const std::string& xml) {
  io::parse_xml(xml, "x.graphml", {});
}

}  // namespace

TEST_CASE("a numpy header without a word, and arrays of more axes than a header has room for") {
  const std::string magic_alone("\x93NUMPY\1\0", 8);
  CHECK_THROWS_WITH_AS(io::parse_npy_header(shared(magic_alone).span), Contains("it is empty"),
                       Error);
  const Folder folder;
  const std::vector<float> one{1};
  const auto wide = io::output("wide", one, std::vector<Index>(30000, 1));
  CHECK_THROWS_WITH_AS(io::write_npy(folder / "a.npy", wide), Contains("too many axes"), Error);
  const std::vector twice{io::output("a", one), io::output("a", one)};
  CHECK_THROWS_AS(io::write_npz(folder / "a.npz", twice), Error);
  CHECK(folder.files() == 0);
}

TEST_CASE("a tensor that claims more than its storage holds") {
  const auto beyond = Contains("reaches beyond its 8 bytes");
  CHECK_THROWS_WITH_AS(cut_short({4}).bytes(), beyond, Error);
  CHECK_THROWS_WITH_AS(io::to_floats(cut_short({2, 2}, {1, 2})), beyond, Error);
}

TEST_CASE("axes that a tensor does not have, and too little room for its numbers") {
  const io::Tensor tensor = cut_short({2});
  CHECK_THROWS_AS(io::merge_axes(tensor, 0), Error);
  CHECK_THROWS_AS(io::merge_axes(tensor, -1), Error);
  std::vector<float> room(1);
  CHECK_THROWS_WITH_AS(io::read_floats(tensor, room), Contains("no room for tensor"), Error);
}

TEST_CASE("XML without bottom, with a type of its own, with unknown entities, and none at all") {
  std::string deep;
  for (int level = 0; level < 65; ++level) deep += "<a>";
  CHECK_THROWS_WITH_AS(parse(deep), Contains("nested deeper than 64"), Error);
  CHECK_THROWS_WITH_AS(parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
                       Contains("declares its own document type"), Error);
  CHECK_THROWS_WITH_AS(parse("<!DOCTYPE a SYSTEM 'elsewhere.dtd'><a>&b;</a>"),
                       Contains("the entity &b; is not declared"), Error);
  CHECK_THROWS_WITH_AS(parse("<a></b>"), Contains("is no XML: mismatched tag"), Error);
  CHECK_NOTHROW(parse("<a><b/></a>"));
}

TEST_CASE("YAML whose key is a list, and a configuration of more than a megabyte") {
  const Folder folder;
  const std::string path = folder / "config.yaml";
  io::write_text(path, "? [a, b]\n: c\n");
  mentions(error_of(path, [&] { io::read_yaml(path); }), "a key that is no text");
  io::write_text(path, "a: " + std::string((1 << 20) + 1, 'b'));
  mentions(error_of(path, [&] { io::read_yaml(path); }), "a configuration of 1048580 bytes");
}
