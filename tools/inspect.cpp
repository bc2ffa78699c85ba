// yoneda inspect: what a path is, which axis is features, whether it is sound, and what to type
// next.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/ingest/residual.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/io/read_tensors.hpp"

namespace tool {
namespace {

namespace fs = std::filesystem;
namespace ingest = yoneda::ingest;
using yoneda::Error;
using yoneda::Index;

struct InspectOptions {
  std::string path;
  SourceFlags sources;  // only the names, and the model to fit
  bool health = false;
};

/// What was found out: lines for a person, and the same as JSON.
struct Report {
  std::vector<std::string> lines;
  Json json = Json::object();

  void say(const std::string& line) { lines.push_back(line); }
  void fact(const std::string& name, const std::string& text) {
    say(fmt::format("  {:<11} {}", name, text));
  }
};

std::string safe(const std::string& text) {
  return safe_text(text, 200);
}

void describe_tensors(const yoneda::io::TensorFile& file, Report& report) {
  constexpr std::size_t most = 40;
  report.say(fmt::format("{}: {}, {} tensors", safe(file.path), file.format, file.tensors.size()));
  Json& list = report.json["tensors"];
  for (std::size_t i = 0; i < file.tensors.size(); ++i) {
    const auto& tensor = file.tensors[i];
    list.push_back(
        {{"name", tensor.name}, {"dtype", stored_type(tensor)}, {"shape", tensor.shape}});
    if (i < most)
      report.say(fmt::format("  {}  {:>5}  {}", padded(tensor.name, 34), stored_type(tensor),
                             yoneda::io::shape_text(tensor.shape)));
  }
  if (file.tensors.size() > most)
    report.say(fmt::format("  … and {} more", file.tensors.size() - most));
  std::size_t told = 0;
  for (const auto& [member, reason] : file.unreadable)
    if (told++ < most)
      report.say(fmt::format("  {}  not read: {}", padded(member, 34), safe(reason)));
  if (told > most) report.say(fmt::format("  … and {} more that are not read", told - most));
}

// The files of tensors among those that a reader opened.
void describe_files(const std::vector<std::string>& files, Report& report) {
  report.json["files"] = files;
  for (const std::string& path : files) {
    const auto ending = fs::path(path).extension();
    if (ending == ".json" || ending == ".yaml") continue;
    describe_tensors(yoneda::io::read_tensors(path), report);
  }
}

void describe_notes(const yoneda::Origin& origin, Report& report) {
  report.json["notes"] = origin.notes;
  for (const std::string& note : origin.notes) report.say("  note: " + note);
}

std::string activation_text(const yoneda::Sae& sae) {
  std::string text(name(sae.activation));
  if (sae.k > 0) text += fmt::format(", k = {}", sae.k);
  if (sae.signed_codes) text += ", signed";
  return text;
}

std::string input_text(const yoneda::Sae& sae) {
  std::string text = sae.input_norm == yoneda::InputNorm::none
                         ? "as it is"
                         : fmt::format("normalised ({})", name(sae.input_norm));
  if (sae.input_norm == yoneda::InputNorm::scale && sae.input_scale > 0)
    text += fmt::format(" by {:.6g}", sae.input_scale);
  return text + (sae.subtract_b_dec ? ", centred by the decoder's bias" : "");
}

std::string place_text(const yoneda::Origin& origin) {
  std::string text = origin.hook_point.empty() ? "unknown" : safe(origin.hook_point);
  if (!origin.hook_point_out.empty()) text += " → " + safe(origin.hook_point_out);
  if (origin.layer >= 0) text += fmt::format(", layer {}", origin.layer);
  if (!origin.model.empty()) text += " of " + safe(origin.model);
  return text;
}

// What lies between the decoder and the residual stream, where the hook point tells of it.
std::string way_text(const yoneda::Origin& origin) {
  const std::string& written =
      origin.hook_point_out.empty() ? origin.hook_point : origin.hook_point_out;
  switch (ingest::residual_route(written).site) {
    case ingest::ResidualSite::heads:
      return "in the space of attention heads: W_O leads to the stream (taken from the model)";
    case ingest::ResidualSite::neurons:
      return "in the space of neurons: W_out leads to the stream (taken from the model)";
    case ingest::ResidualSite::attention:
    case ingest::ResidualSite::mlp:
      return "before a post-norm, where the model has one (its gain is taken from the model)";
    default:
      return {};
  }
}

void describe_health(const InspectOptions& options, const ingest::SaeOutline& outline,
                     std::optional<Index> d_model, Report& report) {
  constexpr Index small = Index{64} << 20;
  if (!options.health && outline.decoder_bytes > small) {
    report.json["health"] = nullptr;
    report.fact("health", fmt::format("not read, the decoder takes {:.0f} MB (--health reads it)",
                                      static_cast<double>(outline.decoder_bytes) / 1e6));
    return;
  }
  const auto health =
      ingest::decoder_health(options.path, options.sources.options.sae_names, d_model);
  report.json["health"] = {{"norm_least", health.least},
                           {"norm_median", health.median},
                           {"norm_most", health.most},
                           {"zero_rows", health.zero},
                           {"not_finite_rows", health.not_finite}};
  report.json["decoder_norm"] = {health.least, health.most};
  report.fact(
      "health",
      fmt::format("norms of decoder rows from {:.4g} to {:.4g}, median {:.4g}; {}; {}",
                  health.least, health.most, health.median,
                  health.zero > 0 ? grouped(health.zero) + " rows are zero" : "none is zero",
                  health.not_finite > 0
                      ? grouped(health.not_finite) + " rows hold a NaN or an infinity"
                      : "no NaN"));
}

// Tries a reading; what it says in vain is kept for the case that nothing fits.
template <class Read>
auto attempt(const Read& read, std::vector<std::string>& reasons)
    -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Error& error) {
    reasons.push_back(error.what());
    return std::nullopt;
  }
}

