// A study: a folder with study.json, which names the sources, and the files made from them.
#pragma once

#include <optional>
#include <string>

#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// The files of a study, whether they exist yet or not.
struct Study {
  std::string folder;
  Record record;

  std::string arrows() const { return folder + "/arrows.safetensors"; }
  std::string graph() const { return folder + "/graph.safetensors"; }
  std::string categories() const { return folder + "/categories.json"; }
  std::string check() const { return folder + "/check.json"; }
  std::string enrichment() const { return folder + "/enrichment.json"; }
  std::string relations() const { return folder + "/relations.json"; }
  std::string views() const { return folder + "/views.json"; }
  std::string lattice() const { return folder + "/lattice.json"; }
  std::string report() const { return folder + "/report.html"; }
};

/// Writes study.json, making the folder where needed. Throws Error{file}.
void write_study(const Study& study);

/// Throws Error{file, format}.
Study read_study(const std::string& folder);

/// The study at `path`, or nothing where `path` is not a folder with a study.json.
std::optional<Study> study_at(const std::string& path);

}  // namespace yoneda::study
