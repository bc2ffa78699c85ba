#include "equations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/study/equation_list_file.hpp"

namespace tool {
namespace {

using yoneda::Id;

template <class Choice, std::size_t n>
Choice chosen(const std::string& name, const std::array<std::string_view, n>& names) {
  return static_cast<Choice>(std::ranges::find(names, name) - names.begin());
}

const char* drawn(study::EquationShape shape) {
  switch (shape) {
    case study::EquationShape::triangles:
      return "triangles (f → g → h = f → h)";
    case study::EquationShape::squares:
      return "squares (f → g → k = f → h → k)";
    case study::EquationShape::paths:
      return "pairs of paths with the same ends";
    case study::EquationShape::sweep:
      break;
  }
  return "comparisons of an edge with an earlier path to its end";
}

std::string path_text(const std::vector<Id>& path, const study::GraphFile& graph) {
  std::string text;
  for (const Id node : path) text += (text.empty() ? "" : " → ") + node_name(graph, node);
  return text;
}

void print_failures(const study::EquationList& list, const study::GraphFile& graph,
                    std::size_t most) {
  if (list.failures.empty()) return;
  fmt::print("\n  those that fail, worst first:\n");
  const std::size_t count = std::min(most, list.failures.size());
  std::vector<std::string> left, right;
  std::size_t width = 0;
  const auto side = [&](const std::vector<Id>& path, double value) {
    return path_text(path, graph) + " = " + value_text(value, list.step.base);
  };
  for (std::size_t i = 0; i < count; ++i) {
    const study::ListedFailure& failure = list.failures[i];
    left.push_back(side(failure.left, failure.left_value));
    right.push_back(side(failure.right, failure.right_value));
    width = std::max<std::size_t>(width, yoneda::columns(left.back()));
  }
  for (std::size_t i = 0; i < count; ++i)
    fmt::print("    {}   but {}\n", padded(left[i], width), right[i]);
  if (list.checked - list.holding > static_cast<yoneda::Index>(count))
    fmt::print("    … {} in all\n", grouped(list.checked - list.holding));
}

void print_list(const study::EquationList& list, const study::GraphFile& graph) {
  fmt::print("{} {}, base {}", grouped(list.total), drawn(list.step.shape), name(list.step.base));
  if (list.checked < list.total) fmt::print("; {} looked at", grouped(list.checked));
  fmt::print("\n");
  if (list.checked > 0)
    fmt::print("  {} of {} hold ({})\n", grouped(list.holding), grouped(list.checked),
               percent(static_cast<double>(list.holding) / static_cast<double>(list.checked)));
  if (list.test) {
    const yoneda::NullTest& test = *list.test;
    fmt::print("  null: {}, {} draws: {} ± {} hold\n  verdict: {}\n", test.null_kind,
               grouped(test.samples), percent(test.null_mean), percent(test.null_sd),
               name(test.verdict));
    print_wrapped(test.reason);
    print_wrapped(test.keeps);
  }
  print_failures(list, graph, 10);
}

}  // namespace

void add_equation_flags(CLI::App& command, EquationOptions& options) {
  auto* shape = command
                    .add_option("--equations", options.shape,
                                "list the equations of this shape that the graph has, and check "
                                "them instead of the whole graph; a sweep decides all paths of an "
                                "acyclic graph")
                    ->check(one_of(study::equation_shape_names));
  const std::vector<CLI::Option*> of_equations{
      command.add_option("--base", options.base, "what weights along a path mean")
          ->check(one_of(study::path_base_names))
          ->capture_default_str(),
      command
          .add_option("--tolerance", options.step.tolerance,
                      "the largest discrepancy that still counts as equal")
          ->capture_default_str(),
      command
          .add_option("--longest", options.longest,
                      "steps of a path, of --equations paths (default: 3)")
          ->check(at_least(1)),
      command
          .add_option("--most", options.step.most,
                      "equations looked at: a random sample where there are more; of a sweep, "
                      "nodes to start from")
          ->check(at_least(1))
          ->capture_default_str(),
      command.add_flag("--strongest", options.step.strongest,
                       "the equations of largest weight instead of a sample")};
  for (CLI::Option* option : of_equations) option->needs(shape);
}

void check_equations(EquationOptions options, const Session& session) {
  options.step.shape = chosen<study::EquationShape>(options.shape, study::equation_shape_names);
  options.step.base = chosen<study::PathBase>(options.base, study::path_base_names);
  if (options.longest && options.step.shape != study::EquationShape::paths)
    throw yoneda::Error(
        yoneda::ErrorKind::value,
        "--longest is of --equations paths; " + options.shape + " have a length of their own");
  options.step.longest = options.longest.value_or(options.step.longest);
  const auto in = study_named(options.input);
  const study::GraphFile graph = study::read_graph(in ? in->graph() : options.input);
  for (const std::string& note : graph.notes) print_note(note);
  const std::string output = options.output.empty() && in ? in->check() : options.output;
  const auto lock = lock_for(in, output);
  const study::EquationList list =
      study::make_equation_list(graph, options.step, terminal_progress());
  study::Record record = graph.record;
  record.command = session.command;
  if (!output.empty()) study::write_equation_list(output, list, graph, record);
  for (const std::string& note : list.notes) print_note(note);
  if (session.json) {
    fmt::print("{}\n", study::equation_list_json(list, record, false));
  } else {
    print_list(list, graph);
    if (!output.empty()) fmt::print("wrote {}\n", output);
  }
  if (options.require_commutes && !list.all_hold()) throw ConditionFailed{"commutes"};
}

}  // namespace tool
