#include "yoneda/study/diagram_relations.hpp"

#include <algorithm>

#include "diagram_place.hpp"
#include "io/text.hpp"

namespace yoneda::study {
namespace {

Relation looked_up_pairs(const WrittenRelation& written, const DiagramFile& file,
                         const DiagramWorld& world) {
  Relation relation{written.name, {}};
  for (const auto& [a, b] : written.pairs) {
    const RowPair pair{looked_up(a, file.path, world), looked_up(b, file.path, world)};
    const auto refuse = [&](const std::string& reason) {
      throw_at(ErrorKind::value, file.path, a.place,
               fmt::format("relation {}: the pair {}, {} {}", io::quote(written.name),
                           io::quote(a.text), io::quote(b.text), reason));
    };
    if (pair.a == pair.b) refuse("pairs a word with itself");
    if (std::ranges::count(relation.pairs, pair) > 0) refuse("is given twice");
    relation.pairs.push_back(pair);
  }
  if (static_cast<Index>(relation.pairs.size()) < fewest_pairs)
    throw_at(ErrorKind::value, file.path, written.place,
             fmt::format("relation {}: at least {} pairs are needed, found {}",
                         io::quote(written.name), fewest_pairs, relation.pairs.size()));
  return relation;
}

}  // namespace

DiagramRelations code_relations(const DiagramFile& file, const DiagramWorld& world) {
  DiagramRelations made;
  for (const WrittenRelation& written : file.relations) {
    const auto leave_out = [&](const std::string& reason) {
      made.notes.push_back(
          fmt::format("relation {} is not trained on: {}", io::quote(written.name), reason));
    };
    if (written.in != "codes")
      leave_out(fmt::format("it is in {}, and training constrains codes", written.in));
    else if (written.expect && *written.expect != Verdict::commutes)
      leave_out(fmt::format("it is expected to be '{}'", yoneda::name(*written.expect)));
    else
      made.relations.push_back(looked_up_pairs(written, file, world));
  }
  if (made.relations.empty())
    throw Error(ErrorKind::value,
                "holds no [[relation]] in codes that is expected to commute, so there is nothing "
                "to train on",
                file.path);
  return made;
}

}  // namespace yoneda::study
