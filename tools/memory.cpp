#include "memory.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "terminal.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/study/memory.hpp"

namespace tool {
namespace {

using yoneda::Index;

constexpr Index least_memory = Index{64} << 20;  // what the program holds before it does anything

Index wanted_bytes = 0;  // 0: nothing was named
std::string wanted_text;

// Of the machine, or of the group of processes that a container gives.
Index memory_there_is() {
  const Index machine = Index{sysconf(_SC_PHYS_PAGES)} * Index{sysconf(_SC_PAGESIZE)};
  std::string group;  // "max" where there is no limit
  std::ifstream("/sys/fs/cgroup/memory.max") >> group;
  const Index limit = yoneda::whole_number(group);
  return limit > 0 ? std::min(machine, limit) : machine;
}

// Memory of this process that is no file's.
Index held() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (Index kilobytes = 0; word == "RssAnon:" && status >> kilobytes) return 1024 * kilobytes;
  return 0;
}

}  // namespace

Index bytes_from(const std::string& text) {
  constexpr std::string_view units = "KMGkmg";
  const auto unit = text.empty() ? units.npos : units.find(text.back());
  const Index number =
      yoneda::whole_number(unit == units.npos ? text : text.substr(0, text.size() - 1));
  const int shift = unit == units.npos ? 0 : 10 * (static_cast<int>(unit % 3) + 1);
  const bool fits = number >= 0 && number <= std::numeric_limits<Index>::max() >> shift;
  return fits ? number << shift : -1;
}

void add_memory_flag(CLI::App& app) {
  const auto problem = [](std::string& text) {
    const Index bytes = bytes_from(text);
    if (bytes >= least_memory) return std::string();
    const std::string shown = "'" + yoneda::safe_text(text, 40) + "'";
    return bytes < 0 ? shown + " is no amount of memory: say 4G, 500M or a number of bytes"
                     : shown + " is too little: the program itself takes 64M";
  };
  app.add_option_function<std::string>(
         "--memory",
         [](const std::string& text) {
           wanted_text = text;
           wanted_bytes = bytes_from(text);
         },
         "memory to use, like 4G or 500M, weights that are read in place not counted (default: "
         "half of what there is)")
      ->type_name("SIZE")
      ->check(CLI::Validator(problem, ""));
}

Index memory_limit() {
  return wanted_bytes > 0 ? wanted_bytes : memory_there_is() / 2;
}

Index memory_left() {
  return memory_limit() - held();
}

yoneda::study::CheckStep null_that_fits(yoneda::study::CheckStep step, const JobSizes& sizes,
                                        Index left) {
  if (!yoneda::draws_directions(step.null)) return step;
  if (yoneda::study::fit(step, sizes.n, sizes.V, sizes.d, sizes.k, left))
    print_note("the null works on " + grouped(step.features) + " features" +
               (sizes.V > 0 ? " and " + grouped(step.tokens) + " tokens" : "") +
               ", which is what the memory holds (--memory)");
  return step;
}

void require_room_for_graph(Index n, Index k, const yoneda::NeighborOptions& neighbors,
                            Index left) {
  yoneda::study::require_memory(yoneda::study::graph_memory(n, k, neighbors), left,
                                fmt::format("the graph of {} features", grouped(n)),
                                "allow more with --memory, or keep fewer --neighbors");
}

void require_room_for_categories(Index n, Index edges, const yoneda::study::CategoryStep& step,
                                 Index left) {
  yoneda::study::require_memory(
      yoneda::study::categories_memory(n, edges, step), left,
      fmt::format("sorting {} features by {}", grouped(n), step.method),
      "allow more with --memory, ask for fewer categories with --count, or take --method leiden");
}

std::string out_of_memory_text() {
  return wanted_bytes > 0
             ? fmt::format("out of memory: --memory {} is too little for this; allow more",
                           yoneda::safe_text(wanted_text, 40))
             : "out of memory: this needs more than the machine can give";
}

}  // namespace tool
