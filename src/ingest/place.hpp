// What a user points at: a folder, or a file with its neighbours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

class Place {
 public:
  /// Throws Error{file} where nothing is there.
  explicit Place(std::string path);

  const std::string& path() const { return path_; }
  bool is_folder() const { return is_folder_; }
  /// The folder, or the folder of the file.
  const std::string& folder() const { return folder_; }
  /// The file's name without its folder; empty for a folder.
  std::string file_name() const;

  /// Whether the folder holds a file of this name ("checkpoints/final.safetensors"), and its path.
  bool has(const std::string& name) const;
  std::string at(const std::string& name) const;
  /// Names of the files in the folder, sorted.
  std::vector<std::string> files() const;

  /// True where the folder holds both files, and the path names the folder or one of them.
  bool is_pair(const std::string& first, const std::string& second) const;

  /// The absolute path with its links, for what dialects write into folder names:
  /// ".../layer_20/width_16k/average_l0_71/params.npz".
  std::string full() const;

 private:
  std::string path_, folder_;
  bool is_folder_;
};

/// The number behind `label` in a text: number_behind("layers.12.mlp", "layers.") is 12. Nothing
/// where there is no such label followed by a number.
std::optional<Index> number_behind(const std::string& text, const std::string& label);

}  // namespace yoneda::ingest
