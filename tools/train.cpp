// yoneda train: a TopK sparse autoencoder on a file of activations.
#include <fmt/format.h>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/category/relations.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/sae/relation_agreement.hpp"
#include "yoneda/sae/relation_split.hpp"
#include "yoneda/sae/train.hpp"
#include "yoneda/study/diagram_relations.hpp"
#include "yoneda/study/saelens.hpp"

namespace tool {
namespace {

using yoneda::Error;
using yoneda::ErrorKind;

struct TrainOptions {
  yoneda::TrainOptions train;
  std::string activations, tensor, output, dtype = "f32";
  std::string diagram, vocabulary;
  double hold_out = 0.5;  // share of the pairs
  bool compare = false;
};

// How a relation holds in the codes of all rows.
struct Holding {
  yoneda::RelationAgreement agreement;
  std::optional<double> hit;  // hit@1; nothing where relation_test() cannot deal the words out
};

// One SAE, and how the relations hold in its codes.
struct Trained {
  std::string heading;
  yoneda::TrainResult result;
  std::vector<Holding> training, held_out;
};

Json metrics_json(const yoneda::SaeMetrics& metrics) {
  return {{"rows", metrics.rows},
          {"fve", metrics.fve},
          {"mse", metrics.mse},
          {"l0", metrics.l0},
          {"dead", metrics.dead}};
}

// The words of the rows; empty where no file names them.
yoneda::Vocabulary words_of_rows(const TrainOptions& options, yoneda::Index rows) {
  if (options.vocabulary.empty()) return {};
  const yoneda::Vocabulary vocabulary = yoneda::ingest::load_vocabulary(options.vocabulary);
  if (vocabulary.size() != rows)
    throw Error(ErrorKind::shape,
                "has " + std::to_string(vocabulary.size()) + " words for " + std::to_string(rows) +
                    " rows of activations; word i belongs to row i",
                options.vocabulary);
  return vocabulary;
}

// The diagram's relations as rows; without a diagram there are none.
study::DiagramRelations relations(const TrainOptions& options, const yoneda::Vocabulary& vocabulary,
                                  yoneda::Index rows) {
  if (options.diagram.empty()) return {};
  study::DiagramWorld world;
  world.V = rows;
  world.vocabulary = &vocabulary;
  return study::code_relations(study::read_diagram_file(options.diagram), world);
}

// Without a verdict, hence one sample: `yoneda check` draws more, on what is held out.
Holding holding(const yoneda::Representation& codes, const yoneda::Relation& relation) {
  Holding found{relation_agreement(std::get<yoneda::Codes>(codes.rows), relation), {}};
  try {
    found.hit = relation_test(codes, relation.pairs, {.samples = 1}).hit.observed();
  } catch (const Error& failure) {
    if (failure.kind != ErrorKind::numeric) throw;
  }
  return found;
}

Trained train(const yoneda::Matrix& rows, const yoneda::TrainOptions& options,
              const yoneda::RelationSplit& judged, const std::string& heading) {
  const yoneda::Gemm gemm = yoneda::onednn_gemm();
  Trained trained{heading, yoneda::train_topk(rows, options, gemm, terminal_progress()), {}, {}};
  if (judged.training.empty()) return trained;
  const auto codes = yoneda::code_representation(yoneda::encode(trained.result.sae, rows, gemm));
  for (const auto& relation : judged.training) trained.training.push_back(holding(codes, relation));
  for (const auto& relation : judged.held_out) trained.held_out.push_back(holding(codes, relation));
  return trained;
}

// What was asked for; to compare, the same without the constraint and with random equations.
std::vector<Trained> train_all(const yoneda::Matrix& rows, const TrainOptions& options,
                               const yoneda::RelationSplit& split) {
  yoneda::TrainOptions asked = options.train;
  if (asked.lambda > 0) asked.relations = split.training;
  // Drawn first: where words are shared so much that there are none, nothing is trained in vain.
  yoneda::TrainOptions control = asked;
  if (options.compare)
    for (yoneda::Relation& relation : control.relations)
      relation = yoneda::random_equations(relation, control.seed);
  std::vector<Trained> all{train(rows, asked, split, fmt::format("lambda {:g}", asked.lambda))};
  if (!options.compare) return all;
  yoneda::TrainOptions without = options.train;
  without.lambda = 0;
  all.push_back(train(rows, without, split, "without"));
  all.push_back(train(rows, control, split, "random equations"));
  return all;
}

Json holding_json(const Holding& holding) {
  const auto& [pairs, Q, spread, length] = holding.agreement;
  return {{"pairs", pairs},
          {"Q", Q},
          {"spread", spread},
          {"length", length},
          {"hit", holding.hit ? Json(*holding.hit) : Json()}};
}

Json trained_json(const Trained& trained, const yoneda::RelationSplit& split) {
  Json json{{"held_out", metrics_json(trained.result.held_out)}};
  for (std::size_t r = 0; r < split.training.size(); ++r)
    json["relations"].push_back({{"name", split.training[r].name},
                                 {"training", holding_json(trained.training[r])},
                                 {"held_out", holding_json(trained.held_out[r])}});
  return json;
}

// Means over the relations, of what is held out.
Holding mean_of(const std::vector<Holding>& holdings) {
  Holding mean{.agreement = {.spread = 0}, .hit = 0.0};
  const auto count = static_cast<double>(holdings.size());
  for (const Holding& holding : holdings) {
    mean.agreement.pairs += holding.agreement.pairs;
    mean.agreement.Q += holding.agreement.Q / count;
    mean.agreement.spread += holding.agreement.spread / count;
    if (mean.hit && holding.hit)
      *mean.hit += *holding.hit / count;
    else
      mean.hit.reset();
  }
  return mean;
}

void print_row(const std::string& name, const std::vector<Holding>& of_each) {
  fmt::print("{}{:>6}", padded(name, 28), of_each.front().agreement.pairs);
  for (const auto& [agreement, hit] : of_each)
    fmt::print("   {:>6.3f} {:>6.3f} {:>6}", agreement.Q, agreement.spread,
               hit ? fmt::format("{:.2f}", *hit) : "-");
  fmt::print("\n");
}

// The relations side by side: rows of the table are relations, columns are SAEs.
void print_relations(const std::vector<Trained>& all, const yoneda::RelationSplit& split) {
  fmt::print(
      "\nrelations in the codes: Q, the mean cosine of a pair's difference with the mean of the "
      "others;\nspread, what of the differences' squares the mean leaves; hit@1 of a + the mean of "
      "the others\n\n{:<34}",
      "");
  for (const Trained& trained : all) fmt::print("   {:>20}", trained.heading);
  fmt::print("\n{:<28}{:>6}", "", "pairs");
  for (std::size_t i = 0; i < all.size(); ++i)
    fmt::print("   {:>6} {:>6} {:>6}", "Q", "spread", "hit@1");
  fmt::print("\n");
  const auto row = [&](const std::string& name, const auto& of) {
    std::vector<Holding> holdings;
    for (const Trained& trained : all) holdings.push_back(of(trained));
    print_row(name, holdings);
  };
  for (std::size_t r = 0; r < split.training.size(); ++r) {
    row(split.training[r].name + ", trained", [&](const Trained& t) { return t.training[r]; });
    row(split.training[r].name + ", held out", [&](const Trained& t) { return t.held_out[r]; });
  }
  row("mean of those held out", [](const Trained& t) { return mean_of(t.held_out); });
  fmt::print("{:<34}", "variance explained, held out");
  for (const Trained& trained : all) fmt::print("   {:>20}", percent(trained.result.held_out.fve));
  fmt::print("\n\n");
}

Json summary_json(const std::vector<Trained>& all, const yoneda::RelationSplit& split,
                  const TrainOptions& options) {
  Json json = trained_json(all.front(), split);
  if (!options.diagram.empty()) json["lambda"] = options.train.lambda;
  if (options.compare) {
    json["without"] = trained_json(all[1], split);
    json["random_equations"] = trained_json(all[2], split);
  }
  json["sae"] = options.output;
  return json;
}

void run(const TrainOptions& options, const Session& session) {
  if (options.compare && !(options.train.lambda > 0))
    throw Error(ErrorKind::value, "--compare sets a constraint beside none: it takes a --lambda");
  const yoneda::Matrix rows = read_activations(options.activations, options.tensor);
  const yoneda::Vocabulary vocabulary = words_of_rows(options, rows.rows());
  const study::DiagramRelations wanted = relations(options, vocabulary, rows.rows());
  yoneda::RelationSplit split;
  if (!wanted.relations.empty())
    split = yoneda::split_relations(wanted.relations, rows.rows(), options.hold_out,
                                    options.train.seed);
  const std::vector<Trained> all = train_all(rows, options, split);
  const yoneda::TrainResult& result = all.front().result;
  yoneda::Dtype dtype = yoneda::Dtype::f32;
  if (options.dtype == "f16") dtype = yoneda::Dtype::f16;
  if (options.dtype == "bf16") dtype = yoneda::Dtype::bf16;
  study::write_saelens(options.output, result.sae, dtype, session.command);
  // What the SAE was trained to satisfy proves nothing: only the other pairs can test it.
  if (options.train.lambda > 0)
    yoneda::io::write_text(
        options.output + "/held-out.toml",
        "# Pairs that training did not see. Test this SAE with these, not with the others.\n# made "
        "by: " +
            safe_text(session.command, 1000) + "\n\n" +
            study::diagram_of(split.held_out, vocabulary));
  for (const std::string& note : wanted.notes) print_note(note);
  if (session.json) {
    print_json(summary_json(all, split, options));
    return;
  }
  const auto& m = result.held_out;
  fmt::print("{} features, {} active per row, trained on {} rows of dimension {}\n",
             grouped(result.sae.n()), options.train.k, grouped(rows.rows() - m.rows), rows.cols());
  fmt::print(
      "held out: {} rows, {} of the variance explained, L0 {:.1f}, MSE {:.4g}, {} features "
      "never active\n",
      grouped(m.rows), percent(m.fve), m.l0, m.mse, grouped(m.dead));
  if (!split.training.empty()) print_relations(all, split);
  for (const std::string& note : result.notes) print_note(note);
  fmt::print("wrote {}/ (SAELens layout{})\n", options.output,
             options.train.lambda > 0 ? ", and held-out.toml to test it with" : "");
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto options = std::make_shared<TrainOptions>();
  auto& t = options->train;
  CLI::App* command = app.add_subcommand("train", "A TopK sparse autoencoder on your activations");
  command
      ->add_option("--activations", options->activations, "rows of activations: a file of tensors")
      ->required();
  command->add_option("--tensor", options->tensor, "which tensor (default: the only matrix)");
  command->add_option("--features", t.features, "n, the width of the SAE")->required();
  command->add_option("--k", t.k, "features active per row")->required();
  command->add_option("--epochs", t.epochs, "passes over the rows")->capture_default_str();
  command->add_option("--batch", t.batch, "rows per step")->capture_default_str();
  command->add_option("--learning-rate", t.learning_rate, "of Adam (default: from n and d)");
  command
      ->add_option_function<std::string>(
          "--directions",
          [&t](const std::string& where) {
            t.directions = where == "inputs" ? yoneda::FirstDirections::inputs
                                             : yoneda::FirstDirections::random;
          },
          "where decoder rows start: anywhere (random, default) or at rows of the data")
      ->check(CLI::IsMember({"random", "inputs"}));
  command->add_option("--decay", t.decay, "last share of the steps, over which the rate falls to 0")
      ->capture_default_str();
  command->add_option("--dead-after", t.dead_after,
                      "rows without firing that make a feature dead (default: one epoch)");
  command->add_option("--k-aux", t.k_aux, "dead features revived per row (default: d/2)");
  command->add_option("--seed", t.seed, "seed of everything random")
      ->check(at_least(0))
      ->capture_default_str();
  CLI::Option* diagram =
      command->add_option("--diagram", options->diagram,
                          "TOML whose [[relation]] tables the codes should keep, or are asked for");
  command
      ->add_option("--vocabulary", options->vocabulary,
                   "word i is row i of the activations (without it, \"#7\" is row 7)")
      ->needs(diagram);
  command
      ->add_option("--lambda", t.lambda,
                   "weight of the relations in the loss (default 0: only say how they hold)")
      ->needs(diagram);
  command
      ->add_option("--hold-out", options->hold_out,
                   "share of the pairs that training does not see; no word is on both sides")
      ->needs(diagram)
      ->capture_default_str();
  command
      ->add_flag(
          "--compare", options->compare,
          "train two more SAEs, without the constraint and with random equations of the same "
          "words, and set them beside")
      ->needs(diagram);
  command->add_option("--dtype", options->dtype, "how weights are stored")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "folder to write")
      ->required()
      ->type_name("PATH");
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda train --activations rows.safetensors --features 64 --k 4 -o my-sae",
                 "rows.safetensors stands for your activations, a matrix with a row for each"}});
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
