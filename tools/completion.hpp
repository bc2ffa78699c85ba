// Completion scripts and manual pages, made from what the parser knows.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "command.hpp"

namespace tool {

/// A completion script for the shell: "bash", "zsh" or "fish".
std::string completion_script(const CLI::App& app, const std::string& shell);

/// The manual pages by file name: "yoneda.1", "yoneda-categories.1", ... Without dates, so that
/// they are the same whenever they are made.
std::map<std::string, std::string> manual_pages(const CLI::App& app);

/// `yoneda completion SHELL`, and `yoneda manual FOLDER`, which the build calls.
void add_completion(CLI::App& app, Session& session);

}  // namespace tool
