// Flags that several subcommands share.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "command.hpp"
#include "terminal.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/core/similar_words.hpp"
#include "yoneda/io/read_tensors.hpp"
#include "yoneda/null/null.hpp"

namespace tool {

namespace fs = std::filesystem;
using yoneda::Error;
using yoneda::ErrorKind;

namespace {

/// Says which recorded source is gone, if one is.
std::optional<std::string> missing_source(const study::Record& record) {
  for (const auto& [role, source] : record.sources)
    if (!std::filesystem::exists(source.path))
      return "the " + role + " this was made from is gone (" + source.path + ")";
  return std::nullopt;
}

}  // namespace

void add_source_flags(CLI::App& command, SourceFlags& flags, bool required) {
  auto& o = flags.options;
  auto* sae = command.add_option("--sae", o.sae, "the SAE: a folder or a file of tensors");
  auto* model =
      command.add_option("--model", o.model, "the language model: a folder or a file of tensors");
  sae->type_name("PATH");
  model->type_name("PATH");
  sae->required(required);
  model->required(required);
  command.add_option(
      "--vocabulary", o.vocabulary,
      "token texts: tokenizer.json, vocab.json, a JSON list or a text file (default: beside the "
      "model)");
  add_name_flags(command, flags);
}

void add_name_flags(CLI::App& command, SourceFlags& flags) {
  auto& o = flags.options;
  command.add_option("--decoder", o.sae_names.decoder, "name of the decoder tensor")
      ->group("Tensor names");
  command.add_option("--encoder", o.sae_names.encoder, "name of the encoder tensor")
      ->group("Tensor names");
  command.add_option("--unembedding", o.model_names.unembedding, "name of the unembedding tensor")
      ->group("Tensor names");
  command.add_option("--norm-gain", o.model_names.norm_gain, "name of the final norm's gain")
      ->group("Tensor names");
  command.add_option("--norm", flags.norm, "kind of the final norm")
      ->check(CLI::IsMember({"rms", "layer"}))
      ->group("Tensor names");
  command
      .add_option("--output-projection", o.residual_names.output_projection,
                  "name of the matrix from the SAE's space to the residual stream: W_O for "
                  "attention heads (hook_z), W_out for neurons")
      ->group("Tensor names");
  command
      .add_option("--post-norm-gain", o.residual_names.post_norm_gain,
                  "name of the gain of the norm between a block's output and the residual stream")
      ->group("Tensor names");
  command
      .add_option("--layer", o.sae_names.layer,
                  "which SAE, where a folder holds one for each layer")
      ->group("Tensor names");
  command
      .add_option("--target-layer", o.sae_names.target_layer,
                  "which decoder, where an SAE writes to several layers")
      ->group("Tensor names");
  add_axis_flag(command, "--feature-axis", o.sae_names.features);
}

// A number, or who chooses it.
void set_count(study::CategoryStep& step, const std::string& count) {
  if (count == "auto") {
    step.count_by = study::CountBy::automatic;
  } else if (count == "stable") {
    step.count_by = study::CountBy::stability;
  } else {
    step.count = yoneda::whole_number(count);
    if (step.count < 0)
      throw yoneda::Error(
          yoneda::ErrorKind::value,
          fmt::format("--count: '{}' is no number of categories; say 45, auto or stable",
                      safe_text(count, 40)));
  }
}

CLI::Validator at_least(yoneda::Index least) {
  const auto problem = [least](std::string& text) {
    return yoneda::whole_number(text) >= least
               ? std::string()
               : fmt::format("'{}' is no whole number from {} on", safe_text(text, 40), least);
  };
  return CLI::Validator(problem, "");
}

CLI::Validator one_of(std::span<const std::string_view> names) {
  return CLI::IsMember(std::vector<std::string>(names.begin(), names.end()));
}

void add_axis_flag(CLI::App& command, const std::string& flag,
                   yoneda::ingest::FeatureAxis& features) {
  command
      .add_option_function<std::string>(
          flag,
          [&features](const std::string& axis) {
            features = axis == "rows" ? yoneda::ingest::FeatureAxis::rows
                                      : yoneda::ingest::FeatureAxis::columns;
          },
          "which axis of the decoder is features, where its shape cannot tell")
      ->check(CLI::IsMember({"rows", "columns"}))
      ->group("Tensor names");
}

void apply_norm(SourceFlags& flags) {
  if (!flags.norm.empty())
    flags.options.model_names.norm =
        flags.norm == "layer" ? yoneda::Norm::layer : yoneda::Norm::rms;
}

namespace {

/// What is called almost like it in the same folder, as a question.
std::string near_path(const std::string& path) {
  const fs::path wanted(path);
  const fs::path parent = wanted.has_parent_path() ? wanted.parent_path() : ".";
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  const auto near = yoneda::similar_words(wanted.filename().string(), names, 1);
  if (near.empty()) return {};
  const std::string found =
      wanted.has_parent_path() ? (parent / near.front()).string() : near.front();
  return "; did you mean " + safe_text(found, 200) + "?";
}

void require_there(const std::string& path, const std::string& flag) {
  if (!path.empty() && !fs::exists(path))
    throw Error(ErrorKind::file, "no such file or folder (" + flag + ")" + near_path(path), path);
}

bool readable(const auto& outline) {
  try {
    outline();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::optional<study::Study> study_named(const std::string& path) {
  if (!fs::exists(path))
    throw Error(ErrorKind::file, "no such file or folder" + near_path(path), path);
  if (!fs::is_directory(path)) return std::nullopt;
  if (auto found = study::study_at(path)) return found;
  throw Error(ErrorKind::file,
              "is a folder without study.json: name a study, as `yoneda run` writes it, or a file",
              path);
}

std::unique_ptr<study::StudyLock> lock_for(const std::optional<study::Study>& study,
                                           const std::string& output) {
  if (!study || !output.starts_with(study->folder + "/")) return nullptr;
  return std::make_unique<study::StudyLock>(study->folder, study::Writes::one_file);
}

void require_sources(const study::SourceOptions& options) {
  require_there(options.sae, "--sae");
  require_there(options.model, "--model");
  require_there(options.vocabulary, "--vocabulary");
  namespace ingest = yoneda::ingest;
  // Either alone may be what it is called and hold tensors of other names.
  const bool swapped = !readable([&] { ingest::outline_sae(options.sae, options.sae_names); }) &&
                       readable([&] { ingest::outline_unembedding(options.sae); }) &&
                       readable([&] { ingest::outline_sae(options.model); });
  if (swapped)
    throw Error(ErrorKind::value, "--sae and --model are swapped: " + options.model +
                                      " holds an SAE, " + options.sae + " an unembedding");
}

study::Sources open(const SourceFlags& flags) {
  SourceFlags named = flags;
  apply_norm(named);
  const study::SourceOptions& options = named.options;
  if (options.sae.empty() || options.model.empty())
    throw Error(ErrorKind::value, "--sae and --model go together; " +
                                      std::string(options.sae.empty() ? "--sae" : "--model") +
                                      " is missing");
  require_sources(options);
  study::Sources sources = study::open_sources(options);
  for (const auto* origin :
       {&sources.sae.origin, &sources.model.origin, &sources.vocabulary.origin})
    for (const std::string& note : origin->notes) print_note(note);
  return sources;
}

std::optional<study::Sources> open_or_reopen(const SourceFlags& flags,
                                             const study::Record& record) {
  if (flags.given()) return open(flags);
  if (!record.sources.contains("sae") || !record.sources.contains("model")) return std::nullopt;
  if (const auto role = missing_source(record)) {
    print_note(*role + "; name it again with --sae and --model");
    return std::nullopt;
  }
  return study::reopen_sources(record);
}

std::optional<study::SaePair> reopen_saes(const study::Record& record) {
  if (!record.sources.contains("sae") || !record.sources.contains("sae_to")) return std::nullopt;
  if (const auto role = missing_source(record)) {
    print_note(*role + "; make the graph again");
    return std::nullopt;
  }
  return study::reopen_pair(record);
}

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json test_summary(const yoneda::NullTest& test) {
  return {{"statistic", test.statistic},
          {"null", test.null_kind},
          {"observed", number_or_null(test.observed)},
          {"null_mean", number_or_null(test.null_mean)},
          {"null_sd", number_or_null(test.null_sd)},
          {"p_upper", test.p_upper},
          {"p_lower", test.p_lower},
          {"verdict", name(test.verdict)},
          {"reason", test.reason}};
}

Json test_summaries(std::span<const yoneda::NullTest> tests) {
  Json list = Json::array();
  for (const yoneda::NullTest& test : tests) list.push_back(test_summary(test));
  return list;
}

void print_json(const Json& json) {
  fmt::print("{}\n", json.dump(1, ' ', true, Json::error_handler_t::replace));
}

yoneda::Matrix read_activations(const std::string& path, const std::string& tensor) {
  const yoneda::io::TensorFile file = yoneda::io::read_tensors(path);
  if (!tensor.empty()) return yoneda::io::to_matrix(file.at(tensor));
  const yoneda::io::Tensor* only = nullptr;
  for (const auto& candidate : file.tensors) {
    if (candidate.shape.size() != 2) continue;
    if (only)
      throw yoneda::Error(yoneda::ErrorKind::value,
                          "holds several matrices ('" + only->name + "', '" + candidate.name +
                              "'): name one with --tensor",
                          path);
    only = &candidate;
  }
  if (!only) throw yoneda::Error(yoneda::ErrorKind::value, "holds no matrix [rows, d_model]", path);
  return yoneda::io::to_matrix(*only);
}

void add_json_flag(CLI::App& command, Session& session) {
  command.add_flag("--json", session.json, "print the summary as JSON");
}

void add_arrow_flags(CLI::App& command, study::ArrowStep& step) {
  command.add_option("-k,--k", step.k, "tokens kept at each end")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--convention",
          [&step](const std::string& name) { step.convention = *yoneda::convention_from(name); },
          "what a logit is (default: what the model's norm asks for)")
      ->check(CLI::IsMember({"automatic", "raw", "folded", "centered", "transformer-lens"}));
  command
      .add_option("--block", step.block,
                  "features done together: what an interruption loses at most")
      ->check(at_least(1))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--junk", [&step](const std::string& what) { step.drop_junk = what == "drop"; },
          "under-trained tokens: keep them, as other tools do (default), or drop them before the k "
          "largest are chosen")
      ->check(CLI::IsMember({"keep", "drop"}));
  command.add_option("--unused", step.unused,
                     "tokens known to be unused, like 177-187,50257, which --junk drop measures "
                     "others by (default: as the vocabulary shows, else as the weights show)");
}

void add_resume_flag(CLI::App& command, bool& resume) {
  command.add_flag("--resume", resume,
                   "go on from the features that an interrupted run kept (OUTPUT.partial)");
}

void add_graph_flags(CLI::App& command, study::GraphStep& step, bool two_saes) {
  std::vector<std::string> kinds{"profile", "decoder"};
  std::string joins = "what joins two features: shared tokens (profile, default) or decoder cosine";
  if (two_saes) {
    kinds.push_back("virtual");
    joins += "; virtual: what one SAE's decoder writes and another's encoder (--to) reads";
  }
  command
      .add_option_function<std::string>(
          "--kind", [&step](const std::string& name) { step.kind = *study::buildable_kind(name); },
          joins)
      ->check(CLI::IsMember(kinds));
  command
      .add_option("--neighbors", step.neighbors.neighbors, "strongest neighbours kept per feature")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--floor", step.neighbors.floor, "weakest weight kept")->capture_default_str();
}

void add_category_flags(CLI::App& command, study::CategoryStep& step) {
  command.add_option("--method", step.method, "how features are grouped")
      ->check(one_of(study::category_methods))
      ->capture_default_str();
  command.add_option_function<std::string>(
      "--count", [&step](const std::string& count) { set_count(step, count); },
      "number of categories, not of leiden and correlation: K; auto, by the largest gap of the "
      "spectrum (linkage and kmeans: as stable); stable, those that come back best when features "
      "are drawn again (default: √ of the features; what is chosen is at most twice that)");
  command
      .add_option("--normalization", step.normalization,
                  "what sponge and laplacian are scaled by: degrees on both sides, on one "
                  "(laplacian only), or nothing")
      ->check(one_of(study::normalizations))
      ->capture_default_str();
  command
      .add_option("--objective", step.objective,
                  "what leiden makes large: signed modularity, or the constant Potts model")
      ->check(one_of(study::leiden_objectives))
      ->capture_default_str();
  command.add_option("--resolution", step.resolution,
                     "of leiden: more of it makes more and smaller categories (default: 1 of "
                     "modularity; of potts 0, the weight that a pair has to exceed)");
  command
      .add_option("--consensus", step.consensus,
                  "what so many runs from different seeds agree on, instead of the best run")
      ->check(at_least(1));
  command
      .add_option("--stability", step.samples,
                  "draw four fifths of the features so many times, group them again, and say which "
                  "categories come back")
      ->check(at_least(0));
  command.add_flag("--hierarchy", step.hierarchy,
                   "also join the categories, two at a time, into larger ones");
  command.add_option("--seed", step.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
}

void note_options(study::Record& record, const study::CategoryStep& step, yoneda::Index found) {
  auto& options = record.options;
  options["method"] = step.method;
  if (step.method == "leiden") {
    options["objective"] = step.objective;
    options["resolution"] =
        fmt::format("{}", step.resolution.value_or(step.objective == "potts" ? 0 : 1));
  }
  if (step.normalization != "symmetric") options["normalization"] = step.normalization;
  if (step.consensus > 1) options["consensus"] = std::to_string(step.consensus);
  if (step.samples > 0) options["stability"] = std::to_string(step.samples);
  options["count"] = step.count_by == study::CountBy::automatic   ? "auto"
                     : step.count_by == study::CountBy::stability ? "stable"
                                                                  : std::to_string(found);
  options["seed"] = std::to_string(step.seed);
}

void add_check_flags(CLI::App& command, study::CheckStep& step) {
  std::vector<std::string_view> nulls(yoneda::null_kinds.begin(), yoneda::null_kinds.end());
  nulls.emplace_back("none");
  command
      .add_option("--null", step.null, "what the graph is compared with (default: what suits it)")
      ->check(one_of(nulls));
  command.add_option("--samples", step.samples, "graphs drawn from the null")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--null-features", step.features, "features the null works on at most")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--null-tokens", step.tokens, "tokens the null works on at most")
      ->check(at_least(1))
      ->capture_default_str();
}

}  // namespace tool
