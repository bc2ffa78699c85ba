#include "completion.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "description.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/record.hpp"

namespace tool {
namespace {

constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};

std::string short_name(const CommandText& command) {
  return command.name.substr(command.name.find(' ') + 1);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// Within single quotes of a shell.
std::string single_quoted(const std::string& text) {
  return "'" + replaced(text, "'", "'\\''") + "'";
}

/// The commands, each with the options of every command behind its own; the last is the program
/// itself, called "".
struct Words {
  std::vector<CommandText> commands;
  CommandText program;
};

Words words_of(const CLI::App& app) {
  Words words{described_commands(app), described(app)};
  for (CommandText& command : words.commands)
    for (const OptionText& option : words.program.options)
      if (!option.value.empty()) command.options.push_back(option);
  return words;
}

std::vector<std::string> names_of(const Words& words) {
  std::vector<std::string> names;
  for (const CommandText& command : words.commands) names.push_back(short_name(command));
  return names;
}

// ---- bash

// One branch of `case $command in`: what follows which option, and what there is besides.
std::string bash_branch(const std::string& name, const CommandText& command) {
  std::vector<std::string> flags;
  std::string values;
  for (const OptionText& option : command.options) {
    flags.insert(flags.end(), option.flags.begin(), option.flags.end());
    if (option.value.empty()) continue;
    const std::string pattern = joined(option.flags, "|");
    if (!option.choices.empty())
      values += fmt::format("        {}) words='{}' ;;\n", pattern, joined(option.choices, " "));
    else
      values += fmt::format("        {}) kind={} ;;\n", pattern, option.path() ? "file" : "number");
  }
  std::string position = "option";
  if (!command.positionals.empty()) {
    const OptionText& first = command.positionals.front();
    position = first.choices.empty() ? "file" : joined(first.choices, " ");
  }
  return fmt::format(
      "    {})\n      flags='{}'\n      position='{}'\n      case $before in\n{}      esac ;;\n",
      name.empty() ? "''" : name, joined(flags, " "), position, values);
}

std::string bash_script(const Words& words) {
  std::string branches;
  for (const CommandText& command : words.commands)
    branches += bash_branch(short_name(command), command);
  branches += bash_branch("", words.program);
  // Where '=' parts words, as it does by default, "--method=sp" is three of them.
  return fmt::format(R"(# bash completion of yoneda {}, made by `yoneda completion bash`
_yoneda() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  local command='' flags='' position='' words='' kind='' i
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $before == '=' ]]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      {}) command=${{COMP_WORDS[i]}}; break ;;
    esac
  done
  COMPREPLY=()
  case $command in
{}  esac
  if [[ -z $words && -z $kind ]]; then
    if [[ $current == -* ]]; then
      words=$flags
    elif [[ -z $command ]]; then
      words='{}'
    elif [[ $position == option ]]; then
      words=$flags
    elif [[ $position == file ]]; then
      kind=file
    else
      words=$position
    fi
  fi
  if [[ $kind == file ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "$current")
  elif [[ -n $words ]]; then
    while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -W "$words" -- "$current")
  fi
}}
complete -F _yoneda yoneda
)",
                     study::version(), joined(names_of(words), "|"), branches,
                     joined(names_of(words), " "));
}

// ---- zsh

// Within the brackets of an _arguments specification.
std::string zsh_meaning(const std::string& text) {
  std::string made = text;
  for (const char* special : {"\\", "[", "]", ":"})
    made = replaced(made, special, std::string("\\") + special);
  return made;
}

std::string zsh_action(const OptionText& option) {
  if (!option.choices.empty()) return "(" + joined(option.choices, " ") + ")";
  return option.path() ? "_files" : " ";
}

std::string zsh_options(const CommandText& command, const std::string& indent) {
  std::string lines;
  for (const OptionText& option : command.options)
    for (const std::string& flag : option.flags) {
      std::string specification = flag + "[" + zsh_meaning(option.meaning) + "]";
      if (!option.value.empty()) specification += ":" + option.value + ":" + zsh_action(option);
      lines += " \\\n" + indent + single_quoted(specification);
    }
  return lines;
}

