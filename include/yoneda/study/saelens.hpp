// Writing an SAE as SAELens writes it.
#pragma once

#include <string>

#include "yoneda/model/sae.hpp"

namespace yoneda::study {

/// Writes cfg.json and sae_weights.safetensors (W_enc [d, n], W_dec [n, d], b_enc [n], b_dec [d])
/// into a folder, which is made where needed, as SAELens 6 does; cfg.json comes last and names the
/// command, where one is given. Biases that the SAE lacks are written as zeros. Throws Error{value}
/// where the SAE has no encoder or is neither topk nor relu, Error{file} where the folder cannot be
/// written.
void write_saelens(const std::string& folder, const Sae& sae, Dtype dtype = Dtype::f32,
                   const std::string& command = {});

}  // namespace yoneda::study
