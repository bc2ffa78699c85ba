// Who writes a study does so alone.
#pragma once

#include <string>

namespace yoneda::study {

/// What is written: the whole study, which takes all files to fit each other, or one file of it.
enum class Writes { study, one_file };

/// The right to write into a folder, held from construction to destruction; the system takes it
/// back from a process that dies, however it dies. It leaves no file. Who writes the whole study is
/// alone; several may write one file each. Nobody is kept from reading: files are replaced whole.
///
/// The folder is made where it is missing, and taken away again at the end where it is still empty.
/// Throws Error{file} where there can be no such folder, and Error{resource} where another process
/// has the right. On file systems without locks everybody gets it.
class StudyLock {
 public:
  StudyLock(std::string folder, Writes writes);
  ~StudyLock();
  StudyLock(const StudyLock&) = delete;
  StudyLock& operator=(const StudyLock&) = delete;

 private:
  bool make_folder();

  std::string folder_;
  bool made_ = false;
  int descriptor_ = -1;
};

}  // namespace yoneda::study
