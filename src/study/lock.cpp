#include "yoneda/study/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "yoneda/core/error.hpp"

namespace yoneda::study {
namespace {

namespace fs = std::filesystem;

Error no_folder(const std::string& folder, const std::error_code& why) {
  return {ErrorKind::file, "cannot make this folder (" + why.message() + ")", folder};
}

// Whether the name still leads to what was opened: the one before may have removed it.
bool is_still(const std::string& folder, int descriptor) {
  struct stat named {};
  struct stat opened {};
  return stat(folder.c_str(), &named) == 0 && fstat(descriptor, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

}  // namespace

StudyLock::StudyLock(std::string folder, Writes writes) : folder_(std::move(folder)) {
  const bool alone = writes == Writes::study;
  while (true) {
    made_ = make_folder();
    descriptor_ = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    // A folder that may be written but not listed can hold a study, and no lock.
    if (descriptor_ < 0 && errno == EACCES) return;
    if (descriptor_ < 0 && errno == ENOENT) continue;
    if (descriptor_ < 0) throw no_folder(folder_, std::error_code(errno, std::generic_category()));
    const bool held = flock(descriptor_, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
    if (!held && errno == EWOULDBLOCK) {
      close(descriptor_);
      throw Error(ErrorKind::resource,
                  "another yoneda is writing this study now: wait until it ends, or choose another "
                  "folder (-o)",
                  folder_);
    }
    if (!held || is_still(folder_, descriptor_)) break;
    close(descriptor_);
  }
}

StudyLock::~StudyLock() {
  std::error_code ignored;
  if (made_) fs::remove(folder_, ignored);  // removes a folder only where it is empty
  if (descriptor_ >= 0) close(descriptor_);
}

bool StudyLock::make_folder() {
  std::error_code failure;
  const fs::file_status status = fs::status(folder_, failure);
  if (fs::exists(status) && !fs::is_directory(status))
    throw Error(ErrorKind::file, "is a file, and a study is a folder: choose another name (-o)",
                folder_);
  const bool made = fs::create_directories(folder_, failure);
  std::error_code ignored;
  if (failure && !fs::is_directory(folder_, ignored)) throw no_folder(folder_, failure);
  return made;
}

}  // namespace yoneda::study
