// A graph as NumPy's npz, laid out as scipy.sparse.save_npz does (scipy.org:
// scipy.sparse.save_npz): `format`, `shape`, `data`, `indices`, `indptr` of compressed rows.
#pragma once

#include <span>
#include <string>

#include "yoneda/io/output_tensor.hpp"
#include "yoneda/io/tensor.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::study {

/// Writes atomically. Direction, kind, upstream features and record are further arrays of one text
/// each, `more` arrays of the caller's; SciPy passes over both. Throws Error{file}.
void write_npz_graph(const std::string& path, const GraphFile& file,
                     std::span<const io::OutputTensor> more = {});

/// Reads it, and what SciPy itself saved: the kind is then a user's, the graph undirected where the
/// matrix is symmetric. Throws Error{format}.
GraphFile parse_npz_graph(const io::SharedBytes& bytes, const std::string& path);

}  // namespace yoneda::study
