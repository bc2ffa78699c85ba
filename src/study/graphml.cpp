#include "graphml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph_parts.hpp"
#include "io/text.hpp"
#include "io/xml.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view weight_name = "weight";
// Of a value, and of all values of the graph: what we write ourselves is far below.
constexpr std::size_t value_limit = 1 << 20;

[[noreturn]] void fail(const std::string& reason) {
  throw Error(ErrorKind::format, reason);  // parse_xml adds the line
}

std::string required(const io::XmlElement& element, std::string_view name) {
  const auto value = element.attribute(name);
  if (!value) fail(fmt::format("<{}> without '{}'", io::printable(element.name), name));
  return std::string(*value);
}

/// What a <key> says of the data that refer to it.
struct Key {
  std::string name;  // attr.name
  std::string of;    // node, edge, graph, all
  std::optional<std::string> fallback;

  bool is_weight() const { return (of == "edge" || of == "all") && lowered(name) == weight_name; }
};

/// Nodes by the ids they have in the file, numbered as they appear.
class Nodes {
 public:
  Id declare(const std::string& id) {
    const Id node = mention(id);
    if (std::exchange(declared_[static_cast<std::size_t>(node)], char{1}) != 0)
      fail("the node " + io::quote(id) + " is given twice");
    return node;
  }

  Id mention(const std::string& id) {
    if (ids_.size() >= static_cast<std::size_t>(std::numeric_limits<Id>::max()))
      fail("more nodes than there are numbers for");
    const auto [at, added] = number_.emplace(id, static_cast<Id>(ids_.size()));
    if (added) {
      ids_.push_back(id);
      declared_.push_back(0);
    }
    return at->second;
  }

  Index size() const { return static_cast<Index>(ids_.size()); }
  const std::string& id(Id node) const { return ids_[static_cast<std::size_t>(node)]; }

  /// The first that edges name and no <node> declares.
  std::optional<Id> undeclared() const {
    const auto found = std::ranges::find(declared_, char{0});
    if (found == declared_.end()) return std::nullopt;
    return static_cast<Id>(found - declared_.begin());
  }

  /// Every node's number where the ids are 0 to n - 1 behind one word, in any order.
  std::optional<std::vector<Id>> own_numbers() const {
    std::vector<Id> numbers;
    for (const std::string& id : ids_) {
      const auto digits = id.find_last_not_of("0123456789") + 1;  // npos + 1 is 0
      const std::string_view text = std::string_view(id).substr(digits);
      const auto number = number_from<Index>(text);
      const bool leading_zero = text.size() > 1 && text.front() == '0';
      if (!number || leading_zero || *number >= size() ||
          id.compare(0, digits, ids_.front(), 0, digits) != 0)
        return std::nullopt;
      numbers.push_back(static_cast<Id>(*number));
    }
    auto sorted = numbers;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) return std::nullopt;
    return numbers;
  }

 private:
  std::unordered_map<std::string, Id> number_;
  std::vector<std::string> ids_;
  std::vector<char> declared_;  // of flags
};

class GraphmlReader {
 public:
  GraphmlReader(bool directed, const std::string& path)
      : path_(path), default_directed_(directed) {}

  void begin(const io::XmlElement& element);
  void end();
  void text(std::string_view piece) {
    if (!value_) return;
    if (value_->size() + piece.size() > value_limit) fail("a value of more than a megabyte");
    value_->append(piece);
  }

  GraphFile finished();

 private:
  enum class Place { nowhere, graphml, key, fallback, graph, node, edge, data, ignored };

  Place place() const { return places_.empty() ? Place::nowhere : places_.back(); }
  Place inside(const io::XmlElement& element);
  Place inside_graph(const io::XmlElement& element);
  void begin_key(const io::XmlElement& element);
  void begin_graph(const io::XmlElement& element);
  void begin_edge(const io::XmlElement& element);
  void end_edge();
  void end_data();
  GraphKind kind() const {
    const auto found = said_.find("kind");
    return ours() && found != said_.end() ? kind_from(found->second, path_) : GraphKind::user;
  }
  bool ours() const { return said_.contains("format"); }

  const std::string& path_;
  std::vector<Place> places_;
  std::map<std::string, Key, std::less<>> keys_;
  std::string key_;  // the <key> that is open, or that the open <data> refers to
  std::optional<std::string> value_;

  Nodes nodes_;
  std::vector<Edge> edges_;
  std::optional<float> weight_;  // of the open edge
  bool default_directed_, seen_graph_ = false;
  bool seen_directed_ = false, seen_undirected_ = false;
  std::map<std::string, std::string> said_;  // data of the graph itself
};

void GraphmlReader::begin(const io::XmlElement& element) {
  places_.push_back(inside(element));
}

GraphmlReader::Place GraphmlReader::inside(const io::XmlElement& element) {
  constexpr std::string_view ours = "http://graphml.graphdrawing.org/xmlns";
  const bool foreign = !element.space.empty() && !element.space.starts_with(ours);
  switch (place()) {
    case Place::nowhere:
      if (foreign || element.name != "graphml")
        fail(fmt::format("expected GraphML, found <{}>{}", io::printable(element.name),
                         element.name == "gexf" ? "; Gephi and NetworkX save GraphML, too" : ""));
      return Place::graphml;
    case Place::graphml:
      if (!foreign && element.name == "key") return begin_key(element), Place::key;
      if (!foreign && element.name == "graph") return begin_graph(element), Place::graph;
      return Place::ignored;
    case Place::key:
      if (foreign || element.name != "default") return Place::ignored;
      value_.emplace();
      return Place::fallback;
    case Place::graph:
    case Place::node:
    case Place::edge:
      return foreign ? Place::ignored : inside_graph(element);
    default:
      return Place::ignored;
  }
}

