#include "server/delivery/exec_handler.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handlers/webhook.hpp"

namespace couponhook::server {
namespace {

using Clock = std::chrono::steady_clock;
using handlers::Dead;
using handlers::Done;
using handlers::Outcome;
using handlers::Retry;

constexpr int kDataError = 65;       // EX_DATAERR of sysexits.h
constexpr int kNotExecutable = 127;  // what a shell says of a program that it cannot find
/// How often to look whether a command that keeps its output open has ended.
constexpr std::chrono::milliseconds kLook{20};

/// A file descriptor that is closed when its time is over.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// The environment with the event's identifiers.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(const handlers::HandledEvent& event) {
    for (char** entry = environ; *entry != nullptr; ++entry) entries_.emplace_back(*entry);
    add("COUPONHOOK_NOTIFICATION_ID", event.notification_id);
    add("COUPONHOOK_EVENT_TYPE", event.event_type);
    add("COUPONHOOK_MCHID", event.mchid);
    add("COUPONHOOK_ATTEMPT", std::to_string(event.attempt));
    for (std::string& entry : entries_) pointers_.push_back(entry.data());
    pointers_.push_back(nullptr);
  }
  [[nodiscard]] char** get() { return pointers_.data(); }

 private:
  void add(std::string_view name, std::string_view value) {
    entries_.push_back(std::string(name).append("=").append(value));
  }
  std::vector<std::string> entries_;
  std::vector<char*> pointers_;
};

/// A process in a group of its own, fed and listened to through pipes.
class Child {
 public:
  /// \return the error number where it could not be started.
  int start(std::vector<std::string> command, ChildEnvironment& environment) {
    auto in = make_pipe();
    auto out = make_pipe();
    if (!in || !out) return errno;
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in->read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out->write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, out->write.get(), STDERR_FILENO);
    // Listening sockets and the store are none of its business.
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t ordinary;
    sigemptyset(&ordinary);
    posix_spawnattr_setsigmask(&attributes, &ordinary);
    // What this process ignores, a new program would ignore too.
    sigaddset(&ordinary, SIGPIPE);
    sigaddset(&ordinary, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &ordinary);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error =
        posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(), environment.get());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) return error;
    in_ = std::move(in->write);
    out_ = std::move(out->read);
    ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(out_.get(), F_SETFL, O_NONBLOCK);
    return 0;
  }

  /// Waits a moment for something to happen, feeds and listens.
  /// \return false when the output has exceeded its limit.
  bool converse(std::string_view& input, std::size_t& output_left) {
    std::array<pollfd, 2> ready{pollfd{in_.get(), POLLOUT, 0}, pollfd{out_.get(), POLLIN, 0}};
    ::poll(ready.data(), ready.size(), static_cast<int>(kLook.count()));
    if (in_.get() >= 0 && ready[0].revents != 0) feed(input);
    if (out_.get() >= 0 && ready[1].revents != 0) return listen(output_left);
    return true;
  }

  /// \return the wait status once it has ended.
  [[nodiscard]] std::optional<int> ended() const {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) return status;
    return std::nullopt;
  }

  /// With everything it has started.
  void kill() const {
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  void feed(std::string_view& input) {
    const ssize_t written = ::write(in_.get(), input.data(), input.size());
    if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
    // A command need not read its input.
    const bool refused = written < 0 && errno != EAGAIN && errno != EINTR;
    if (refused || input.empty()) in_.close();
  }
  bool listen(std::size_t& output_left) {
    std::array<char, 4096> chunk;
    const ssize_t bytes = ::read(out_.get(), chunk.data(), chunk.size());
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR)) out_.close();
    if (bytes <= 0) return true;
    const auto size = static_cast<std::size_t>(bytes);
    if (size > output_left) return false;
    output_left -= size;
    return true;
  }

  pid_t pid_ = 0;
  Fd in_;
  Fd out_;
};

Outcome outcome_of(int status) {
  if (WIFSIGNALED(status)) {
    return Retry{"the command was killed by signal " + std::to_string(WTERMSIG(status)), {}};
  }
  const int code = WEXITSTATUS(status);
  if (code == 0) return Done{};
  std::string reason = "the command ended with exit code " + std::to_string(code);
  if (code == kDataError) return Dead{std::move(reason)};
  if (code == kNotExecutable) reason += ": it, or a program that it calls, was not found";
  return Retry{std::move(reason), {}};
}

bool is_executable_file(const std::filesystem::path& file) {
  std::error_code ec;
  return std::filesystem::is_regular_file(file, ec) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

std::string why_not_executable(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_executable_file(program)) return {};
    return "\"" + program + "\" is no file that may be executed here; check path and permissions";
  }
  const char* const value = std::getenv("PATH");
  std::istringstream folders(value == nullptr ? "/bin:/usr/bin" : value);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (is_executable_file(std::filesystem::path(folder) / program)) return {};
  }
  return "\"" + program + "\" is in no folder of PATH; name it with its whole path";
}

Outcome ExecHandler::handle(const handlers::HandledEvent& event) {
  const auto due = Clock::now() + options_.timeout;
  const std::string body = handlers::webhook_body(event);
  ChildEnvironment environment(event);
  Child child;
  if (const int error = child.start(options_.command, environment); error != 0) {
    return Retry{"cannot run " + options_.command.front() + ": " + std::strerror(error), {}};
  }
  std::string_view input = body;
  std::size_t output_left = options_.output_bytes_max;
  while (true) {
    if (!child.converse(input, output_left)) {
      child.kill();
      return Retry{"the command wrote more than max_output_bytes and was killed", {}};
    }
    if (const auto status = child.ended()) return outcome_of(*status);
    if (Clock::now() >= due) {
      child.kill();
      return Retry{"the command took longer than timeout_ms and was killed", {}};
    }
  }
}

}  // namespace couponhook::server
