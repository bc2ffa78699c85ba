// What a person reads who mistyped: one line that says what was found and what to do.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tool {

/// The line for what the parser objects to: "yoneda categories: unknown option '--nieghbors'; did
/// you mean --neighbors? (yoneda categories --help)". A word that no command knows comes first:
/// what else is wrong may follow from it.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

/// "there is no command 'catgories'; did you mean categories?".
std::string no_command(const CLI::App& app, const std::string& word);

/// What is wrong with the values of an option, "--k: 'ten' is no whole number".
std::string value_error(const CLI::Option& option, const CLI::ParseError& error);

/// Why a value is none of an option's, "'spong' is none of its values; did you mean sponge?".
std::string no_choice(const std::string& value, const std::vector<std::string>& choices);

}  // namespace tool
