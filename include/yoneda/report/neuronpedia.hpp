// Features as Neuronpedia's exports have them.
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

/// Neuronpedia's names of the model and the SAE, "gemma-2-2b" and "20-gemmascope-res-16k".
struct NeuronpediaNames {
  std::string model_id, source_id;
};

/// A JSON object with the record and the list `features`; each has the keys of a feature in
/// Neuronpedia's exports that weights alone decide: modelId, layer, index, pos_str, pos_values,
/// neg_str, neg_values (ten of each), logits_hist_data_bar_values and _heights, and of a decoder
/// graph topkCosSimIndices and topkCosSimValues. What needs activations (frac_nonzero,
/// maxActApprox, freq_hist..., correlated...) is left out, and named in `left_out`. Token ids,
/// statistics and category, which Neuronpedia has no keys for, are under `yoneda`. Texts that are
/// no UTF-8 have replacement characters. Throws Error{value} without arrows and for a virtual
/// graph, else as write_graphml. Schema: schemas/neuronpedia-feature.schema.json.
///
/// Source: Lin 2023, Neuronpedia: its exports, and the fields that SAEDashboard writes for them.
void write_neuronpedia(const std::string& path, const Exported& exported,
                       const NeuronpediaNames& names);

}  // namespace yoneda::report
