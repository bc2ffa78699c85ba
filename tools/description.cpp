#include "description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "terminal.hpp"

namespace tool {
namespace {

constexpr std::size_t page_width = 80;

/// The commands by what a person wants of them, in the order in which they are told of. A command
/// that is in no row is told of at the end.
struct CommandGroup {
  std::string_view heading;
  std::array<std::string_view, 7> names;
};
constexpr std::array command_groups{
    CommandGroup{"Start here", {"demo", "inspect", "run"}},
    CommandGroup{"One step at a time", {"arrows", "graph", "categories", "check"}},
    CommandGroup{"Ask more",
                 {"features", "enrich", "relations", "compose", "views", "compare", "lattice"}},
    CommandGroup{"Show and share", {"report", "plot", "export"}},
    CommandGroup{"Train", {"train"}},
    CommandGroup{"This program", {"help", "completion"}}};
constexpr std::string_view other_commands = "Other";

std::string group_of(const std::string& command) {
  for (const CommandGroup& group : command_groups)
    if (std::ranges::find(group.names, command) != group.names.end())
      return std::string(group.heading);
  return std::string(other_commands);
}

std::string program_name(const CLI::App& app) {
  return app.get_parent() ? program_name(*app.get_parent()) + " " + app.get_name() : "yoneda";
}

// CLI11 says "TEXT:{sponge,leiden}" of a text that is one of these.
std::vector<std::string> choices_in(const std::string& type) {
  const auto open = type.find('{'), close = type.find('}');
  if (open == type.npos || close == type.npos || close < open) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

std::string value_label(const std::string& type, bool listed) {
  if (listed) return "NAME";
  const std::string plain = type.substr(0, type.find(':'));
  if (plain == "INT" || plain == "UINT") return "N";
  return plain == "FLOAT" ? "X" : plain;
}

std::string either(const std::vector<std::string>& texts) {
  std::string line;
  for (std::size_t i = 0; i < texts.size(); ++i)
    line += (i == 0 ? "" : i + 1 < texts.size() ? ", " : " or ") + texts[i];
  return line;
}

// What a footer holds: lines that begin with "  yoneda " are examples, what is indented more their
// meaning, the rest is said as it is.
void read_footer(const std::string& footer, CommandText& text) {
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  yoneda "))
      text.examples.push_back({line.substr(2), {}});
    else if (line.starts_with("      ") && !text.examples.empty())
      text.examples.back().meaning += line.substr(6);
    else if (!line.empty())
      text.more += (text.more.empty() ? "" : " ") + line;
  }
}

// "  --method NAME   how features are grouped: …".
std::string entry(const std::string& name, const std::string& meaning, std::size_t column) {
  std::string line = "  " + name;
  const std::size_t used = yoneda::columns(line);
  line += used + 2 > column ? "\n" + std::string(column, ' ') : std::string(column - used, ' ');
  return line + wrapped(meaning, column, page_width) + "\n";
}

std::string examples_text(const CommandText& command) {
  std::string text;
  if (!command.examples.empty()) text += "\n" + heading("Examples") + "\n";
  for (const auto& [line, meaning] : command.examples) {
    text += "  " + line + "\n";
    if (!meaning.empty()) text += "      " + wrapped(meaning, 6, page_width) + "\n";
  }
  if (!command.more.empty()) text += "\n" + wrapped(command.more, 0, page_width) + "\n";
  return text;
}

std::string commands_text(const CLI::App& app) {
  std::string text, group;
  for (const CommandText& command : described_commands(app)) {
    if (command.group != group) text += "\n" + heading(command.group) + "\n";
    group = command.group;
    text += entry(command.name.substr(command.name.find(' ') + 1), command.summary, 14);
  }
  return text;
}

// Those of the names that are commands, as one text.
std::string those_there(const CLI::App& app, const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names)
    if (command_named(app, name)) found.push_back(name);
  return joined(found, ", ");
}

}  // namespace

std::string joined(const std::vector<std::string>& texts, const std::string& between) {
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : between) + text;
  return line;
}

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands({}))
    if (command->get_name() == name) return command;
  return nullptr;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t most) {
  std::string made;
  std::size_t at = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t length = yoneda::columns(word);
    if (!made.empty() && at + 1 + length > most) {
      made += "\n" + std::string(indent, ' ');
      at = indent;
    } else if (!made.empty()) {
      made += " ";
      ++at;
    }
    made += word;
    at += length;
  }
  return made;
}

std::string OptionText::synopsis() const {
  return joined(flags, ", ") + (positional || value.empty() ? "" : " " + value) +
         (many ? " ..." : "");
}