void describe_fit(const InspectOptions& options, const ingest::SaeOutline& outline,
                  Report& report) {
  const auto& named = options.sources.options;
  if (named.model.empty()) return;
  std::vector<std::string> reasons;
  const auto alone =
      attempt([&] { return ingest::outline_unembedding(named.model, named.model_names); }, reasons);
  const auto model =
      alone ? *alone
            : ingest::outline_unembedding(named.model, named.model_names, {.d_model = outline.d});
  try {
    const auto map = ingest::load_residual_map(named.model, outline.sae.origin, outline.d, model.d,
                                               named.residual_names);
    report.json["fits_model"] = true;
    report.fact("fit", fmt::format("writes to the stream of {}, d_model {}", safe(named.model),
                                   grouped(model.d)));
    for (const std::string& note : map.notes) report.say("  note: " + note);
  } catch (const Error& error) {
    report.json["fits_model"] = false;
    report.fact("fit", std::string("no: ") + error.what());
  }
}

void describe_sae(const InspectOptions& options, const ingest::SaeOutline& outline,
                  std::optional<Index> d_model, Report& report) {
  const yoneda::Sae& sae = outline.sae;
  const yoneda::Origin& origin = sae.origin;
  Json& json = report.json;
  json["kind"] = "sae";
  json["dialect"] = origin.dialect;
  json["architecture"] = origin.architecture;
  json["features"] = outline.n;
  json["d_model"] = outline.d;
  json["d_in"] = outline.d_in;
  json["decoder"] = outline.decoder;
  json["activation"] = name(sae.activation);
  json["k"] = sae.k;
  json["input_norm"] = name(sae.input_norm);
  json["centred"] = sae.subtract_b_dec;
  json["hook_point"] = origin.hook_point;
  json["hook_point_out"] = origin.hook_point_out;
  json["layer"] = origin.layer;
  json["model"] = origin.model;
  json["transcoder"] = sae.transcoder;
  json["skip_connection"] = outline.skip;
  json["signed"] = sae.signed_codes;
  report.say(fmt::format("{} ({}): {} features that write to a space of dimension {}",
                         sae.transcoder ? "a transcoder" : "an SAE", origin.dialect,
                         grouped(outline.n), grouped(outline.d)));
  report.fact("decoder", outline.decoder);
  report.fact("encoder", outline.d_in == 0
                             ? std::string("none")
                             : fmt::format("reads dimension {}{}", grouped(outline.d_in),
                                           outline.skip ? ", beside a skip connection" : ""));
  if (outline.d_in > 0) {
    report.fact("activation", activation_text(sae));
    report.fact("input", input_text(sae));
  }
  report.fact("place", place_text(origin));
  if (const std::string way = way_text(origin); !way.empty()) report.fact("decoder is", way);
  describe_health(options, outline, d_model, report);
  describe_fit(options, outline, report);
  describe_notes(origin, report);
  describe_files(origin.files, report);
}

