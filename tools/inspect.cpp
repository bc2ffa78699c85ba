// yoneda inspect: what a path is, which axis is features, and what to type next.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>

#include "command.hpp"
#include "terminal.hpp"
#include "yoneda/io/read_tensors.hpp"
#include "yoneda/linear/dot.hpp"

namespace tool {
namespace {

namespace fs = std::filesystem;
using yoneda::Error;
using yoneda::Index;

/// What was found out: lines for a person, and the same as JSON.
struct Report {
  std::vector<std::string> lines;
  Json json = Json::object();

  void say(const std::string& line) { lines.push_back(line); }
};

void describe_tensors(const yoneda::io::TensorFile& file, Report& report) {
  constexpr std::size_t most = 40;
  Json list = Json::array();
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const auto& tensor = file.tensors[i];
    list.push_back({{"name", tensor.name}, {"dtype", name(tensor.dtype)}, {"shape", tensor.shape}});
    if (i < most)
      report.say(fmt::format("  {}  {:>5}  {}", padded(tensor.name, 34), name(tensor.dtype),
                             yoneda::io::shape_text(tensor.shape)));
  }
  if (file.tensors.size() > most)
    report.say(fmt::format("  … and {} more", file.tensors.size() - most));
  for (const auto& [member, reason] : file.unreadable)
    report.say(fmt::format("  {}  not read: {}", padded(member, 34), reason));
  report.json["tensors"] = std::move(list);
}

void describe_sae(const yoneda::Sae& sae, Report& report) {
  std::vector<float> scratch(sae.d());
  double least = std::numeric_limits<double>::infinity(), most = 0;
  Index zero = 0;
  for (Index f = 0; f < sae.n(); ++f) {
    const double norm = yoneda::canonical_norm(sae.W_dec.row(f, scratch));
    least = std::min(least, norm);
    most = std::max(most, norm);
    zero += norm == 0;
  }
  report.json["dialect"] = sae.origin.dialect;
  report.json["features"] = sae.n();
  report.json["d_model"] = sae.d();
  report.json["activation"] = name(sae.activation);
  report.json["decoder_norm"] = {least, most};
  report.say(fmt::format("an SAE ({}): {} features writing to a space of dimension {}",
                         sae.origin.dialect, grouped(sae.n()), sae.d()));
  if (sae.activation != yoneda::Activation::unknown)
    report.say(fmt::format("  activation {}{}", name(sae.activation),
                           sae.k > 0 ? fmt::format(", k = {}", sae.k) : ""));
  if (!sae.origin.hook_point.empty())
    report.say(
        fmt::format("  at {}{}", safe_text(sae.origin.hook_point, 80),
                    sae.origin.model.empty() ? "" : " of " + safe_text(sae.origin.model, 60)));
  report.say(fmt::format("  decoder rows have norms from {:.3g} to {:.3g}{}", least, most,
                         zero > 0 ? fmt::format(", {} are zero", grouped(zero)) : ""));
  for (const std::string& note : sae.origin.notes) report.say("  note: " + note);
}

void describe_model(const yoneda::Unembedding& model, Report& report) {
  report.json["dialect"] = model.origin.dialect;
  report.json["tokens"] = model.V();
  report.json["d_model"] = model.d();
  report.json["norm"] = name(model.norm);
  report.json["gain"] = !model.gain.empty();
  report.say(fmt::format("an unembedding ({}): {} tokens, d_model {}, {}", model.origin.dialect,
                         grouped(model.V()), model.d(),
                         model.gain.empty() ? "gain of the final norm unknown"
                                            : fmt::format("final norm {}", name(model.norm))));
  report.say(fmt::format("  logits will be '{}' unless --convention says otherwise",
                         name(resolve(yoneda::Convention::automatic, model))));
  for (const std::string& note : model.origin.notes) report.say("  note: " + note);
}

// Tries a reading; what it says in vain is kept for the case that nothing fits.
template <class Read>
bool attempt(const Read& read, std::vector<std::string>& reasons) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    if (error.kind == yoneda::ErrorKind::file) throw;
    reasons.push_back(error.what());
    return false;
  }
}