std::string OptionText::sentence() const {
  std::string text = meaning;
  if (!choices.empty()) text += "; " + either(choices);
  if (!fallback.empty()) text += fmt::format(" (default {})", fallback);
  if (required && !positional) text += " (required)";
  return text;
}

std::string CommandText::usage() const {
  std::string line = name;
  if (!options.empty()) line += " [OPTIONS]";
  for (const OptionText& argument : positionals)
    line += argument.required ? " " + argument.synopsis() : " [" + argument.synopsis() + "]";
  return line;
}

std::vector<std::string> CommandText::groups() const {
  std::vector<std::string> found;
  for (const OptionText& option : options)
    if (std::ranges::find(found, option.group) == found.end()) found.push_back(option.group);
  return found;
}

OptionText described(const CLI::Option& option) {
  OptionText text;
  text.positional = option.get_positional();
  if (text.positional) text.flags.push_back(option.get_name(true));
  for (const std::string& name : option.get_snames()) text.flags.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.flags.push_back("--" + name);
  if (option.get_items_expected_max() > 0) {
    const std::string type = option.get_type_name();
    text.choices = choices_in(type);
    text.value = value_label(type, !text.choices.empty());
    text.fallback = option.get_default_str();
    text.many = option.get_expected_max() > 1;
  }
  text.meaning = option.get_description();
  text.group = option.get_group();
  text.required = option.get_required();
  return text;
}

CommandText described(const CLI::App& app) {
  CommandText text;
  text.name = program_name(app);
  text.summary = app.get_description();
  if (app.get_parent() && !app.get_group().empty()) text.group = group_of(app.get_name());
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? text.positionals : text.options).push_back(described(*option));
  }
  read_footer(app.get_footer(), text);
  return text;
}

std::vector<CommandText> described_commands(const CLI::App& app) {
  std::vector<CommandText> commands;
  const auto add = [&](std::string_view name) {
    for (const CLI::App* command : app.get_subcommands({}))
      if (command->get_name() == name && !command->get_group().empty())
        commands.push_back(described(*command));
  };
  for (const CommandGroup& group : command_groups)
    for (const std::string_view name : group.names)
      if (!name.empty()) add(name);
  for (const CLI::App* command : app.get_subcommands({}))
    if (group_of(command->get_name()) == other_commands) add(command->get_name());
  return commands;
}

void set_examples(CLI::App& command, std::vector<Example> examples, const std::string& more) {
  std::string footer;
  for (const auto& [line, meaning] : examples)
    footer += "  " + line + "\n" + (meaning.empty() ? "" : "      " + meaning + "\n");
  command.footer(footer + more);
}

std::string help_text(const CLI::App& app) {
  constexpr std::size_t column = 26;
  const CommandText command = described(app);
  const bool whole = app.get_parent() == nullptr;
  std::string text = wrapped(whole ? command.summary : command.name + ": " + command.summary, 0) +
                     "\n\n" + heading("Usage") + "\n  " + command.usage() +
                     (whole ? " COMMAND" : "") + "\n";
  if (!command.positionals.empty()) text += "\n";
  for (const OptionText& argument : command.positionals)
    text += entry(argument.synopsis(), argument.sentence(), column);
  if (whole) text += commands_text(app);
  for (const std::string& group : command.groups()) {
    text += "\n" + heading(group) + "\n";
    for (const OptionText& option : command.options)
      if (option.group == group) text += entry(option.synopsis(), option.sentence(), column);
  }
  if (!whole) {
    text += "\n" + heading("Options of every command") + "\n";
    for (const OptionText& option : described(*app.get_parent()).options)
      if (option.value != "") text += entry(option.synopsis(), option.sentence(), column);
  }
  return text + examples_text(command);
}

std::string overview(const CLI::App& app) {
  const std::string shown = those_there(app, {"report", "plot", "export"});
  std::string text = wrapped(described(app).summary, 0) + "\n\n";
  text += "  SAE + model → arrows → graph → categories, check" +
          (shown.empty() ? "" : " → " + shown) + "\n                ";
  text += "└────── run does these ───────┘\n\n";
  text += heading("Type first") + "\n";
  const auto line = [&](const std::string& typed, const std::string& meaning) {
    text += entry(typed, meaning, 38);
  };
  line("yoneda demo", "all of it, on data that comes along (half a minute)");
  line("yoneda inspect PATH", "what a download is, and what to type next");
  line("yoneda run --sae SAE --model MODEL \\", "");
  text.erase(text.find_last_not_of(" \n") + 1);
  text += "\n";
  line("           -o STUDY", "all of it, on yours");
  text += commands_text(app);
  return text + "\n" +
         wrapped("yoneda COMMAND --help explains a command and ends with examples that run.", 0) +
         "\n";
}

}  // namespace tool
