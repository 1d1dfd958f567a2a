#include "server/service/runtime_figures.hpp"

#include <filesystem>
#include <system_error>

#include "server/net/tls_context.hpp"
#include "storage/store.hpp"

namespace couponhook::server {
namespace {

ListenerFigures figures_of(const char* name, const ListenerThreads& listener,
                           const TlsContext& context) {
  return {name, listener.connections(), listener.handshakes(), certificate_end(context)};
}

/// Returns the free bytes of the file system that holds the store; nothing for PostgreSQL.
std::optional<std::uint64_t> store_free_bytes(const Config& config) {
  const auto url = storage::parse_store_url(config.store.url, config.directory);
  if (!url || url->path.empty()) return std::nullopt;
  std::error_code ec;
  const auto space = std::filesystem::space(url->path.parent_path(), ec);
  if (ec) return std::nullopt;
  return space.available;
}

}  // namespace

RuntimeFigures read_runtime_figures(const FigureSources& sources) {
  RuntimeFigures figures;
  figures.listeners.push_back(
      figures_of("public", sources.public_listener, sources.live.tls.get()->context));
  figures.listeners.push_back(
      figures_of("admin", sources.admin_listener, sources.live.admin_tls.get()->context));
  if (sources.metrics_listener != nullptr) {
    figures.listeners.push_back(figures_of("metrics", *sources.metrics_listener, nullptr));
  }
  figures.handlers = sources.worker.handler_figures();
  figures.commits = sources.inbox.commit_histograms();
  figures.verify_times = sources.signatures.times();
  figures.clock_offset = sources.signatures.offset();
  figures.store_free_bytes = store_free_bytes(sources.config);
  figures.process = read_process_figures();
  return figures;
}

}  // namespace couponhook::server