void describe_model(const std::string& path, const ingest::UnembeddingOutline& outline,
                    Report& report) {
  const yoneda::Unembedding& model = outline.model;
  Json& json = report.json;
  json["kind"] = "model";
  json["dialect"] = model.origin.dialect;
  json["tokens"] = outline.V;
  json["d_model"] = outline.d;
  json["matrix"] = outline.matrix;
  json["norm"] = name(model.norm);
  json["gain"] = !model.gain.empty();
  json["soft_cap"] = model.soft_cap;
  report.say(fmt::format("an unembedding ({}): {} tokens, d_model {}", model.origin.dialect,
                         grouped(outline.V), grouped(outline.d)));
  report.fact("matrix", outline.matrix);
  report.fact("final norm", fmt::format("{}, {}{}", name(model.norm),
                                        model.gain.empty() ? "gain unknown" : "gain found",
                                        model.soft_cap ? "; logits are capped" : ""));
  const auto convention = resolve(yoneda::Convention::automatic, model);
  json["convention"] = name(convention);
  report.fact("logits", fmt::format("'{}' unless --convention says otherwise", name(convention)));
  if (const auto words = ingest::find_vocabulary(path)) {
    json["vocabulary"] = *words;
    report.fact("words", safe(*words));
  }
  describe_notes(model.origin, report);
}

void describe_vocabulary(const std::string& path, Report& report) {
  const yoneda::Vocabulary vocabulary = ingest::load_vocabulary(path);
  report.json["kind"] = "vocabulary";
  report.json["dialect"] = vocabulary.origin.dialect;
  report.json["tokens"] = vocabulary.size();
  report.say(fmt::format("a vocabulary ({}): {} tokens", vocabulary.origin.dialect,
                         grouped(vocabulary.size())));
  std::string sample;
  for (yoneda::Id token = 0; token < 200 && sample.size() < 80; ++token) {
    const auto id = static_cast<yoneda::Id>(vocabulary.size() / 2) + token;
    if (id >= vocabulary.size()) break;
    sample += (sample.empty() ? "" : " ") + safe_token(vocabulary.text(id), 20);
  }
  report.fact("some", sample);
  describe_notes(vocabulary.origin, report);
  report.say(
      fmt::format("next: yoneda run --sae SAE --model MODEL --vocabulary {} -o STUDY", path));
}

void describe_next(const InspectOptions& options, bool is_sae, bool is_model, Report& report) {
  const auto& named = options.sources.options;
  std::string sae = is_sae ? options.path : "SAE";
  if (named.sae_names.layer) sae += fmt::format(" --layer {}", *named.sae_names.layer);
  if (named.sae_names.target_layer)
    sae += fmt::format(" --target-layer {}", *named.sae_names.target_layer);
  const std::string model = is_model ? options.path : !named.model.empty() ? named.model : "MODEL";
  const std::string next = fmt::format("yoneda run --sae {} --model {} -o STUDY", sae, model);
  report.json["next"] = next;
  report.say("next: " + next);
}

void describe_weights(const InspectOptions& options, Report& report) {
  const auto& named = options.sources.options;
  std::vector<std::string> reasons;
  const auto model = attempt(
      [&] { return ingest::outline_unembedding(options.path, named.model_names); }, reasons);
  std::optional<Index> d_model;
  if (model) d_model = model->d;
  // A model that leaves its axes open may still be told by the SAE (describe_fit).
  if (!named.model.empty())
    if (const auto fit = attempt(
            [&] { return ingest::outline_unembedding(named.model, named.model_names); }, reasons))
      d_model = fit->d;
  const auto sae =
      attempt([&] { return ingest::outline_sae(options.path, named.sae_names, d_model); }, reasons);
  if (model) describe_model(options.path, *model, report);
  if (sae) describe_sae(options, *sae, d_model, report);
  if (sae || model) return describe_next(options, sae.has_value(), model.has_value(), report);
  if (!fs::is_directory(options.path))
    describe_tensors(yoneda::io::read_tensors(options.path), report);
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
  if (fs::exists(found.enrichment())) report.say("  holds      enrichment.json");
  if (fs::exists(found.lattice())) report.say("  holds      lattice.json");
  if (fs::exists(found.relations())) report.say("  holds      relations.json");
  report.say(fmt::format("next: yoneda check {}", path));
}

