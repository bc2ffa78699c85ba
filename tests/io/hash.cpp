#include "yoneda/io/hash.hpp"

#include "io/support.hpp"
#include "yoneda/io/mapped_file.hpp"

using namespace yoneda;
using namespace yoneda::test;

TEST_CASE("a file's hash is the one xxhsum prints") {
  const Folder folder;
  io::write_text(folder / "empty", "");
  CHECK(io::hash_file(folder / "empty") == "99aa06d3014798d86001c324468d497f");
  io::write_text(folder / "abc", "abc");
  CHECK(io::hash_file(folder / "abc") == "06b05ab6733a618578af5f94892f3950");
  error_of(folder / "none", [&] { io::hash_file(folder / "none"); });
}

TEST_CASE("a folder's hash follows names and contents, not the order they were written in") {
  const Folder a, b;
  io::write_text(a / "x", "1");
  io::write_text(a / "y", "2");
  io::write_text(b / "y", "2");
  io::write_text(b / "x", "1");
  io::write_text(b / ".hidden", "3");
  const std::string hash = io::hash_path(a.string());
  CHECK(hash == io::hash_path(b.string()));
  CHECK(hash == io::hash_path(b.string() + "/"));
  CHECK(hash == io::hash_files(std::vector{a / "x", a / "y"}));
  io::write_text(b / "x", "2");
  CHECK(hash != io::hash_path(b.string()));
  CHECK(hash != io::hash_files(std::vector{a / "y", a / "x"}));
}

TEST_CASE("a mapped file holds the bytes and says what is wrong with others") {
  const Folder folder;
  io::write_text(folder / "text", "abc");
  const auto bytes = io::map_file(folder / "text");
  CHECK(bytes.span.size() == 3);
  CHECK(bytes.span[2] == std::byte{'c'});
  io::write_text(folder / "empty", "");
  mentions(error_of(folder / "empty", [&] { io::map_file(folder / "empty"); }), "is empty");
  mentions(error_of(folder.string(), [&] { io::map_file(folder.string()); }), "is a folder");
  mentions(error_of(folder / "none", [&] { io::map_file(folder / "none"); }), "No such file");
  mentions(error_of("/dev/zero", [&] { io::map_file("/dev/zero"); }), "is a device");
}
