#include "storage/counter_deltas.hpp"

#include "storage/sql.hpp"

namespace couponhook::storage {

std::string counter_of_handler(std::string_view total, std::string_view handler) {
  std::string name(total);
  name += ':';
  name += handler;
  return name;
}

void CounterDeltas::know(std::string_view name) {
  const bool is_new = totals_.try_emplace(std::string(name), 0).second;
  if (is_new && name.starts_with(counter::kTypePrefix)) ++types_;
}

void CounterDeltas::add(std::string_view name, std::int64_t delta) {
  if (auto known = totals_.find(name); known != totals_.end()) {
    known->second += delta;
  } else {
    totals_.emplace(name, delta);
  }
}

void CounterDeltas::add_type(std::string_view event_type) {
  type_name_ = counter::kTypePrefix;
  type_name_ += event_type;
  if (!totals_.contains(type_name_)) {
    if (types_ >= kTypesMax || event_type.size() > kTypeLengthMax) {
      add(counter::kOtherTypes);
      return;
    }
    know(type_name_);
  }
  add(type_name_);
}

void CounterDeltas::add_delivery(std::string_view handler, std::string_view total,
                                 std::int64_t delta) {
  add(total, delta);
  // The name is made in a member, so that counting allocates no memory.
  handler_name_ = total;
  handler_name_ += ':';
  handler_name_ += handler;
  add(handler_name_, delta);
}

void CounterDeltas::clear() {
  for (auto& [name, delta] : totals_) delta = 0;
}

void CounterDeltas::append_commands(std::int64_t slot, std::vector<Command>& commands) const {
  for (const auto& [name, delta] : totals_) {
    if (delta != 0) {
      commands.push_back(Command(sql::kAddToCounter, {std::string_view(name), slot, delta}));
    }
  }
}

}  // namespace couponhook::storage
