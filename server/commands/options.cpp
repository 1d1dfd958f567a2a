#include "server/commands/options.hpp"

#include <ostream>

#include <CLI/CLI.hpp>

#include "server/config/similar_word.hpp"

namespace couponhook::server {

void Options::text(const std::string& name, std::string& into, const std::string& help) {
  CLI::Option* option = app_.add_option(name, into, help);
  if (!into.empty()) option->capture_default_str();
}

void Options::path(const std::string& name, std::filesystem::path& into, const std::string& help) {
  // CLI11 shows a default path in quotes. Declare the path as a string, so that help shows it as
  // the user would type it.
  CLI::Option* option = app_.add_option_function<std::string>(
      name, [&into](const std::string& value) { into = value; }, help);
  if (!into.empty()) option->default_str(into.string());
}

void Options::texts(const std::string& name, std::vector<std::string>& into,
                    const std::string& help) {
  // Take one value for each occurrence of the option, so that a positional argument after it is not
  // taken for a second value.
  app_.add_option(name, into, help)->expected(1)->take_all();
}

void Options::arguments(const std::string& name, std::vector<std::string>& into,
                        const std::string& help) {
  app_.add_option(name, into, help);
}

void Options::word(const std::string& name, std::string& into,
                   const std::vector<std::string>& allowed, const std::string& help) {
  app_.add_option(name, into, help)->check(CLI::IsMember(allowed));
}

void Options::words(const std::string& name, std::vector<std::string>& into,
                    const std::vector<std::string>& allowed, const std::string& help) {
  app_.add_option(name, into, help)->expected(1)->take_all()->check(CLI::IsMember(allowed));
}

void Options::real(const std::string& name, double& into, double least, double most,
                   const std::string& help) {
  app_.add_option(name, into, help)->check(CLI::Range(least, most))->capture_default_str();
}

void Options::flag(const std::string& name, bool& into, const std::string& help) {
  app_.add_flag(name, into, help);
}

void Options::epilogue(const std::string& text) {
  app_.footer(text);
}

void Options::number(const std::string& name, std::uint64_t preset, std::uint64_t least,
                     std::uint64_t most, const std::string& help,
                     std::function<void(std::uint64_t)> take) {
  app_.add_option_function<std::uint64_t>(name, std::move(take), help)
      ->check(CLI::Range(least, most))
      ->default_str(std::to_string(preset));
}

void Options::required_text(const std::string& name, std::string& into, const std::string& help) {
  app_.add_option(name, into, help)->required();
}

void Options::required_path(const std::string& name, std::filesystem::path& into,
                            const std::string& help) {
  app_.add_option(name, into, help)->required();
}

void Options::required_paths(const std::string& name, std::vector<std::filesystem::path>& into,
                             const std::string& help) {
  app_.add_option(name, into, help)->required();
}

namespace {

/// Finds an unknown command. CLI11 itself would only say that a command is missing.
/// \return an error message about the first argument that is in the place of a command but is not
///   the name of a command; empty if there is none.
std::string explain_unknown_command(const CLI::App& app, int argc, char** argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    if (at->get_require_subcommand_min() == 0) return {};
    const std::string_view word(argv[i]);
    if (word.starts_with("-")) {
      const CLI::Option* option = app.get_option_no_throw(std::string(word));
      if (option == nullptr && word.find('=') == std::string_view::npos) return {};
      if (option != nullptr && option->get_items_expected_min() > 0) ++i;
      continue;
    }
    std::vector<std::string> names;
    const CLI::App* named = nullptr;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
      if (names.back() == word) named = command;
    }
    if (named == nullptr) {
      const std::string nearest = similar_word(word, names);
      return "there is no command \"" + std::string(word) + "\"" +
             (nearest.empty() ? "" : ", did you mean \"" + nearest + "\"?");
    }
    at = named;
  }
  return {};
}

}  // namespace

Options CommandGroup::add(const std::string& name, const std::string& description,
                          std::function<Exit()> run) {
  CLI::App* command = app_.add_subcommand(name, description);
  commands_.emplace_back(command, std::move(run));
  return Options(*command);
}

struct CommandLine::Impl {
  Impl(std::string_view name, std::string_view description)
      : app(std::string(description), std::string(name)) {}

  CLI::App app;
  CommandGroup::Commands commands;
};

CommandLine::CommandLine(std::string_view name, std::string_view description,
                         std::string_view version)
    : impl_(std::make_unique<Impl>(name, description)) {
  impl_->app.set_version_flag("--version", std::string(name) + " " + std::string(version));
  impl_->app.require_subcommand(1);
}

CommandLine::~CommandLine() = default;

Options CommandLine::add(const std::string& name, const std::string& description,
                         std::function<Exit()> run) {
  return CommandGroup(impl_->app, impl_->commands).add(name, description, std::move(run));
}

CommandGroup CommandLine::group(const std::string& name, const std::string& description) {
  CLI::App* group = impl_->app.add_subcommand(name, description);
  group->require_subcommand(1);
  // Lets `couponhook store --config FILE backup` take the option that stands before the command.
  group->fallthrough();
  return {*group, impl_->commands};
}

Options CommandLine::options_before_command() {
  return Options(impl_->app);
}

std::string CommandLine::check_options_before(const CLI::App& command) const {
  for (const CLI::Option* option : impl_->app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0) continue;
    const CLI::Option* own = command.get_option_no_throw(name);
    if (own == nullptr) return "this command takes no " + name;
    if (own->count() > 0) return name + " is given twice, before and after the command";
  }
  return {};
}

Exit CommandLine::run(int argc, char** argv, std::ostream& out, std::ostream& err) {
  if (const auto why = explain_unknown_command(impl_->app, argc, argv); !why.empty()) {
    err << "couponhook: " << why << " (see couponhook --help)\n";
    return Exit::kUsage;
  }
  try {
    impl_->app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    // Write the message here, because CLI11 would list the superfluous arguments from last to
    // first.
    std::string extras;
    for (const std::string& word : impl_->app.remaining(true)) extras += " \"" + word + "\"";
    err << "couponhook: this command takes no" << extras << " (see couponhook --help)\n";
    return Exit::kUsage;
  } catch (const CLI::ParseError& error) {
    const bool asked_for_text = error.get_exit_code() == 0;
    if (asked_for_text) {
      impl_->app.exit(error, out, err);
      return Exit::kOk;
    }
    err << "couponhook: " << error.what() << " (see couponhook --help)\n";
    return Exit::kUsage;
  }
  for (const auto& [command, run_it] : impl_->commands) {
    if (!command->parsed()) continue;
    if (const auto why = check_options_before(*command); !why.empty()) {
      err << "couponhook: " << why << " (see couponhook --help)\n";
      return Exit::kUsage;
    }
    return run_it();
  }
  return Exit::kUsage;
}

}  // namespace couponhook::server
