#include "yoneda/io/atomic_file.hpp"

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
namespace fs = std::filesystem;

TEST_CASE("a file appears whole, under its name, when it is committed") {
  const Folder folder;
  const std::string path = folder / "out.txt";
  io::write_text(path, "old");
  {
    io::AtomicFile file(path);
    file.write("new");
    CHECK(io::read_text(path) == "old");
    CHECK(folder.files() == 2);
    file.commit();
  }
  CHECK(io::read_text(path) == "new");
  CHECK(folder.files() == 1);
}

TEST_CASE("without a commit nothing changes and nothing is left") {
  const Folder folder;
  const std::string path = folder / "out.txt";
  io::write_text(path, "old");
  { io::AtomicFile(path).write("new"); }
  CHECK(io::read_text(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("two writers of one file do not disturb each other") {
  const Folder folder;
  const std::string path = folder / "out.txt";
  io::AtomicFile first(path), second(path);
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  CHECK(io::read_text(path) == "first");
  CHECK(folder.files() == 1);
}

TEST_CASE("a symbolic link keeps pointing to the file") {
  const Folder folder;
  io::write_text(folder / "real", "old");
  fs::create_symlink("real", folder / "link");
  io::write_text(folder / "link", "new");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(io::read_text(folder / "real") == "new");
}

TEST_CASE("a device is written to, not replaced") {
  io::write_text("/dev/null", "gone");
  CHECK(fs::is_character_file("/dev/null"));
}

TEST_CASE("what cannot be written says why and leaves nothing") {
  const Folder folder;
  io::write_text(folder / "file", "");
  for (const auto& [path, why] : {std::pair{folder / "file/out", "Not a directory"},
                                  std::pair{folder / "missing/out", "No such file or directory"},
                                  std::pair{folder.string(), "Is a directory"}}) {
    const Error error = error_of(path, [&] { io::write_text(path, "x"); });
    CHECK(error.kind == ErrorKind::file);
    CHECK(error.where == path);
    mentions(error, why);
  }
  CHECK(folder.files() == 1);
}

TEST_CASE("a full disk is an error") {
  if (!fs::exists("/dev/full")) return;
  const Error error = error_of("/dev/full", [] { io::write_text("/dev/full", "x"); });
  CHECK(error.kind == ErrorKind::resource);
  mentions(error, "No space left");
}

TEST_CASE("what a killed writer left is removed by the next, and what a living one writes is not") {
  const Folder folder;
  const std::string path = folder / "out";
  io::write_text(path + ".4711-0.tmp", "left by one that was killed");
  io::write_text(path + ".mine.tmp", "of another name");
  io::write_text(folder / "other.4711-0.tmp", "of another file");
  io::AtomicFile living(path);
  CHECK(folder.files() == 3);
  living.write("living");
  io::write_text(path, "next");
  living.commit();
  CHECK(io::read_text(path) == "living");
  CHECK(folder.files() == 3);
}

TEST_CASE("unfinished files can be removed at once") {
  const Folder folder;
  io::AtomicFile one(folder / "one"), two(folder / "two");
  one.commit();
  io::remove_unfinished_files();
  CHECK(folder.files() == 1);
  const Error error = error_of(folder / "two", [&] { two.commit(); });
  mentions(error, "No such file");
}

TEST_CASE("what cannot be read says why") {
  const Folder folder;
  mentions(error_of(folder / "none", [&] { io::read_text(folder / "none"); }), "No such file");
  mentions(error_of(folder.string(), [&] { io::read_text(folder.string()); }), "is a folder");
  const std::string large(200000, 'x');
  io::write_text(folder / "large", large);
  CHECK(io::read_text(folder / "large") == large);
}
