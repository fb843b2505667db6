// Runs one target without libFuzzer, so that every build and every sanitizer tree can: each file of the corpus as it
// is, then a bounded number of mutations. Says the seed; keeps the input that ended it, and says where.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutator.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace ftl::fuzz {
namespace {

// What stands here is read by a signal handler.
std::string_view current_input;
std::string kept_path;
constexpr unsigned kHangSeconds = 60;

void Say(std::string_view text) {
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) _exit(1);
}

void KeepInput() {
  const int file = open(kept_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || write(file, current_input.data(), current_input.size()) < 0) return Say("the input cannot be kept\n");
  close(file);
  Say("the input that did it: ");
  Say(kept_path);
  Say("\n");
}

void Crashed(int signal) {
  if (signal == SIGALRM) Say("no end within a minute\n");
  KeepInput();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void WatchForCrashes() {
  std::signal(SIGABRT, Crashed);
  std::signal(SIGALRM, Crashed);
  // A sanitizer has handlers of its own for these, which say more.
  if (__sanitizer_set_death_callback != nullptr) return __sanitizer_set_death_callback(KeepInput);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, Crashed);
}

// On memory of its exact size, so that a sanitizer sees a read beyond the end.
void Run(std::string_view input) {
  const auto copy = std::make_unique<char[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  current_input = input;
  FuzzOne({copy.get(), input.size()});
}

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(fmt::format("{} cannot be read", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

// Files, and those directly in folders, by name.
std::vector<std::string> ReadAll(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  std::transform(files.begin(), files.end(), std::back_inserter(inputs), Read);
  return inputs;
}

// The word of a line of libFuzzer's dictionaries: `name="bytes"`, with \" \\ and \xNN. Empty for a line without one.
std::string WordOf(std::string_view line) {
  const size_t open = line.find('"');
  const size_t close = line.rfind('"');
  std::string word;
  if (line.empty() || line.front() == '#' || open >= close) return word;
  for (size_t i = open + 1; i < close; ++i) {
    const bool is_hex = line[i] == '\\' && line[i + 1] == 'x';
    if (is_hex) {
      word += static_cast<char>(std::stoi(std::string(line.substr(i + 2, 2)), nullptr, 16));
      i += 3;
    } else {
      if (line[i] == '\\') ++i;
      word += line[i];
    }
  }
  return word;
}

std::vector<std::string> Words(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (std::string word = WordOf(line); !word.empty()) words.push_back(std::move(word));
  }
  return words;
}

int Main(int argc, char** argv) {
  std::vector<std::string> corpus;
  std::string dictionary;
  std::string keep = ".";
  uint64_t iterations = 100'000;
  double seconds = 0;
  std::optional<uint64_t> given_seed;
  size_t most_bytes = 4096;
  CLI::App app("Feeds a target with a corpus and with mutations of it.");
  app.add_option("corpus", corpus, "Inputs, or folders of them");
  app.add_option("--dictionary", dictionary, "Words to mix in, as libFuzzer writes them");
  app.add_option("--iterations", iterations, "How many mutations to try; 0 for the corpus alone")
      ->capture_default_str();
  app.add_option("--seconds", seconds, "Try for as long instead");
  app.add_option("--seed", given_seed, "Chooses the mutations; drawn where absent");
  app.add_option("--most-bytes", most_bytes, "No input is longer")->capture_default_str();
  app.add_option("--keep", keep, "The folder for an input that ended it")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const std::string name = std::filesystem::path(argv[0]).filename();
  const uint64_t seed = given_seed.value_or(std::random_device()());
  kept_path = (std::filesystem::absolute(keep) / fmt::format("{}-seed-{}.input", name, seed)).lexically_normal();
  fmt::print("{} --seed {}\n", name, seed);
  std::fflush(stdout);
  WatchForCrashes();

  const std::vector<std::string> examples = ReadAll(corpus);
  for (const std::string& example : examples) Run(example);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  Mutator mutator(seed, examples, Words(dictionary), most_bytes);
  uint64_t tried = 0;
  while (seconds > 0 ? elapsed() < seconds : tried < iterations) {
    if (tried++ % 256 == 0) alarm(kHangSeconds);
    Run(mutator.Next());
  }
  fmt::print("{}: {} examples, {} mutations, {:.1f} s\n", name, examples.size(), tried, elapsed());
  return 0;
}

}  // namespace
}  // namespace ftl::fuzz

int main(int argc, char** argv) {
  try {
    return ftl::fuzz::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