std::string zsh_script(const Words& words) {
  std::string commands, branches;
  for (const CommandText& command : words.commands) {
    commands += "    " +
                single_quoted(short_name(command) + ":" + replaced(command.summary, ":", "\\:")) +
                "\n";
    branches += "        " + short_name(command) + ")\n          _arguments" +
                zsh_options(command, "            ");
    for (const OptionText& argument : command.positionals)
      branches += " \\\n            " +
                  single_quoted("*:" + argument.flags.front() + ":" + zsh_action(argument));
    branches += " ;;\n";
  }
  return fmt::format(R"(#compdef yoneda
# zsh completion of yoneda {}, made by `yoneda completion zsh`
_yoneda() {{
  local curcontext=$curcontext state line
  local -a commands
  commands=(
{}  )
  _arguments -C{} \
    '1:command:->command' \
    '*::argument:->argument'
  case $state in
    command) _describe -t commands 'command' commands ;;
    argument)
      case $words[1] in
{}      esac ;;
  esac
}}
if [[ $funcstack[1] == _yoneda ]]; then
  _yoneda "$@"
else
  compdef _yoneda yoneda
fi
)",
                     study::version(), commands, zsh_options(words.program, "    "), branches);
}

// ---- fish

std::string fish_option(const std::string& condition, const OptionText& option) {
  std::string line = "complete -c yoneda -n " + single_quoted(condition);
  for (const std::string& flag : option.flags)
    line += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
  if (!option.choices.empty())
    line += " -x -a " + single_quoted(joined(option.choices, " "));
  else if (option.path())
    line += " -r -F";
  else if (!option.value.empty())
    line += " -x";
  // Backslashes and quotes are escaped alike within single quotes of fish.
  return line + " -d '" + replaced(replaced(option.meaning, "\\", "\\\\"), "'", "\\'") + "'\n";
}

std::string fish_script(const Words& words) {
  const std::string none = "not __fish_seen_subcommand_from " + joined(names_of(words), " ");
  std::string text = fmt::format(
      "# fish completion of yoneda {}, made by `yoneda completion fish`\n", study::version());
  for (const CommandText& command : words.commands)
    text += fmt::format("complete -c yoneda -f -n '{}' -a {} -d '{}'\n", none, short_name(command),
                        replaced(command.summary, "'", "\\'"));
  for (const OptionText& option : words.program.options) text += fish_option(none, option);
  for (const CommandText& command : words.commands) {
    const std::string condition = "__fish_seen_subcommand_from " + short_name(command);
    for (const OptionText& option : command.options) text += fish_option(condition, option);
    for (const OptionText& argument : command.positionals)
      if (!argument.choices.empty())
        text += fmt::format("complete -c yoneda -f -n '{}' -a '{}'\n", condition,
                            joined(argument.choices, " "));
  }
  return text;
}

// ---- manual pages

// roff reads a backslash, a line that begins with a point or a quote, and turns a plain hyphen into
// a typographical one, which nobody can paste.
std::string roff(const std::string& text) {
  std::string made = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (made.starts_with('.') || made.starts_with('\'')) made = "\\&" + made;
  return made;
}

std::string manual_head(const std::string& title, const std::string& summary) {
  std::string upper = title;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format(".TH {} 1 \"\" \"yoneda {}\" \"Yoneda\"\n.SH NAME\n{} \\- {}\n", roff(upper),
                     study::version(), roff(title), roff(summary));
}

std::string manual_options(const CommandText& command) {
  std::string text;
  for (const std::string& group : command.groups()) {
    text += ".SH " + (group == "Options" ? "OPTIONS" : "\"" + roff(group) + "\"") + "\n";
    for (const OptionText& option : command.options)
      if (option.group == group)
        text += ".TP\n.B " + roff(option.synopsis()) + "\n" + roff(option.sentence()) + "\n";
  }
  return text;
}

