// --config FILE.toml: the flags of a command as keys of a file.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "yoneda/study/record.hpp"

namespace tool {

/// What was taken from a file of settings.
struct ConfigUse {
  std::string path, hash;
  std::string flags;  ///< "--method leiden --k 20", those that the command line did not override

  /// Notes it among the options; nothing where there was no file.
  void note(yoneda::study::Record& record) const;
};

/// Adds --config. Every long name of the command's options and of those of all commands is a key;
/// tables may group them. A flag on the command line wins. `paths` are relative to the file. To be
/// called before the other options are added: those are then read behind it. Throws Error{format,
/// value} that says line and column.
void add_config_flag(CLI::App& command, ConfigUse& use, std::vector<std::string> paths);

}  // namespace tool
