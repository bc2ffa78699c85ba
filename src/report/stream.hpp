// A file written piece by piece, so that a graph of any size takes little memory.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::report {

class Stream {
 public:
  explicit Stream(const std::string& path) : file_(path) {}

  template <class... Values>
  void print(fmt::format_string<Values...> text, Values&&... values) {
    fmt::format_to(std::back_inserter(buffer_), text, std::forward<Values>(values)...);
    if (buffer_.size() >= full) flush();
  }

  void commit() {
    flush();
    file_.commit();
  }

 private:
  static constexpr std::size_t full = 1 << 20;

  void flush() {
    file_.write(std::string_view(buffer_.data(), buffer_.size()));
    buffer_.clear();
  }

  io::AtomicFile file_;
  fmt::memory_buffer buffer_;
};

/// visit(edge) for every edge once, as SignedGraph::edges lists them.
template <class Visit>
void for_each_edge(const SignedGraph& graph, const Visit& visit) {
  for (Id source = 0; source < graph.node_count(); ++source) {
    const auto targets = graph.neighbors(source);
    for (std::size_t i = 0; i < targets.size(); ++i)
      if (graph.directed() || source < targets[i])
        visit(Edge{source, targets[i], graph.weights(source)[i]});
  }
}

}  // namespace yoneda::report
