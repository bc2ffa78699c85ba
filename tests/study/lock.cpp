#include "yoneda/study/lock.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>

#include "temporary.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

using namespace yoneda;
using study::StudyLock;
using study::Writes;
namespace fs = std::filesystem;

namespace {

bool is_free(const std::string& folder, Writes writes) {
  try {
    const StudyLock lock(folder, writes);
    return true;
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::resource);
    CHECK(error.where == folder);
    return false;
  }
}

}  // namespace

TEST_CASE("a whole study has one writer, its files may have several") {
  const TemporaryFolder scratch;
  const std::string folder = scratch / "study";
  for (const Writes writes : {Writes::study, Writes::one_file}) {
    const StudyLock lock(folder, writes);
    CHECK(!is_free(folder, Writes::study));
    CHECK(is_free(folder, Writes::one_file) == (writes == Writes::one_file));
    CHECK(fs::is_empty(folder));
  }
  CHECK(is_free(folder, Writes::study));
}

TEST_CASE("a folder that was made and stays empty is taken away again") {
  const TemporaryFolder scratch;
  const std::string folder = scratch / "study";
  { const StudyLock lock(folder, Writes::study); }
  CHECK(!fs::exists(folder));
  {
    const StudyLock lock(folder, Writes::study);
    io::write_text(folder + "/study.json", "{}");
  }
  CHECK(fs::exists(folder + "/study.json"));
}

TEST_CASE("where there can be no folder the error says why") {
  const TemporaryFolder scratch;
  const std::string file = scratch / "file", loop = scratch / "loop";
  io::write_text(file, "");
  fs::create_symlink("loop", loop);
  for (const auto& [folder, why] : {std::pair{file, "is a file"}, std::pair{file + "/in", "folder"},
                                    std::pair{loop, "cannot make this folder"},
                                    std::pair{std::string("/proc/new"), "No such file"}}) {
    try {
      const StudyLock lock(folder, Writes::study);
      FAIL("a lock in " << folder);
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::file);
      CHECK_MESSAGE(std::string(error.what()).find(why) != std::string::npos, error.what());
    }
  }
}
