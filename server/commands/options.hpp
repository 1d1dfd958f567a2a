#pragma once

/// \file
/// A command's options, with CLI11 kept behind them: its headers take longer to compile than all of
/// a command's own code.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace couponhook::server {

/// Exit codes of every command.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,  ///< bad usage or configuration
};

/// The options of one command. A name that begins with "--" is an option, another one is an
/// argument by its place. What options are parsed into must live as long as the command line, and
/// holds the default beforehand.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void text(const std::string& name, std::string& into, const std::string& help);
  void path(const std::string& name, std::filesystem::path& into, const std::string& help);
  /// Any number of arguments, by their place.
  void arguments(const std::string& name, std::vector<std::string>& into, const std::string& help);
  /// May be given several times.
  void texts(const std::string& name, std::vector<std::string>& into, const std::string& help);
  void word(const std::string& name, std::string& into, const std::vector<std::string>& allowed,
            const std::string& help);
  /// May be given several times.
  void words(const std::string& name, std::vector<std::string>& into,
             const std::vector<std::string>& allowed, const std::string& help);
  void real(const std::string& name, double& into, double least, double most,
            const std::string& help);
  void flag(const std::string& name, bool& into, const std::string& help);
  /// What --help says after the options.
  void epilogue(const std::string& text);
  template <typename Integer>
  void number(const std::string& name, Integer& into, std::uint64_t least, std::uint64_t most,
              const std::string& help) {
    const auto take = [&into](std::uint64_t value) { into = static_cast<Integer>(value); };
    number(name, static_cast<std::uint64_t>(into), least, most, help, take);
  }

  // The same for what must be given.
  void required_text(const std::string& name, std::string& into, const std::string& help);
  void required_path(const std::string& name, std::filesystem::path& into, const std::string& help);
  void required_paths(const std::string& name, std::vector<std::filesystem::path>& into,
                      const std::string& help);

 private:
  void number(const std::string& name, std::uint64_t preset, std::uint64_t least,
              std::uint64_t most, const std::string& help, std::function<void(std::uint64_t)> take);

  CLI::App& app_;
};

/// Commands that share their first word: `store backup`, `store restore`. A handle, good for as
/// long as the command line.
class CommandGroup {
 public:
  /// \param run does the work; called where the command was chosen, after its options were parsed.
  [[nodiscard]] Options add(const std::string& name, const std::string& description,
                            std::function<Exit()> run);

 private:
  friend class CommandLine;
  using Commands = std::vector<std::pair<CLI::App*, std::function<Exit()>>>;
  CommandGroup(CLI::App& app, Commands& commands) : app_(app), commands_(commands) {}

  CLI::App& app_;
  Commands& commands_;
};

/// The program's commands.
class CommandLine {
 public:
  CommandLine(std::string_view name, std::string_view description, std::string_view version);
  ~CommandLine();

  /// As CommandGroup::add, for a command of one word.
  [[nodiscard]] Options add(const std::string& name, const std::string& description,
                            std::function<Exit()> run);
  [[nodiscard]] CommandGroup group(const std::string& name, const std::string& description);

  /// Parses and runs. What is wrong with the usage is told on `err` in one line, help on `out`.
  [[nodiscard]] Exit run(int argc, char** argv, std::ostream& out, std::ostream& err);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
