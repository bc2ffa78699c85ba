#include "yoneda/io/mapped_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <numeric>

#include "io/support.hpp"

using namespace yoneda;
using namespace yoneda::test;
namespace fs = std::filesystem;

namespace {

struct Ended {
  int code;
  std::string said;
};

/// What a process of its own that runs `body` says on standard error, and how it ends.
template <class Body>
Ended in_child(const Body& body) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    body();
    _exit(0);
  }
  close(ends[1]);
  Ended ended{};
  std::array<char, 256> block{};
  for (ssize_t got = 0; (got = read(ends[0], block.data(), block.size())) > 0;)
    ended.said.append(block.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return ended;
}

int sum(const io::SharedBytes& bytes) {
  return std::accumulate(bytes.span.begin(), bytes.span.end(), 0,
                         [](int all, std::byte b) { return all + std::to_integer<int>(b); });
}

void shrink_while_mapped(const std::string& path) {
  const io::SharedBytes bytes = io::map_file(path);
  fs::resize_file(path, 10);
  volatile int read = sum(bytes);
  (void)read;
}

}  // namespace

TEST_CASE("a file that shrinks ends a program that asked for it with a line and its code") {
  const Folder folder;
  const std::string path = folder / "weights";
  io::write_text(path, std::string(100000, 'x'));
  const Ended ended = in_child([&] {
    io::exit_where_a_file_shrinks("tool", 3);
    io::AtomicFile unfinished(folder / "result");
    unfinished.write("half");
    shrink_while_mapped(path);
  });
  CHECK(ended.code == 3);
  CHECK(ended.said.starts_with("tool: " + path + ": cannot be read any more"));
  CHECK(ended.said.find('\n') == ended.said.size() - 1);
  CHECK(folder.files() == 1);  // of the result there is nothing
}

TEST_CASE("the library alone leaves SIGBUS as it is") {
  const Folder folder;
  const std::string path = folder / "weights";
  io::write_text(path, std::string(100000, 'x'));
  const Ended ended = in_child([&] {
    std::signal(SIGBUS, SIG_DFL);  // doctest has its own
    shrink_while_mapped(path);
  });
  CHECK(ended.code == -SIGBUS);
}

TEST_CASE("a bus error elsewhere ends the program as ever") {
  const Ended ended = in_child([] {
    io::exit_where_a_file_shrinks("tool", 3);
    raise(SIGBUS);
    raise(SIGBUS);
  });
  CHECK(ended.code == -SIGBUS);
  CHECK(ended.said.empty());
}

TEST_CASE("more files than the handler has places for are mapped all the same") {
  const Folder folder;
  const std::string path = folder / "weights";
  io::write_text(path, "abc");
  std::vector<io::SharedBytes> mapped;
  for (int i = 0; i < 1500; ++i) mapped.push_back(io::map_file(path));
  for (const io::SharedBytes& bytes : mapped) CHECK(sum(bytes) == 'a' + 'b' + 'c');
}

TEST_CASE("what is no file is refused by what it is, and not waited for") {
  const Folder folder;
  const std::string fifo = folder / "pipe", door = folder / "door", loop = folder / "loop";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  fs::create_symlink("loop", loop);
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(door.size() < sizeof address.sun_path);
  door.copy(address.sun_path, door.size());
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  for (const auto& [path, what] :
       {std::pair{fifo, "is a pipe"}, std::pair{door, "is a socket"},
        std::pair{std::string("/dev/zero"), "is a device"}, std::pair{loop, "Too many levels"},
        std::pair{folder.string(), "is a folder"}}) {
    for (const Error& error : {error_of(path, [&] { io::map_file(path); }),
                               error_of(path, [&] { io::read_text(path); })}) {
      CHECK(error.kind == ErrorKind::file);
      mentions(error, what);
    }
  }
  close(listener);
}
