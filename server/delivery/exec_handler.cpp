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
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/excerpt.hpp"
#include "handlers/webhook.hpp"
#include "server/delivery/child_processes.hpp"

namespace couponhook::server {
namespace {

using Clock = std::chrono::steady_clock;
using handlers::Dead;
using handlers::Done;
using handlers::Outcome;
using handlers::Retry;

// Exit code for wrong data, EX_DATAERR of sysexits.h: the command will never accept the event.
constexpr int kDataError = 65;
constexpr int kNotExecutable = 127;  // exit code of a shell that cannot find a program
/// Interval of checking whether a command has ended. Open output pipes do not prove that the
/// command still runs: other processes may keep them open.
constexpr std::chrono::milliseconds kLook{20};
/// Lower bound of the limit of standard error, in bytes: room for a long stack trace of a failing
/// command.
constexpr std::size_t kErrorBytesMin = 65536;
/// Number of bytes at the end of standard error that are kept while the command runs. At most
/// kErrorDetailBytesMax of them are stored with the delivery.
constexpr std::size_t kErrorTailBytes = 4096;
constexpr std::size_t kErrorDetailBytesMax = 500;
/// Time to wait for a killed process to end. If the process takes longer, ChildProcesses takes its
/// exit status later.
constexpr std::chrono::milliseconds kKillTimeout{2000};

/// A file descriptor that is closed by the destructor.
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

/// The environment variables of a command: those of this process, and the identifiers of the event.
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

/// The end of a pipe from which this program reads a command's output, with a limit of bytes.
class Output {
 public:
  explicit Output(std::size_t bytes_max, std::size_t tail_bytes)
      : left_(bytes_max), tail_bytes_(tail_bytes) {}
  void open(Fd read) {
    fd_ = std::move(read);
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool is_over_limit() const { return is_over_limit_; }
  /// Returns the last bytes of the command's output, at most `tail_bytes`.
  [[nodiscard]] const std::string& tail() const { return tail_; }

  /// Reads all bytes of the command's output that are available now, up to the limit.
  void drain() {
    while (fd_.get() >= 0 && !is_over_limit_ && read_once()) {
    }
  }

 private:
  /// Reads one piece of the command's output. \return true if more bytes may be available.
  bool read_once() {
    std::array<char, 4096> chunk;
    const ssize_t bytes = ::read(fd_.get(), chunk.data(), chunk.size());
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
    if (bytes <= 0) {
      fd_.close();
      return false;
    }
    const auto size = static_cast<std::size_t>(bytes);
    is_over_limit_ = size > left_;
    left_ -= std::min(size, left_);
    tail_.append(chunk.data(), size);
    if (tail_.size() > tail_bytes_) tail_.erase(0, tail_.size() - tail_bytes_);
    return true;
  }

  Fd fd_;
  std::size_t left_;
  std::size_t tail_bytes_;
  std::string tail_;
  bool is_over_limit_ = false;
};

/// Exit status of a process that has ended.
struct Ended {
  std::optional<int> status;  ///< exit status; empty if other code in this process took it first
};

/// Attributes of a new process: default handling of all signals, no signal blocked, and a process
/// group of its own. Without these attributes, the command would inherit the signals that this
/// process ignores or blocks.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    for (const int fixed : {SIGKILL, SIGSTOP}) sigdelset(&signals, fixed);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

/// A child process that runs a command in its own process group. Pipes connect its standard input,
/// standard output and standard error with this program.
class Child {
 public:
  explicit Child(std::size_t output_bytes_max)
      : out_(output_bytes_max, 0),
        errors_(std::max(output_bytes_max, kErrorBytesMin), kErrorTailBytes) {}

  /// Starts the command. \return 0, or the error number if the command could not be started.
  int start(std::vector<std::string> command, ChildEnvironment& environment) {
    auto in = make_pipe();
    auto out = make_pipe();
    auto errors = make_pipe();
    if (!in || !out || !errors) return errno;
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in->read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out->write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, errors->write.get(), STDERR_FILENO);
    // The command must not inherit our listening sockets and database files.
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    const SpawnAttributes attributes;
    const auto spawn = [&](pid_t& pid) {
      return posix_spawnp(&pid, arguments[0], &files, attributes.get(), arguments.data(),
                          environment.get());
    };
    const int error = ChildProcesses::of_this_process().start(spawn, pid_);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) return error;
    in_ = std::move(in->write);
    ::fcntl(in_.get(), F_SETFL, O_NONBLOCK);
    out_.open(std::move(out->read));
    errors_.open(std::move(errors->read));
    return 0;
  }

