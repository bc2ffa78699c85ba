// What an interrupted computation of arrows leaves behind, and going on from there.
#pragma once

#include <optional>
#include <string>

#include "yoneda/study/arrows_file.hpp"

namespace yoneda::study {

/// A folder of finished blocks of features, each an arrows file of its own that anything may read,
/// named by its first feature. It exists while the whole is not yet written.
class UnfinishedArrows {
 public:
  /// Keeps nothing.
  UnfinishedArrows() = default;

  /// Keeps blocks in `folder`, which is made with the first one. What lies there already is used
  /// with `resume`, and deleted without.
  UnfinishedArrows(std::string folder, bool resume);

  /// The block from feature `first` on as it was finished before, if it was: `expected` is how it
  /// would be made now. Throws Error{value} where it was made from other inputs or with other
  /// options, naming what differs.
  std::optional<LogitArrows> find(Index first, const Record& expected) const;

  /// Keeps a block. Throws Error{file}.
  void keep(Index first, const LogitArrows& block, const Record& record);

  /// Deletes the folder: the whole has been written.
  void discard() const;

  const std::string& folder() const { return folder_; }

 private:
  std::string block_path(Index first) const;

  std::string folder_;
};

}  // namespace yoneda::study
