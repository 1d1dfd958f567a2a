#include <algorithm>
#include <set>

#include "handlers/event_catalogue.hpp"
#include "handlers/registry.hpp"
#include "server/config/section.hpp"
#include "server/doctor/checks.hpp"

namespace couponhook::server {
namespace {

/// Edit distance (number of changed characters) from which two event patterns are too different:
/// one is then not a misspelling of the other.
constexpr std::size_t kMisspellingMax = 4;

/// Returns the known event pattern that is most similar to `pattern`, ignoring case; empty if none
/// is similar. A pattern with "*" is compared only with patterns with "*".
std::string nearest_pattern(std::string_view pattern) {
  const bool is_open = pattern.ends_with('*');
  std::string wanted(pattern.substr(0, pattern.size() - (is_open ? 1 : 0)));
  for (char& c : wanted) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string nearest;
  std::size_t least = kMisspellingMax;
  for (const handlers::CatalogueEntry& entry : handlers::event_catalogue()) {
    std::string candidate(entry.event_type);
    if (is_open) candidate.resize(candidate.find('.') + 1);
    const std::size_t distance = edit_distance(wanted, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate + (is_open ? "*" : "");
  }
  return nearest;
}

bool matches_a_known_type(const handlers::EventPattern& pattern) {
  return std::ranges::any_of(handlers::event_catalogue(),
                             [&](const auto& entry) { return pattern.matches(entry.event_type); });
}

}  // namespace

void check_handlers(const Config& config, CheckFindings& findings) {
  if (config.handlers.empty()) {
    findings.warn(config.file.string() + ": handler",
                  "no handler is configured: notifications are stored, but not processed; add a "
                  "[[handler]], such as type = \"ledger\"");
  }
  for (const HandlerConfig& handler : config.handlers) {
    for (const std::string& text : handler.events) {
      const auto pattern = handlers::EventPattern::parse(text);
      if (!pattern || matches_a_known_type(*pattern)) continue;
      const std::string nearest = nearest_pattern(text);
      findings.warn(
          config.file.string() + ": handler \"" + handler.name + "\".events",
          "\"" + text + "\" matches no event type that WeChat Pay documents" +
              (nearest.empty() ? "; the usual ones are COUPON.SEND, COUPON.USE and REFUND.SUCCESS"
                               : "; did you mean \"" + nearest + "\"?"));
    }
  }
}

void check_backlog(const Config& config, const std::vector<storage::HandlerBacklog>& backlog,
                   CheckFindings& findings) {
  for (const storage::HandlerBacklog& each : backlog) {
    findings.warn(config.file.string() + ": handler",
                  "the store has " + std::to_string(each.open) + " open deliveries for handler \"" +
                      each.handler +
                      "\", which is not configured, so they are not delivered; restore the "
                      "handler's name, or move them: couponhook retry --handler " +
                      each.handler + " --to NEW");
  }
}

}  // namespace couponhook::server
