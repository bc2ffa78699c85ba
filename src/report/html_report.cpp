#include "yoneda/report/html_report.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "../study/json.hpp"
#include "packed_arrays.hpp"
#include "page.hpp"
#include "text_of_bytes.hpp"
#include "yoneda/arrows/extremes.hpp"
#include "yoneda/category/feature_frustration.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/graph/layout.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::report {
namespace {

using study::Json;
namespace fs = std::filesystem;

constexpr std::size_t histogram_cells = histogram_bins + 2;

// Of more features than these a page with everything would be too much for a browser.
constexpr Index many_features = 20'000, very_many_features = 100'000;
constexpr Index most_edges = 2'000'000;

Index shown_tokens(const LogitArrows& arrows, Index asked) {
  const Index usual = arrows.n > very_many_features ? 4 : arrows.n > many_features ? 10 : 25;
  return std::min(asked > 0 ? asked : usual, arrows.k);
}

bool shows_histograms(const LogitArrows& arrows) {
  return !arrows.histogram.empty() && arrows.n <= very_many_features;
}

// What the study has and the page has not, for its reader.
std::vector<std::string> left_out(const LogitArrows& arrows, Index edges) {
  std::vector<std::string> notes;
  if (!arrows.histogram.empty() && !shows_histograms(arrows))
    notes.push_back("the page is of " + std::to_string(arrows.n) +
                    " features and leaves out their histograms, which arrows.safetensors has");
  if (edges > most_edges)
    notes.push_back("the page has the " + std::to_string(most_edges) + " strongest of " +
                    std::to_string(edges) + " edges; graph.safetensors has all");
  return notes;
}

// The tokens that the page names, numbered in the order in which features do.
class Tokens {
 public:
  std::int32_t number(Id token) {
    const auto [found, added] = numbers_.try_emplace(token, static_cast<std::int32_t>(ids_.size()));
    if (added) ids_.push_back(token);
    return found->second;
  }

  const std::vector<Id>& ids() const { return ids_; }

  Json texts(const Vocabulary& vocabulary) const {
    Json texts = Json::array();
    for (const Id token : ids_) texts.push_back(safe_token(vocabulary.text(token), 80));
    return texts;
  }

