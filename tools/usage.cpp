#include "usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/core/similar_words.hpp"

namespace tool {
namespace {

std::string shown(const std::string& text) {
  return "'" + safe_text(text, 60) + "'";
}

// "; did you mean --neighbors?", or nothing.
std::string guess(const std::string& word, const std::vector<std::string>& candidates,
                  const std::string& before = {}) {
  const auto near = yoneda::similar_words(word, candidates, 1);
  return near.empty() ? "" : "; did you mean " + before + near.front() + "?";
}

// The command that was typed, or the program where there is none.
const CLI::App& active(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : *parsed.front();
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  std::vector<const CLI::Option*> options = command.get_options();
  if (command.get_parent())
    for (const CLI::Option* option : command.get_parent()->get_options()) options.push_back(option);
  return options;
}

const CLI::Option* option_named(const CLI::App& command, const std::string& name) {
  for (const CLI::Option* option : options_of(command))
    if (option->get_name() == name) return option;
  return nullptr;
}

bool is_flag(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word != "--" && !(word[1] >= '0' && word[1] <= '9');
}

std::string unknown_option(const CLI::App& command, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : options_of(command))
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  const std::string bare = flag.substr(flag.find_first_not_of('-'));
  return fmt::format("unknown option {}{}", shown(flag), guess(bare, names, "--"));
}

// A word too many: of the program an unknown command, of a command an argument that it does not
// take.
std::string surplus(const CLI::App& app, const CLI::App& command, const std::string& word) {
  if (&command != &app)
    return fmt::format("one argument too many: {}; {}", shown(word),
                       described(command).positionals.empty()
                           ? "this command takes options only"
                           : "it is used like " + described(command).usage());
  return no_command(app, word);
}

std::string missing(const CLI::App& command, const std::string& name) {
  const CLI::Option* option = option_named(command, name);
  if (!option) return name + " is missing";
  return fmt::format("{} is missing: {}", name, option->get_description());
}

std::string bad_value(const CLI::Option& option) {
  const OptionText text = described(option);
  for (const std::string& value : option.results())
    if (!text.choices.empty() && std::ranges::find(text.choices, value) == text.choices.end())
      return fmt::format("{}: {}", option.get_name(), no_choice(value, text.choices));
  const std::string value = option.results().empty() ? "" : option.results().back();
  return fmt::format("{}: {} is no {}", option.get_name(), shown(value),
                     text.value == "N" ? "whole number" : "number");
}

// The parser's own sentence in one line.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return safe_text(text, 400);
}

std::string without_end(const std::string& text, const std::string& end) {
  return text.ends_with(end) ? text.substr(0, text.size() - end.size()) : text;
}

std::string wrong_number_of_values(const CLI::App& command, const std::string& said) {
  const CLI::Option* option = option_named(command, said.substr(0, said.find(": ")));
  if (!option) return one_line(said);
  if (said.find("At Most") != said.npos)
    return fmt::format("{} is given {} times; give it once", option->get_name(),
                       option->results().size());
  const int expected = option->get_items_expected_min();
  return expected == 1
             ? option->get_name() + " stands without a value: " + option->get_description()
             : fmt::format("{} takes {} values", option->get_name(), expected);
}

std::string sentence(const CLI::App& app, const CLI::App& command, const CLI::ParseError& error) {
  const auto rest = app.remaining(true);
  if (const auto flag = std::ranges::find_if(rest, is_flag); flag != rest.end())
    return unknown_option(command, *flag);
  // An ExtrasError is named after the program; its code says what it is.
  const bool extra = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const std::string kind = error.get_name(), said = error.what();
  if (!rest.empty() && (extra || kind == "RequiredError"))
    return surplus(app, command, rest.front());
  if (kind == "RequiredError" && &command == &app) return "which command? `yoneda` lists them";
  if (kind == "RequiredError") return missing(command, without_end(said, " is required"));
  if (kind == "ExcludesError") {
    const auto middle = said.find(" excludes ");
    return said.substr(0, middle) + " and " + said.substr(middle + 10) + " do not go together";
  }
  if (kind == "ValidationError")
    if (const auto* option = option_named(command, said.substr(0, said.find(": "))))
      return value_error(*option, error);
  if (kind == "ConversionError")
    for (const CLI::Option* option : options_of(command))
      if (said.starts_with("Could not convert: " + option->get_name() + " = "))
        return value_error(*option, error);
  if (kind == "ArgumentMismatch") return wrong_number_of_values(command, said);
  return one_line(said);
}

}  // namespace

std::string no_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CommandText& known : described_commands(app))
    names.push_back(known.name.substr(known.name.find(' ') + 1));
  return fmt::format("there is no command {}{}", shown(word), guess(word, names));
}

std::string value_error(const CLI::Option& option, const CLI::ParseError& error) {
  const bool checked = error.get_name() == "ValidationError";
  return checked && described(option).choices.empty() ? one_line(error.what()) : bad_value(option);
}

std::string no_choice(const std::string& value, const std::vector<std::string>& choices) {
  return fmt::format("{} is none of {}{}", shown(value), joined(choices, ", "),
                     guess(value, choices));
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = active(app);
  const std::string name = described(command).name, said = sentence(app, command, error);
  return fmt::format("{}: {} ({})", name, safe_text(said, 2000),
                     &command == &app ? "yoneda lists all commands" : name + " --help");
}

}  // namespace tool
