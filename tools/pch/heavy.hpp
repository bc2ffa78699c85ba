// Compiled once for all tools: the two headers that cost seconds.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
