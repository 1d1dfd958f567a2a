#include "server/commands/captured_fixtures.hpp"

#include <utility>

#include "handlers/notification.hpp"
#include "server/capture/read_capture.hpp"
#include "server/receive/open_resource.hpp"
#include "server/repair/find_repair.hpp"

namespace couponhook::server {
namespace {

using DraftResult = boost::system::result<Draft, std::string>;

DraftResult make_draft(std::string_view body, const Merchant& merchant) {
  auto notification = handlers::parse_notification(body, {});
  if (!notification) {
    return DraftResult(boost::system::in_place_error, notification.error().message);
  }
  auto opened = open_resource(notification->resource, merchant.ciphers);
  if (!opened) return DraftResult(boost::system::in_place_error, opened.error());
  Draft draft;
  draft.id = std::move(notification->id);
  draft.create_time = std::move(notification->create_time);
  draft.event_type = std::move(notification->event_type);
  draft.resource_type = std::move(notification->resource_type);
  if (!notification->summary.empty()) draft.summary = std::move(notification->summary);
  draft.original_type = std::move(notification->resource.original_type);
  draft.associated_data = std::move(notification->resource.associated_data);
  draft.resource = std::move(opened->plaintext);
  return draft;
}

/// Makes a draft from the body as it was captured or, if that cannot be read, from the body that
/// WeChat Pay signed.
DraftResult make_draft(const CapturedRequest& request, const Merchant& merchant) {
  auto draft = make_draft(request.body, merchant);
  if (draft) return draft;
  const RepairSearch found = find_repair(merchant.platform_keys, request.signed_message(), {});
  return found.repair ? make_draft(found.repair->message.body, merchant) : draft;
}

}  // namespace

std::vector<Fixture> load_captured_fixtures(const std::filesystem::path& file,
                                            const Merchant& merchant,
                                            std::vector<base::Problem>& problems) {
  std::vector<Fixture> fixtures;
  // A file without a captured callback is no problem here: it may hold fixtures.
  std::vector<base::Problem> other_form;
  for (const CapturedRequest& request : read_captures(file, other_form)) {
    auto draft = make_draft(request, merchant);
    if (!draft) {
      problems.push_back({request.source, "the captured callback cannot be replayed: " +
                                              draft.error() + "; `couponhook verify` explains it"});
      continue;
    }
    fixtures.push_back({request.source, std::move(*draft)});
  }
  return fixtures;
}

}  // namespace couponhook::server