void describe_weights(const std::string& path, Report& report) {
  std::vector<std::string> reasons;
  std::optional<Index> d_model;
  const bool is_model = attempt(
      [&] {
        const auto model = yoneda::ingest::load_unembedding(path);
        d_model = model.d();
        describe_model(model, report);
      },
      reasons);
  const bool is_sae =
      attempt([&] { describe_sae(yoneda::ingest::load_sae(path, {}, d_model), report); }, reasons);
  if (is_model || is_sae) {
    report.say(fmt::format("next: yoneda run --sae {} --model {} -o STUDY", is_sae ? path : "SAE",
                           is_model ? path : "MODEL"));
    return;
  }
  report.say("neither an SAE nor an unembedding that can be read as it is:");
  for (const std::string& reason : reasons) report.say("  " + reason);
  report.json["problems"] = reasons;
}

void describe_record(const study::Record& record, Report& report) {
  report.say("  made by: " + safe_text(record.command, 300));
  for (const auto& [role, source] : record.sources)
    report.say(fmt::format("  {:<10} {}  ({})", role, safe_text(source.path, 200), source.dialect));
  report.json["command"] = record.command;
}

void describe_study(const std::string& path, const study::Study& found, Report& report) {
  report.say("a study");
  report.json["kind"] = "study";
  describe_record(found.record, report);
  for (const std::string& file : {found.arrows(), found.graph(), found.categories(), found.check()})
    report.say(fmt::format("  {:<10} {}", fs::exists(file) ? "holds" : "lacks",
                           fs::path(file).filename().string()));
  report.say(fmt::format("next: yoneda check {}", path));
}

// True where the file is one of ours.
bool describe_ours(const std::string& path, const yoneda::io::TensorFile& file, Report& report) {
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || !format->second.starts_with("yoneda-")) return false;
  report.json["kind"] = format->second;
  if (format->second.starts_with("yoneda-arrows/")) {
    const auto arrows = study::read_arrows(path);
    report.say(fmt::format("arrows of {} features over {} tokens, {} at each end, convention {}",
                           grouped(arrows.arrows.n), grouped(arrows.arrows.V), arrows.arrows.k,
                           name(arrows.arrows.convention)));
    describe_record(arrows.record, report);
    report.say(fmt::format("next: yoneda graph {} -o graph.safetensors", path));
  } else if (format->second.starts_with("yoneda-graph/")) {
    const auto graph = study::read_graph(path);
    report.say(fmt::format("a {} graph: {} nodes, {} edges", name(graph.graph.kind()),
                           grouped(graph.graph.node_count()), grouped(graph.graph.edge_count())));
    describe_record(graph.record, report);
    report.say(fmt::format("next: yoneda check {} -o check.json", path));
  } else {
    report.say("a file of format " + safe_text(format->second, 60));
  }
  return true;
}

// The file whose tensors are listed: the path itself, or the one file of weights in a folder.
std::optional<std::string> weights_in(const std::string& path) {
  if (!fs::is_directory(path)) return path;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(path)) {
    const auto ending = entry.path().extension();
    if (ending == ".safetensors" || ending == ".npz") found.push_back(entry.path().string());
  }
  if (found.size() != 1) return std::nullopt;
  return found.front();
}

void run(const std::string& path, const Session& session) {
  if (!fs::exists(path)) throw Error(yoneda::ErrorKind::file, "no such file or folder", path);
  Report report;
  report.json["path"] = path;
  if (const auto found = study::study_at(path)) {
    describe_study(path, *found, report);
  } else {
    bool ours = false;
    if (const auto weights = weights_in(path)) {
      const auto file = yoneda::io::read_tensors(*weights);
      report.say(fmt::format("{}: {}, {} tensors", *weights, file.format, file.tensors.size()));
      describe_tensors(file, report);
      ours = describe_ours(path, file, report);
    }
    if (!ours) describe_weights(path, report);
  }
  if (session.json)
    print_json(report.json);
  else
    for (const std::string& line : report.lines) fmt::print("{}\n", line);
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("inspect", "What a path holds, and what to type next");
  command->add_option("path", *path, "a study, a file of tensors, an SAE's or a model's folder")
      ->required();
  add_json_flag(*command, session);
  command->callback([path, &session] { run(*path, session); });
}

}  // namespace tool
