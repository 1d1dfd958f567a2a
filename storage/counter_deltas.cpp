#include "storage/counter_deltas.hpp"

#include "storage/sql.hpp"

namespace couponhook::storage {

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
