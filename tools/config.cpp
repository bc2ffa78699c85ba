#include "config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "description.hpp"
#include "terminal.hpp"
#include "usage.hpp"
#include "yoneda/core/similar_words.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/study/settings_file.hpp"

namespace tool {
namespace {

namespace fs = std::filesystem;
namespace study = yoneda::study;

constexpr std::string_view no_keys[] = {"config", "help", "version"};

// The options that may be keys, each under its long name.
std::vector<CLI::Option*> keys_of(CLI::App& command) {
  std::vector<CLI::Option*> keys;
  for (CLI::App* app : {&command, command.get_parent()})
    for (CLI::Option* option : app->get_options([](const CLI::Option*) { return true; })) {
      const auto& names = option->get_lnames();
      if (!names.empty() && std::ranges::find(no_keys, names.front()) == std::end(no_keys))
        keys.push_back(option);
    }
  return keys;
}

CLI::Option& option_of(CLI::App& command, const study::Setting& setting, const std::string& path) {
  std::vector<std::string> names;
  for (CLI::Option* option : keys_of(command))
    for (const std::string& name : option->get_lnames()) {
      if (name == setting.name) return *option;
      names.push_back(name);
    }
  const auto near = yoneda::similar_words(setting.name, names, 1);
  study::refuse_setting(
      path, setting.at,
      fmt::format("unknown key '{}'{}; the keys are the flags of {} --help",
                  safe_text(setting.name, 60),
                  near.empty() ? "" : ", perhaps '" + near.front() + "'", described(command).name));
}

// The value as the option is to see it.
std::string value_of(const study::Setting& setting, const CLI::Option& option,
                     const std::vector<std::string>& paths, const std::string& path) {
  const bool takes_none = option.get_items_expected_max() == 0;
  if (takes_none != setting.truth)
    study::refuse_setting(path, setting.value_at,
                          fmt::format("'{}' is {}, expected {}", setting.name,
                                      setting.truth ? "a truth value" : "no truth value",
                                      takes_none ? "true or false" : "a text or a number"));
  if (std::ranges::find(paths, setting.name) == paths.end()) return setting.text;
  const fs::path value(setting.text);
  return value.is_absolute() ? setting.text
                             : (fs::path(path).parent_path() / value).lexically_normal().string();
}

void apply(const study::Setting& setting, CLI::Option& option, const std::string& value,
           const std::string& path) {
  try {
    option.add_result(value);
    option.run_callback();
  } catch (const CLI::ParseError& refused) {
    study::refuse_setting(path, setting.value_at, value_error(option, refused));
  } catch (const yoneda::Error& refused) {
    study::refuse_setting(path, setting.value_at, refused.what());
  }
}

void read_config(CLI::App& command, ConfigUse& use, const std::vector<std::string>& paths) {
  const auto settings = study::read_settings(use.path);
  use.hash = yoneda::io::hash_file(use.path);
  for (const study::Setting& setting : settings) {
    CLI::Option& option = option_of(command, setting, use.path);
    const std::string value = value_of(setting, option, paths, use.path);
    if (option.count() > 0 || (setting.truth && value == "false")) continue;
    apply(setting, option, value, use.path);
    use.flags += (use.flags.empty() ? "--" : " --") + setting.name;
    if (!setting.truth) use.flags += " " + shell_word(setting.text);
  }
}

}  // namespace

void ConfigUse::note(study::Record& record) const {
  if (path.empty()) return;
  record.options["config"] = path;
  record.options["config_hash"] = hash;
  record.options["config_flags"] = flags;
}

void add_config_flag(CLI::App& command, ConfigUse& use, std::vector<std::string> paths) {
  command
      .add_option_function<std::string>(
          "--config",
          [&command, &use, paths = std::move(paths)](const std::string& path) {
            use.path = path;
            read_config(command, use, paths);
          },
          "flags from a TOML file, by their long names (method = \"leiden\"); tables may group "
          "them, paths are relative to the file, flags typed here win")
      ->type_name("FILE");
}

}  // namespace tool