std::string manual_examples(const CommandText& command) {
  std::string text;
  if (!command.examples.empty()) text += ".SH EXAMPLES\n";
  for (const auto& [line, meaning] : command.examples)
    text += ".TP\n.B " + roff(line) + "\n" + (meaning.empty() ? "\\&" : roff(meaning)) + "\n";
  if (!command.more.empty()) text += ".PP\n" + roff(command.more) + "\n";
  return text;
}

std::string see_also(const std::vector<std::string>& pages) {
  std::string text = ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < pages.size(); ++i)
    text += ".BR " + roff(pages[i]) + " (1)" + (i + 1 < pages.size() ? ",\n" : "\n");
  return text;
}

std::string command_page(const CommandText& command, const std::string& title) {
  std::string text =
      manual_head(title, command.summary) + ".SH SYNOPSIS\n.B " + roff(command.usage()) + "\n";
  if (!command.positionals.empty()) text += ".SH ARGUMENTS\n";
  for (const OptionText& argument : command.positionals)
    text += ".TP\n.B " + roff(argument.synopsis()) + "\n" + roff(argument.sentence()) + "\n";
  return text + manual_options(command) + manual_examples(command) + see_also({"yoneda"});
}

std::string program_page(const Words& words) {
  std::string text = manual_head("yoneda", "signed concept graphs of sparse autoencoders");
  text += ".SH SYNOPSIS\n.B yoneda COMMAND\n.RI [ OPTIONS ]\n.SH DESCRIPTION\n" +
          roff(words.program.summary) + "\n";
  std::string group;
  std::vector<std::string> pages;
  for (const CommandText& command : words.commands) {
    if (command.group != group) text += ".SH \"" + roff(command.group) + "\"\n";
    group = command.group;
    text += ".TP\n.B " + roff(command.name) + "\n" + roff(command.summary) + "\n";
    pages.push_back("yoneda-" + short_name(command));
  }
  text += manual_options(words.program) + R"(.SH "EXIT STATUS"
.TP
.B 0
done
.TP
.B 1
a diagram, or a condition named by \-\-require, does not hold
.TP
.B 2
bad input
.TP
.B 3
could not be computed
.TP
.B 130
interrupted
.SH ENVIRONMENT
.TP
.B NO_COLOR, CLICOLOR=0
no colours
.TP
.B CLICOLOR_FORCE
colours where the output is no terminal, too
)";
  return text + see_also(pages);
}

}  // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  const Words words = words_of(app);
  if (shell == "zsh") return zsh_script(words);
  return shell == "fish" ? fish_script(words) : bash_script(words);
}

std::map<std::string, std::string> manual_pages(const CLI::App& app) {
  const Words words = words_of(app);
  std::map<std::string, std::string> pages{{"yoneda.1", program_page(words)}};
  for (const CommandText& command : words.commands) {
    const std::string title = "yoneda-" + short_name(command);
    pages[title + ".1"] = command_page(command, title);
  }
  return pages;
}

void add_completion(CLI::App& app, Session&) {
  const auto shell = std::make_shared<std::string>(), folder = std::make_shared<std::string>();
  CLI::App* completion =
      app.add_subcommand("completion", "A completion script for your shell, on standard output");
  completion->add_option("shell", *shell, "whose completion")->required()->check(one_of(shells));
  set_examples(*completion,
               {{"yoneda completion bash > yoneda.bash",
                 "then `source yoneda.bash`, or put it "
                 "where bash looks for completions"}},
               "Where yoneda is installed, all three scripts are, too.");
  completion->callback([&app, shell] { fmt::print("{}", completion_script(app, *shell)); });

  CLI::App* manual = app.add_subcommand("manual", "Writes the manual pages into a folder");
  manual->group("");  // the build calls it
  manual->add_option("folder", *folder, "where to write")->required();
  manual->callback([&app, folder] {
    std::error_code failure;
    std::filesystem::create_directories(*folder, failure);
    for (const auto& [name, text] : manual_pages(app))
      yoneda::io::write_text(*folder + "/" + name, text);
  });
}

}  // namespace tool
