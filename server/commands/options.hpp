#pragma once

/// \file
/// Declares command-line options without the headers of CLI11, which take longer to compile than
/// all code of a command.

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

/// Exit codes of the process, which every command uses.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,  ///< wrong usage of the command line, or a faulty configuration
};

/// Declares the options and arguments of one command. A name that begins with "--" is an option;
/// any other name is a positional argument. The variable `into` receives the value. This variable
/// must outlive the CommandLine object, and must hold the default value before the arguments are
/// parsed.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void text(const std::string& name, std::string& into, const std::string& help);
  void path(const std::string& name, std::filesystem::path& into, const std::string& help);
  /// Declares a positional argument that takes any number of values.
  void arguments(const std::string& name, std::vector<std::string>& into, const std::string& help);
  /// Declares an option that the user may give several times.
  void texts(const std::string& name, std::vector<std::string>& into, const std::string& help);
  void word(const std::string& name, std::string& into, const std::vector<std::string>& allowed,
            const std::string& help);
  /// Declares an option that the user may give several times, and whose values must be in the list
  /// `allowed`.
  void words(const std::string& name, std::vector<std::string>& into,
             const std::vector<std::string>& allowed, const std::string& help);
  void real(const std::string& name, double& into, double least, double most,
            const std::string& help);
  void flag(const std::string& name, bool& into, const std::string& help);
  /// Sets the text that --help prints after the list of options.
  void epilogue(const std::string& text);
  template <typename Integer>
  void number(const std::string& name, Integer& into, std::uint64_t least, std::uint64_t most,
              const std::string& help) {
    const auto take = [&into](std::uint64_t value) { into = static_cast<Integer>(value); };
    number(name, static_cast<std::uint64_t>(into), least, most, help, take);
  }

  // The functions below declare an option or argument that the user must give.
  void required_text(const std::string& name, std::string& into, const std::string& help);
  void required_path(const std::string& name, std::filesystem::path& into, const std::string& help);
  void required_paths(const std::string& name, std::vector<std::filesystem::path>& into,
                      const std::string& help);

 private:
  void number(const std::string& name, std::uint64_t preset, std::uint64_t least,
              std::uint64_t most, const std::string& help, std::function<void(std::uint64_t)> take);

  CLI::App& app_;
};

/// A group of commands with the same first word, such as `store backup` and `store restore`. This
/// object only refers to the group, and is valid as long as the CommandLine object exists.
class CommandGroup {
 public:
  /// Adds a command to the group.
  /// \param run function that does the command's work. The function is called after the options
  ///   were parsed, if the user chose this command.
  /// \return an object to declare the options of the command.
  [[nodiscard]] Options add(const std::string& name, const std::string& description,
                            std::function<Exit()> run);

 private:
  friend class CommandLine;
  using Commands = std::vector<std::pair<CLI::App*, std::function<Exit()>>>;
  CommandGroup(CLI::App& app, Commands& commands) : app_(app), commands_(commands) {}

  CLI::App& app_;
  Commands& commands_;
};

/// All commands of the program, with the parser of the command line.
class CommandLine {
 public:
  CommandLine(std::string_view name, std::string_view description, std::string_view version);
  ~CommandLine();

  /// Adds a command whose name is one word, like CommandGroup::add().
  [[nodiscard]] Options add(const std::string& name, const std::string& description,
                            std::function<Exit()> run);
  [[nodiscard]] CommandGroup group(const std::string& name, const std::string& description);

  /// Returns an object to declare options that the user may give before the command as well as
  /// after it. Each command that takes such an option must declare it too.
  [[nodiscard]] Options options_before_command();

  /// Parses the arguments and runs the chosen command. Prints usage errors on `err`, one line each,
  /// and help on `out`.
  /// \return the exit code of the command.
  [[nodiscard]] Exit run(int argc, char** argv, std::ostream& out, std::ostream& err);

 private:
  struct Impl;
  /// Returns an error message if an option before the command is given again after it, or if the
  /// command takes no such option; empty if neither is so.
  [[nodiscard]] std::string check_options_before(const CLI::App& command) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace couponhook::server