GraphmlReader::Place GraphmlReader::inside_graph(const io::XmlElement& element) {
  if (element.name == "data") {
    key_ = required(element, "key");
    if (!keys_.contains(key_)) fail("no <key> has the id " + io::quote(key_));
    value_.emplace();
    return Place::data;
  }
  if (element.name == "graph") fail("nested graphs are not read: keep one graph in the file");
  if (place() != Place::graph) return Place::ignored;
  if (element.name == "hyperedge") fail("a hyperedge, but edges have two ends");
  if (element.name == "node") return nodes_.declare(required(element, "id")), Place::node;
  if (element.name == "edge") return begin_edge(element), Place::edge;
  return Place::ignored;
}

void GraphmlReader::begin_key(const io::XmlElement& element) {
  key_ = required(element, "id");
  const Key key{std::string(element.attribute("attr.name").value_or("")),
                std::string(element.attribute("for").value_or("all")),
                {}};
  if (!keys_.emplace(key_, key).second) fail("the key " + io::quote(key_) + " is given twice");
}

void GraphmlReader::begin_graph(const io::XmlElement& element) {
  if (std::exchange(seen_graph_, true)) fail("a second graph: keep one in the file");
  if (const auto given = element.attribute("edgedefault")) {
    if (*given != "directed" && *given != "undirected")
      fail("edgedefault is " + io::quote(*given) + ", neither 'directed' nor 'undirected'");
    default_directed_ = *given == "directed";
  }
}

void GraphmlReader::begin_edge(const io::XmlElement& element) {
  const std::string source = required(element, "source"), target = required(element, "target");
  const auto given = element.attribute("directed");
  const bool directed = given ? *given == "true" || *given == "1" : default_directed_;
  (directed ? seen_directed_ : seen_undirected_) = true;
  if (seen_directed_ && seen_undirected_)
    fail("directed edges beside undirected ones: a graph has edges of one sort");
  if (source == target) fail("a self-loop at " + io::quote(source));
  edges_.push_back({nodes_.mention(source), nodes_.mention(target), 1});
  weight_.reset();
}

void GraphmlReader::end() {
  const Place ended = place();
  places_.pop_back();
  switch (ended) {
    case Place::fallback:
      keys_.at(key_).fallback = std::exchange(value_, {});
      break;
    case Place::data:
      end_data();
      break;
    case Place::edge:
      end_edge();
      break;
    default:
      break;
  }
}

std::optional<float> weight_from(std::string_view text) {
  const auto weight = number_from<float>(io::trimmed(text));
  if (!weight || !std::isfinite(*weight) || *weight == 0)
    fail(io::quote(io::trimmed(text)) + " is not a weight: weights are finite and not zero");
  return weight;
}

void GraphmlReader::end_data() {
  const Key& key = keys_.at(key_);
  const std::string value = std::exchange(value_, {}).value_or("");
  if (place() == Place::graph) said_[key.name] = value;
  if (place() == Place::edge && key.is_weight()) weight_ = weight_from(value);
}

void GraphmlReader::end_edge() {
  const auto key =
      std::ranges::find_if(keys_, [](const auto& entry) { return entry.second.is_weight(); });
  if (key == keys_.end()) return;  // no edge has a weight: 1
  if (!weight_ && key->second.fallback) weight_ = weight_from(*key->second.fallback);
  if (!weight_) fail("an edge without a weight, where others have one");
  edges_.back().weight = *weight_;
}

GraphFile GraphmlReader::finished() {
  if (!seen_graph_) throw Error(ErrorKind::format, "holds no <graph>", path_);
  if (const auto missing = nodes_.undeclared())
    throw Error(ErrorKind::format,
                "an edge leads to " + io::quote(nodes_.id(*missing)) + ", but no node has this id",
                path_);
  GraphFile file;
  if (ours()) file.record = record_from(said_, graph_format, path_);
  if (const auto numbers = nodes_.own_numbers()) {
    for (Edge& edge : edges_) {
      edge.source = (*numbers)[static_cast<std::size_t>(edge.source)];
      edge.target = (*numbers)[static_cast<std::size_t>(edge.target)];
    }
  } else {
    file.notes.push_back(
        fmt::format("the node ids are not 0 to {}, so nodes are numbered as they appear: {} is 0",
                    nodes_.size() - 1, io::quote(nodes_.id(0))));
  }
  const bool weighted =
      std::ranges::any_of(keys_, [](const auto& entry) { return entry.second.is_weight(); });
  if (!weighted && !edges_.empty())
    file.notes.push_back("no data of edges is named 'weight': every edge weighs 1");
  const bool directed = edges_.empty() ? default_directed_ : seen_directed_;
  file.graph = graph_from(nodes_.size(), std::move(edges_), directed, kind(), path_);
  if (file.graph.kind() == GraphKind::virtual_)
    file.upstream = upstream_from(said_["upstream_features"], file.graph, path_);
  return file;
}

}  // namespace

GraphFile parse_graphml(std::string_view text, bool directed, const std::string& path) {
  GraphmlReader reader(directed, path);
  io::parse_xml(text, path,
                {[&](const io::XmlElement& element) { reader.begin(element); },
                 [&] { reader.end(); }, [&](std::string_view piece) { reader.text(piece); }});
  return reader.finished();
}

}  // namespace yoneda::study
