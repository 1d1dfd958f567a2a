#include "sandbox/api.hpp"
#include "sandbox/fields.hpp"
#include "sandbox/query.hpp"

namespace couponhook::server::sandbox {
namespace {

constexpr std::int64_t kShuffleMax = 86'400;

Answer describe(const Faults& faults) {
  return {JsonWriter()
              .field("lose_percent", faults.lose_percent)
              .field("lose_event", faults.lose_event)
              .field("probe_percent", faults.probe_percent)
              .field("duplicate_percent", faults.duplicate_percent)
              .field("shuffle_s", faults.shuffle.count())
              .take()};
}

/// Changes the faults that the sandbox (a simulated WeChat Pay) injects: only the faults that the
/// body of the request contains are changed.
Result<Answer> set_faults(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  Faults faults = platform.faults;
  faults.lose_percent = fields.optional_number("lose_percent", 0, 100, faults.lose_percent);
  if (fields.has("lose_event")) faults.lose_event = fields.optional_text("lose_event", 32);
  faults.probe_percent = fields.optional_number("probe_percent", 0, 100, faults.probe_percent);
  faults.duplicate_percent =
      fields.optional_number("duplicate_percent", 0, 100, faults.duplicate_percent);
  faults.shuffle = std::chrono::seconds(
      fields.optional_integer("shuffle_s", 0, kShuffleMax, faults.shuffle.count()));
  if (error) return std::move(*error);
  platform.faults = faults;
  return describe(faults);
}

/// Injects an error into the sandbox (a simulated WeChat Pay): the next requests to a path get the
/// error reply that the body of this request contains.
Result<Answer> plan_error(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  PlannedError planned;
  planned.path = fields.text("path", 1, 256);
  planned.error.status = static_cast<unsigned>(fields.integer("status", 400, 599));
  planned.error.code = fields.text("code", 1, 64);
  planned.error.message = fields.optional_text("message", 256);
  planned.count = fields.optional_integer("count", 1, 1'000'000, 1);
  if (error) return std::move(*error);
  platform.gate.plan(std::move(planned));
  return Answer{JsonWriter().take()};
}

Result<Answer> roll_over(Platform& platform, const Call& call) {
  const auto body = read_body(call);
  if (!body) return body.error();
  std::optional<ApiError> error;
  Fields fields(body->value(), "", error);
  const auto stage = parse_stage(fields.text("stage", 1, 20));
  fields.require(stage.has_value(), "stage",
                 "stage must be old, announced, both, new, mixed or public_key");
  const double new_share = fields.optional_number("new_share", 0, 1, 0.5);
  if (error) return std::move(*error);
  platform.certificates.roll(*stage, new_share, call.now.wall);
  return Answer{JsonWriter().field("stage", to_string(*stage)).take()};
}

}  // namespace

void add_fault_routes(Routes& routes, Platform& platform) {
  routes.add("GET", "/sandbox/faults",
             [&platform](const Call&) -> Result<Answer> { return describe(platform.faults); });
  routes.add("POST", "/sandbox/faults",
             [&platform](const Call& call) { return set_faults(platform, call); });
  routes.add("POST", "/sandbox/fail",
             [&platform](const Call& call) { return plan_error(platform, call); });
  routes.add("POST", "/sandbox/rollover",
             [&platform](const Call& call) { return roll_over(platform, call); });
}

}  // namespace couponhook::server::sandbox
