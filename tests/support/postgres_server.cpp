#include "support/postgres_server.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace couponhook::support {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStartMax{60};
/// Free space, in bytes, that the folder of the test's PostgreSQL server needs: a new server takes
/// 40 MB, and the tests store more.
constexpr std::uintmax_t kRoomNeeded = 400ULL << 20U;

/// Returns the path of a PostgreSQL program such as initdb. Debian installs each version of
/// PostgreSQL in its own folder; this function chooses the newest version.
fs::path program(const char* name) {
  std::vector<fs::path> versions;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ec)) {
    if (fs::exists(entry.path() / "bin" / name)) versions.push_back(entry.path());
  }
  if (versions.empty()) throw std::runtime_error("PostgreSQL is not installed: tests/run.sh does");
  return *std::max_element(versions.begin(), versions.end()) / "bin" / name;
}

/// Returns the user account under which the PostgreSQL server must run if this process is root,
/// because PostgreSQL refuses to run as root. Returns nothing if this process is not root: the
/// server then runs under the same account.
std::optional<passwd> server_user() {
  if (::geteuid() != 0) return std::nullopt;
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = ::getpwnam(name)) return *user;
  }
  throw std::runtime_error("there is no user postgres or nobody to run PostgreSQL as");
}

/// Returns the folder for the files of the test's PostgreSQL server: in memory (/dev/shm) if there
/// is enough space, otherwise on disk. In memory, the tests need not wait for a disk when the
/// server syncs a commit.
fs::path roomy_folder() {
  std::error_code ec;
  const auto space = fs::space("/dev/shm", ec);
  return !ec && space.available > kRoomNeeded ? fs::path("/dev/shm") : fs::temp_directory_path();
}

/// Starts a program as `user`, with its output in the file `log`. The kernel ends the program when
/// this process ends.
/// \return the process id of the program.
pid_t spawn(const std::vector<std::string>& command, const std::optional<passwd>& user,
            const fs::path& log) {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (user && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
               ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  // Ask the kernel to send SIGQUIT to the program if the test process is killed; PostgreSQL then
  // shuts down at once.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent) ::_exit(126);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

struct PostgresServer::Impl {
  std::optional<passwd> user = server_user();
  fs::path folder;
  pid_t process = 0;
  int databases = 0;

  fs::path data() const { return folder / "data"; }
  fs::path log() const { return folder / "log"; }

  [[noreturn]] void give_up(const std::string& what) const {
    throw std::runtime_error(what + ": " + content_of(log()));
  }
  void make_folder() {
    std::string name = (roomy_folder() / "couponhook-pg-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder = name;
    if (user && ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) give_up("chown");
  }
  void make_cluster(std::string_view settings) const {
    const pid_t initdb =
        spawn({program("initdb"), "-D", data().string(), "-U", "couponhook", "-A", "trust", "-E",
               "UTF8", "--locale=C", "-N", "--no-instructions", "--wal-segsize=1"},
              user, log());
    int status = 0;
    ::waitpid(initdb, &status, 0);
    if (status != 0) give_up("initdb failed");
    std::ofstream file(data() / "postgresql.conf", std::ios::app);
    file << "listen_addresses = ''\nunix_socket_directories = '" << folder.string()
         << "'\nmax_connections = 100\nshared_buffers = 32MB\nautovacuum = off\n"
         << "max_wal_size = 64MB\n"
         << settings << "\n";
  }
};

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer(std::string_view settings) : impl_(std::make_unique<Impl>()) {
  impl_->make_folder();
  impl_->make_cluster(settings);
  start();
}

PostgresServer::~PostgresServer() {
  stop_immediately();
  std::error_code ec;
  fs::remove_all(impl_->folder, ec);
}

void PostgresServer::start() {
  impl_->process =
      spawn({program("postgres"), "-D", impl_->data().string()}, impl_->user, impl_->log());
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (psql(url("postgres"), "SELECT 1") != "1\n") {
    const bool ended = ::waitpid(impl_->process, nullptr, WNOHANG) == impl_->process;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      impl_->give_up("PostgreSQL did not start");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void PostgresServer::stop_immediately() {
  if (impl_->process == 0) return;
  ::kill(impl_->process, SIGQUIT);
  ::waitpid(impl_->process, nullptr, 0);
  impl_->process = 0;
}

std::string PostgresServer::url(std::string_view database) const {
  return "postgresql://couponhook@/" + std::string(database) + "?host=" + impl_->folder.string();
}

std::string PostgresServer::new_database() {
  const std::string name = "test_" + std::to_string(++impl_->databases);
  const std::string answer = psql(url("postgres"), "CREATE DATABASE " + name);
  if (!answer.empty()) throw std::runtime_error("no new database: " + answer);
  return url(name);
}

std::string PostgresServer::psql(const std::string& url, const std::string& sql) const {
  const fs::path out = impl_->folder / "psql.out";
  fs::remove(out);
  const pid_t child =
      spawn({program("psql"), "-X", "-A", "-t", "-q", "-d", url, "-c", sql}, std::nullopt, out);
  ::waitpid(child, nullptr, 0);
  return content_of(out);
}

}  // namespace couponhook::support
