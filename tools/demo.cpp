// yoneda demo: the main job on the data that comes with the program.
#include <fmt/format.h>

#include <filesystem>

#include "command.hpp"
#include "description.hpp"

namespace tool {
namespace {

namespace fs = std::filesystem;

// Installed, the data lies in ../share/yoneda/demo seen from the program; else in the source tree.
std::string demo_folder() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  for (const fs::path& folder : {program.parent_path().parent_path() / "share" / "yoneda" / "demo",
                                 fs::path(YONEDA_DEMO_SOURCE)})
    if (fs::exists(folder / "words.safetensors", ignored)) return folder.string();
  throw yoneda::Error(yoneda::ErrorKind::file,
                      "the demo's data is neither installed beside the program nor in its source "
                      "tree");
}

struct DemoOptions {
  MainJob job;
  std::string folder = "yoneda-demo";
};

void run(const DemoOptions& options, const Session& session) {
  const std::string data = demo_folder();
  SourceFlags flags;
  flags.options.sae = data + "/sae";
  flags.options.model = data + "/words.safetensors";
  flags.options.vocabulary = data + "/words.txt";
  if (!session.json)
    fmt::print(
        "A TopK SAE trained on the 20,000 most frequent words of GloVe 6B (100 dimensions). The "
        "word vectors\nserve as activations and as unembedding, so every token is a whole "
        "word.\n\n");
  run_main_job(flags, options.job, options.folder, session);
}

}  // namespace

void add_demo(CLI::App& app, Session& session) {
  auto options = std::make_shared<DemoOptions>();
  options->job.check.samples = 50;
  CLI::App* command = app.add_subcommand("demo", "The main job on the data that comes along");
  add_category_flags(*command, options->job.categories);
  add_check_flags(*command, options->job.check);
  command->add_option("-o,--output", options->folder, "folder of the study")
      ->capture_default_str()
      ->type_name("PATH");
  add_no_report_flag(*command, options->job.report);
  add_json_flag(*command, session);
  set_examples(*command, {{"yoneda demo", "into the folder yoneda-demo, in about half a minute"},
                          {"yoneda demo --method leiden -o demo-leiden", ""}});
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