void describe_graph(const study::GraphFile& file, Report& report) {
  const yoneda::SignedGraph& graph = file.graph;
  report.json["graph"] = {{"kind", name(graph.kind())},
                          {"directed", graph.directed()},
                          {"nodes", graph.node_count()},
                          {"edges", graph.edge_count()}};
  if (graph.kind() == yoneda::GraphKind::virtual_) {
    const Index downstream = graph.node_count() - file.upstream;
    report.json["graph"]["upstream_features"] = file.upstream;
    report.json["graph"]["downstream_features"] = downstream;
    report.say(
        fmt::format("a virtual graph: {} features of one SAE lead to {} of another, {} edges",
                    grouped(file.upstream), grouped(downstream), grouped(graph.edge_count())));
    report.fact("nodes", fmt::format("f < {} is feature f of 'sae', {} + g feature g of 'sae_to'",
                                     file.upstream, file.upstream));
  } else {
    report.say(fmt::format("a {} graph: {} nodes, {} edges", name(graph.kind()),
                           grouped(graph.node_count()), grouped(graph.edge_count())));
  }
}

void describe_graph_file(const std::string& path, Report& report) {
  const auto graph = study::read_graph(path);
  describe_graph(graph, report);
  if (!graph.record.command.empty()) describe_record(graph.record, report);
  for (const std::string& note : graph.notes) report.say("  note: " + safe(note));
  report.say(fmt::format("next: yoneda check {} -o check.json", path));
}

// True where the file is one of ours.
bool describe_ours(const std::string& path, Report& report) {
  if (fs::is_directory(path) || !path.ends_with(".safetensors")) return false;
  const auto file = yoneda::io::read_tensors(path);
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || !format->second.starts_with("yoneda-")) return false;
  report.json["kind"] = format->second;
  if (format->second.starts_with("yoneda-arrows/")) {
    const auto arrows = study::read_arrows(path);
    report.say(fmt::format("arrows of {} features over {} tokens, {} at each end, convention {}",
                           grouped(arrows.arrows.n), grouped(arrows.arrows.V), arrows.arrows.k,
                           name(arrows.arrows.convention)));
    describe_record(arrows.record, report);
    describe_tensors(file, report);
    report.say(fmt::format("next: yoneda graph {} -o graph.safetensors", path));
  } else if (format->second.starts_with("yoneda-graph/")) {
    describe_graph_file(path, report);
  } else {
    report.say("a file of format " + safe_text(format->second, 60));
  }
  return true;
}

// A graph that another program may have written; SciPy's compressed rows are told from other
// archives by the name of their offsets.
bool is_graph(const std::string& path) {
  if (!fs::is_regular_file(path)) return false;
  const auto ending = fs::path(path).extension();
  constexpr std::array known{".graphml", ".tsv", ".csv", ".mtx"};
  if (std::ranges::find(known, ending) != known.end()) return true;
  if (ending != ".npz") return false;
  std::vector<std::string> reasons;
  const auto file = attempt([&] { return yoneda::io::read_tensors(path); }, reasons);
  return file && file->find("indptr");
}

// True where the file is a graph that need not be ours.
bool describe_foreign(const std::string& path, Report& report) {
  if (!is_graph(path)) return false;
  report.json["kind"] = "graph";
  describe_graph_file(path, report);
  return true;
}

void run(const InspectOptions& options, const Session& session) {
  const std::string& path = options.path;
  if (!fs::exists(path)) throw Error(yoneda::ErrorKind::file, "no such file or folder", path);
  Report report;
  report.json["path"] = path;
  if (const auto found = study::study_at(path))
    describe_study(path, *found, report);
  else if (ingest::is_vocabulary(path))
    describe_vocabulary(path, report);
  else if (!describe_ours(path, report) && !describe_foreign(path, report))
    describe_weights(options, report);
  if (session.json)
    print_json(report.json);
  else
    for (const std::string& line : report.lines) fmt::print("{}\n", line);
}

}  // namespace

void add_inspect(CLI::App& app, Session& session) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = app.add_subcommand("inspect", "What a path holds, and what to type next");
  command
      ->add_option(
          "path", options->path,
          "an SAE's or a model's folder, a file of tensors, a vocabulary, a graph, a study")
      ->required();
  command->add_option("--model", options->sources.options.model,
                      "the model that an SAE should fit");
  command->add_flag("--health", options->health,
                    "read the decoder however large it is: norms, dead rows, NaN");
  add_name_flags(*command, options->sources);
  add_json_flag(*command, session);
  set_examples(*command, {{"yoneda inspect my-sae", "a download: what is it?"},
                          {"yoneda inspect my-sae --model my-model", "and does it fit the model?"},
                          {"yoneda inspect yoneda-demo", "the study that `yoneda demo` writes"}});
  command->callback([options, &session] {
    apply_norm(options->sources);
    run(*options, session);
  });
}

}  // namespace tool
