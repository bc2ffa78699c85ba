// report.html: a study as one page to look at, without a server and without a network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/study/study.hpp"

namespace yoneda::report {

struct HtmlOptions {
  Index tokens = 0;  ///< shown at each end of a feature; 0: 25, 10 above 20,000 features, 4 above
                     ///< 100,000
  std::uint64_t seed = 1;  ///< of the map
  std::string command;     ///< that the page names as its maker
};

/// A page and what its reader may want to know.
struct HtmlReport {
  std::string html;
  std::vector<std::string> notes;
};

/// The study's map, feature cards, categories, diagrams and nulls. Arrows and graph must be there;
/// what else is missing the page says, and how to make it. Sources are named by their last folder
/// alone, so that a page can be handed on. Token texts are data of the page, never its markup, and
/// only the page's own scripts can run (Content-Security-Policy with their hashes). The same study
/// and options give the same bytes. Throws Error{file, format} of the study's files, and
/// Error{value} where graph and arrows are of different numbers of features or a graph is directed.
/// Cost: the map (see layout), m^1.5 for frustration; the page takes about 1 kB per feature, 350
/// bytes where ten tokens are shown at each end. Above 100,000 features it has no histograms, and
/// of more than two million edges it has the strongest; notes say so. About 200 bytes per feature
/// then.
HtmlReport html_report(const study::Study& study, const HtmlOptions& options = {},
                       const Progress& progress = {});

}  // namespace yoneda::report