 private:
  std::unordered_map<Id, std::int32_t> numbers_;
  std::vector<Id> ids_;
};

void add_end(PackedArrays& arrays, Tokens& tokens, const std::string& end, std::span<const Id> kept,
             std::span<const float> logits, Index n, Index k, Index shown) {
  std::vector<std::int32_t> numbers;
  std::vector<float> values;
  for (Index f = 0; f < n; ++f)
    for (Index i = f * k; i < f * k + shown; ++i) {
      numbers.push_back(tokens.number(kept[i]));
      values.push_back(logits[i]);
    }
  arrays.add<std::int32_t>(end + "_tokens", numbers);
  arrays.add<float>(end + "_logits", values);
}

// Each feature's counts on a log scale, 255 for its fullest bin: what a small chart shows.
std::vector<std::uint8_t> log_histogram(const LogitArrows& arrows) {
  std::vector<std::uint8_t> heights(arrows.histogram.size());
  for (std::size_t begin = 0; begin < heights.size(); begin += histogram_cells) {
    const auto counts = std::span(arrows.histogram).subspan(begin, histogram_cells);
    const double top = std::log1p(static_cast<double>(std::ranges::max(counts)));
    for (std::size_t i = 0; i < histogram_cells; ++i)
      heights[begin + i] = static_cast<std::uint8_t>(
          top > 0 ? std::lround(255 * std::log1p(static_cast<double>(counts[i])) / top) : 0);
  }
  return heights;
}

void add_features(PackedArrays& arrays, const LogitArrows& arrows) {
  arrays.add<float>("mean", arrows.mean);
  arrays.add<float>("std", arrows.std);
  arrays.add<float>("skewness", arrows.skewness);
  arrays.add<float>("kurtosis", arrows.kurtosis);
  arrays.add<float>("min", arrows.min);
  arrays.add<float>("max", arrows.max);
  arrays.add<float>("decoder_norm", arrows.decoder_norm);
  if (!shows_histograms(arrows)) return;
  arrays.add<float>("histogram_low", arrows.histogram_low);
  arrays.add<float>("histogram_high", arrows.histogram_high);
  arrays.add<std::uint8_t>("histogram", log_histogram(arrows));
}

// Edges once each, the strongest first, so that a page may stop anywhere.
void add_edges(PackedArrays& arrays, const SignedGraph& graph) {
  std::vector<Edge> edges = graph.edges();
  std::ranges::sort(edges, {}, [](const Edge& edge) {
    return std::tuple(-std::abs(edge.weight), edge.source, edge.target);
  });
  edges.resize(std::min<std::size_t>(edges.size(), most_edges));
  std::vector<Id> sources, targets;
  std::vector<float> weights;
  for (const Edge& edge : edges) {
    sources.push_back(edge.source);
    targets.push_back(edge.target);
    weights.push_back(edge.weight);
  }
  arrays.add<Id>("source", sources);
  arrays.add<Id>("target", targets);
  arrays.add<float>("weight", weights);
}

void add_frustration(PackedArrays& arrays, const SignedGraph& graph) {
  std::vector<float> shares;
  for (const double share : feature_frustration(graph).share)
    shares.push_back(static_cast<float>(share));
  arrays.add<float>("frustration", shares);
}

void add_map(PackedArrays& arrays, const std::vector<Point>& points) {
  std::vector<float> x, y;
  for (const Point& point : points) {
    x.push_back(point.x);
    y.push_back(point.y);
  }
  arrays.add<float>("x", x);
  arrays.add<float>("y", y);
}

// A file of the study as JSON, without what the page holds elsewhere; null where there is none.
Json part(const std::string& path) {
  if (!fs::exists(path)) return nullptr;
  Json json = study::read_json(path);
  for (const char* known : {"sources", "options", "labels"}) json.erase(known);
  if (json.contains("categories") && json["categories"].is_array())
    for (Json& category : json["categories"]) category.erase("features");
  return json;
}

// The last part of a path, with or without a slash at its end.
std::string last_name(const std::string& path) {
  const fs::path whole = fs::path(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

// Where a source lies is the business of whoever made the page, not of whoever reads it.
Json without_folders(Json record) {
  for (auto& [role, source] : record["sources"].items()) {
    source["path"] = last_name(source["path"].get<std::string>());
    source.erase("files");
  }
  return record;
}

// JSON inside a script element: nothing in it may look like the element's end.
std::string for_script(const Json& json) {
  std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace), out;
  out.reserve(text.size());
  for (const char letter : text) {
    if (letter == '<')
      out += "\\u003c";
    else
      out += letter;
  }
  return out;
}

std::string page(const Json& data, const PackedArrays& arrays) {
  std::string html(page_before());
  html += "<script type=\"application/json\" id=\"study-data\">" + for_script(data) + "</script>\n";
  html += "<script type=\"text/plain\" id=\"study-arrays\">" + base64(deflated(arrays.bytes())) +
          "</script>";
  html += page_after();
  return html;
}

void require_same(const study::ArrowsFile& arrows, const study::GraphFile& graph,
                  const study::Study& study) {
  if (graph.graph.directed())
    throw Error(ErrorKind::value, "is a directed graph; a report shows undirected ones",
                study.graph());
  if (graph.graph.node_count() != arrows.arrows.n)
    throw Error(ErrorKind::value,
                "has " + std::to_string(graph.graph.node_count()) + " nodes, but " +
                    study.arrows() + " has " + std::to_string(arrows.arrows.n) +
                    " features; make the graph again (yoneda graph " + study.folder + ")",
                study.graph());
}

Partition partition_of(const study::Study& study, Index n, std::vector<std::string>& notes) {
  if (!fs::exists(study.categories())) return {std::vector<Id>(n, -1), 0};
  Partition partition = study::read_partition(study.categories());
  if (static_cast<Index>(partition.label.size()) == n) return partition;
  notes.push_back("categories.json is of another number of features and is left out");
  return {std::vector<Id>(n, -1), 0};
}

}  // namespace

HtmlReport html_report(const study::Study& study, const HtmlOptions& options,
                       const Progress& progress) {
  const study::ArrowsFile file = study::read_arrows(study.arrows());
  const study::GraphFile graph = study::read_graph(study.graph());
  require_same(file, graph, study);
  const LogitArrows& arrows = file.arrows;
  HtmlReport report;
  const Partition partition = partition_of(study, arrows.n, report.notes);
  const Index shown = shown_tokens(arrows, options.tokens);
  for (std::string& note : left_out(arrows, graph.graph.edge_count()))
    report.notes.push_back(std::move(note));

  PackedArrays arrays;
  Tokens tokens;
  add_map(arrays, layout(graph.graph, {.categories = partition, .seed = options.seed}, progress));
  arrays.add<Id>("labels", partition.label);
  add_end(arrays, tokens, "positive", arrows.positive_tokens, arrows.positive_logits, arrows.n,
          arrows.k, shown);
  add_end(arrays, tokens, "negative", arrows.negative_tokens, arrows.negative_logits, arrows.n,
          arrows.k, shown);
  arrays.add<Id>("token_ids", tokens.ids());
  add_features(arrays, arrows);
  add_edges(arrays, graph.graph);
  add_frustration(arrays, graph.graph);

  Json data{{"format", "yoneda-report/1"},
            {"title", last_name(study.folder)},
            {"command", options.command},
            {"record", without_folders(study::to_json(study.record, "yoneda-study/1"))},
            {"n", arrows.n},
            {"k", arrows.k},
            {"V", arrows.V},
            {"shown", shown},
            {"kind", name(graph.graph.kind())},
            {"texts", tokens.texts(file.vocabulary)},
            {"categories", partition.count > 0 ? part(study.categories()) : Json(nullptr)},
            {"check", part(study.check())},
            {"relations", part(study.relations())},
            {"arrays", arrays.list()},
            {"notes", report.notes},
            {"licence", d3_licence()}};
  report.html = page(data, arrays);
  return report;
}

}  // namespace yoneda::report
