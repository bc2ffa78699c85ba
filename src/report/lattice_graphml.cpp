#include "yoneda/report/lattice_graphml.hpp"

#include "report/graphml_parts.hpp"
#include "report/text.hpp"
#include "report/xml_text.hpp"

namespace yoneda::report {
namespace {

constexpr std::size_t name_width = 200;

std::string node_id(const study::LatticeOfEnd& of, Index concept_id) {
  return fmt::format("{}{}", name(of.end), concept_id);
}

std::string token_list(const Concept& each, const Vocabulary& vocabulary, std::size_t most) {
  std::string list;
  for (const std::string& text : texts_of(each.tokens, vocabulary, most))
    list += (list.empty() ? "" : ", ") + list_item(safe_token(text, name_width));
  return list + (each.tokens.size() > most ? ", …" : "");
}

void print_node(Stream& out, const study::LatticeOfEnd& of, Index c, const Vocabulary& vocabulary) {
  constexpr std::size_t in_label = 4;
  const Concept& each = of.lattice.concepts[c];
  const bool bottom = c >= of.lattice.frequent();
  const std::string label = bottom                ? "bottom"
                            : each.tokens.empty() ? "top"
                                                  : token_list(each, vocabulary, in_label);
  out.print("    <node id=\"{}\"><data key=\"n_label\">{}</data><data key=\"n_end\">{}</data>",
            node_id(of, c), xml_text(label), name(of.end));
  out.print("<data key=\"n_support\">{}</data><data key=\"n_size\">{}</data>", each.support(),
            each.tokens.size());
  if (!bottom)
    out.print("<data key=\"n_tokens\">{}</data>",
              xml_text(token_list(each, vocabulary, each.tokens.size())));
  out.print("<data key=\"n_token_ids\">{}</data><data key=\"n_features\">{}</data></node>\n",
            fmt::join(bottom ? std::vector<Id>() : each.tokens, " "),
            fmt::join(each.features, " "));
}

void print_edges(Stream& out, const study::LatticeOfEnd& of) {
  const ConceptLattice& lattice = of.lattice;
  for (Index c = 0; c < std::ssize(lattice.concepts); ++c)
    for (const Id below : lattice.lower[c])
      out.print(
          "    <edge source=\"{}\" target=\"{}\"><data key=\"e_confidence\">{}</data></edge>\n",
          node_id(of, c), node_id(of, below),
          static_cast<double>(lattice.concepts[below].support()) /
              static_cast<double>(lattice.concepts[c].support()));
}

}  // namespace

void write_lattice_graphml(const std::string& path, const study::Lattices& lattices,
                           const study::ArrowsFile& arrows, const study::Record& record) {
  Stream out(path);
  print_graphml_head(out);
  const auto facts = to_metadata(record, "yoneda-lattice/1");
  for (const auto& fact : facts) print_key(out, "graph", fact.first, "string");
  for (const char* text : {"label", "end", "tokens", "token_ids", "features"})
    print_key(out, "node", text, "string");
  for (const char* number : {"support", "size"}) print_key(out, "node", number, "long");
  print_key(out, "edge", "confidence", "double");
  out.print("  <graph id=\"G\" edgedefault=\"directed\">\n");
  for (const auto& [name, value] : facts)
    out.print("    <data key=\"g_{}\">{}</data>\n", name, xml_text(value));
  for (const study::LatticeOfEnd& of : lattices.ends)
    for (Index c = 0; c < std::ssize(of.lattice.concepts); ++c)
      print_node(out, of, c, arrows.vocabulary);
  for (const study::LatticeOfEnd& of : lattices.ends) print_edges(out, of);
  out.print("  </graph>\n</graphml>\n");
  out.commit();
}

}  // namespace yoneda::report
