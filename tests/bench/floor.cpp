/// \file
/// Measures the lowest possible CPU cost of receiving one notification (the floor): OpenSSL,
/// RapidJSON and SQLite are called directly, without couponhook's code. Each part of the cost is
/// the CPU time of the thread that does the work (user and system time), in microseconds.

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <linux/magic.h>
#include <sys/vfs.h>
#include <CLI/CLI.hpp>

#include "floor_parts.hpp"

namespace couponhook::bench {
namespace {

struct Floor {
  double rsa_verify, aes_gcm_open, json_parse, base64_decode, tls_exchange, sqlite_row;
  double tls_connection;

  [[nodiscard]] double sum() const {
    return rsa_verify + aes_gcm_open + json_parse + base64_decode + tls_exchange + sqlite_row;
  }
};

/// Returns true if the directory is in memory (tmpfs or ramfs). A database commit to memory costs
/// almost nothing, so the measured cost would be lower than on a disk.
bool is_in_memory(const std::string& directory) {
  struct statfs about {};
  return statfs(directory.c_str(), &about) == 0 &&
         (about.f_type == TMPFS_MAGIC || about.f_type == RAMFS_MAGIC);
}

void print_table(const Floor& floor) {
  const auto line = [](const char* part, double cpu_us) {
    std::printf("%-62s %7.2f\n", part, cpu_us);
  };
  std::printf("%-62s %7s\n", "part of one notification", "CPU us");
  line("RSA-2048 verify with SHA-256, key and contexts reused", floor.rsa_verify);
  line("AES-256-GCM, context and key kept", floor.aes_gcm_open);
  line("JSON envelope, RapidJSON in situ", floor.json_parse);
  line("base64 of signature and ciphertext", floor.base64_decode);
  line("TLS 1.3 request and reply, kept alive, 16 connections, epoll", floor.tls_exchange);
  line("SQLite row, WAL + FULL, small unique index, 16 rows a commit", floor.sqlite_row);
  line("floor: the sum", floor.sum());
  line("beside it: request and reply on a new connection, P-256", floor.tls_connection);
}

void print_json(const Floor& floor) {
  std::printf(
      "{\"rsa_verify\":%.3f,\"aes_gcm_open\":%.3f,\"json_parse\":%.3f,"
      "\"base64_decode\":%.3f,\"tls_exchange\":%.3f,\"sqlite_row\":%.3f,\"sum\":%.3f,"
      "\"tls_connection\":%.3f}\n",
      floor.rsa_verify, floor.aes_gcm_open, floor.json_parse, floor.base64_decode,
      floor.tls_exchange, floor.sqlite_row, floor.sum(), floor.tls_connection);
}

int run(int argc, char** argv) {
  CLI::App app("Measures what one notification costs at least, by the bare libraries alone.",
               "floor");
  std::string directory = ".";
  bool json = false;
  app.add_option("--directory", directory, "Where the database is made: on a disk")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_flag("--json", json, "One line of JSON instead of a table");
  CLI11_PARSE(app, argc, argv);
  if (is_in_memory(directory)) {
    std::fprintf(stderr,
                 "floor: %s is in memory, where commits cost nothing; give --directory on a "
                 "disk\n",
                 directory.c_str());
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const Floor floor{.rsa_verify = rsa_verify(),
                    .aes_gcm_open = aes_gcm_open(),
                    .json_parse = json_parse(),
                    .base64_decode = base64_decode(),
                    .tls_exchange = tls_exchange(),
                    .sqlite_row = sqlite_row(directory),
                    .tls_connection = tls_connection()};
  if (json) {
    print_json(floor);
  } else {
    print_table(floor);
  }
  return 0;
}

}  // namespace
}  // namespace couponhook::bench

int main(int argc, char** argv) {
  try {
    return couponhook::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "floor: %s\n", error.what());
    return 1;
  }
}