  /// Waits at most kLook (20 ms) until one of the command's pipes is ready; then writes input and
  /// reads output.
  void exchange_data(std::string_view& input) {
    std::array<pollfd, 3> ready{pollfd{in_.get(), POLLOUT, 0}, pollfd{out_.fd(), POLLIN, 0},
                                pollfd{errors_.fd(), POLLIN, 0}};
    ::poll(ready.data(), ready.size(), static_cast<int>(kLook.count()));
    if (in_.get() >= 0 && ready[0].revents != 0) feed(input);
    listen();
  }

  /// Reads all output that the command has written so far.
  void listen() {
    out_.drain();
    errors_.drain();
  }
  [[nodiscard]] bool is_over_limit() const {
    return out_.is_over_limit() || errors_.is_over_limit();
  }
  [[nodiscard]] const std::string& errors() const { return errors_.tail(); }

  /// Checks whether the process has ended. \return its exit status; nothing while the process runs.
  [[nodiscard]] std::optional<Ended> ended() const {
    int status = 0;
    const pid_t taken = ::waitpid(pid_, &status, WNOHANG);
    if (taken == 0 || (taken < 0 && errno == EINTR)) return std::nullopt;
    ChildProcesses::of_this_process().forget(pid_);
    return Ended{taken == pid_ ? std::optional<int>(status) : std::nullopt};
  }

  /// Kills the command's process and all other processes of its group.
  void kill() const {
    ::kill(-pid_, SIGKILL);
    const auto due = Clock::now() + kKillTimeout;
    while (!ended()) {
      if (Clock::now() >= due) return ChildProcesses::of_this_process().abandon(pid_);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  void feed(std::string_view& input) {
    const ssize_t written = ::write(in_.get(), input.data(), input.size());
    if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
    // A command may close its standard input without reading it; that is no error.
    const bool refused = written < 0 && errno != EAGAIN && errno != EINTR;
    if (refused || input.empty()) in_.close();
  }

  pid_t pid_ = 0;
  Fd in_;
  Output out_;
  Output errors_;
};

Outcome outcome_of(const Ended& ended, std::string detail) {
  if (!ended.status) {
    return Retry{"the command's exit code is unknown: other code in this process has collected it",
                 {},
                 std::move(detail)};
  }
  const int status = *ended.status;
  if (WIFSIGNALED(status)) {
    return Retry{"the command was killed by signal " + std::to_string(WTERMSIG(status)),
                 {},
                 std::move(detail)};
  }
  const int code = WEXITSTATUS(status);
  if (code == 0) return Done{};
  std::string reason = "the command ended with exit code " + std::to_string(code);
  if (code == kDataError) return Dead{std::move(reason), std::move(detail)};
  if (code == kNotExecutable) reason += ": it, or a program that it calls, was not found";
  return Retry{std::move(reason), {}, std::move(detail)};
}

bool is_executable_file(const std::filesystem::path& file) {
  std::error_code ec;
  return std::filesystem::is_regular_file(file, ec) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

std::string why_not_executable(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_executable_file(program)) return {};
    return "\"" + program + "\" is not an executable file; check path and permissions";
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
  Child child(options_.output_bytes_max);
  if (const int error = child.start(options_.command, environment); error != 0) {
    return Retry{"cannot run " + options_.command.front() + ": " + std::strerror(error), {}};
  }
  const auto detail = [&child] { return base::last_lines(child.errors(), kErrorDetailBytesMax); };
  std::string_view input = body;
  while (true) {
    child.exchange_data(input);
    if (child.is_over_limit()) {
      child.kill();
      return Retry{"the command wrote more than max_output_bytes and was killed", {}, detail()};
    }
    if (const auto ended = child.ended()) {
      child.listen();
      return outcome_of(*ended, detail());
    }
    if (Clock::now() >= due) {
      child.kill();
      child.listen();
      return Retry{"the command took longer than timeout_ms and was killed", {}, detail()};
    }
  }
}

}  // namespace couponhook::server
