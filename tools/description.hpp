// The command line as data: what help, manual pages, completion and messages tell of it. All of
// them are made from what the parser itself knows, so that none can say anything else.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tool {

/// An option, or an argument by position.
struct OptionText {
  std::vector<std::string> flags;    ///< "-k", "--k"; of an argument by position its name
  std::string value;                 ///< what stands for its value: "N", "PATH"; empty: takes none
  std::vector<std::string> choices;  ///< all the values there are, where they are listed
  std::string meaning, group;
  std::string fallback;  ///< the default, as far as it is one value
  bool positional = false, required = false, many = false;

  /// "-k, --k N".
  std::string synopsis() const;
  /// The meaning with choices, default and what is required, in one sentence.
  std::string sentence() const;
  /// Whether a path may be meant: a text that is none of listed ones.
  bool path() const { return !value.empty() && choices.empty() && value != "N" && value != "X"; }
};

struct Example {
  std::string line, meaning;
};

/// A command, or the program itself.
struct CommandText {
  std::string name;     ///< "yoneda categories"
  std::string summary;  ///< one line
  std::string group;    ///< of commands; empty: not told of
  std::vector<OptionText> positionals, options;
  std::vector<Example> examples;
  std::string more;  ///< what else is said at the end

  /// "yoneda categories [OPTIONS] [input]".
  std::string usage() const;
  /// The groups of its options, in order.
  std::vector<std::string> groups() const;
};

OptionText described(const CLI::Option& option);
CommandText described(const CLI::App& app);
/// The commands that are told of, in the order of their groups.
std::vector<CommandText> described_commands(const CLI::App& app);

/// The command of that name; null where there is none.
const CLI::App* command_named(const CLI::App& app, const std::string& name);

/// What help ends with: lines that really run, and after them what they need. The demo's study is
/// called yoneda-demo in all of them.
void set_examples(CLI::App& command, std::vector<Example> examples, const std::string& more = {});

/// Help of a command, or of the program, in 80 columns.
std::string help_text(const CLI::App& app);

/// What `yoneda` alone says: the way from weights to a report, and what to type first.
std::string overview(const CLI::App& app);

std::string joined(const std::vector<std::string>& texts, const std::string& between);

/// The text in lines of at most `width` columns, the first behind what stands before it already,
/// the others behind `indent` blanks.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 80);

}  // namespace tool
