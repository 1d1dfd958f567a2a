#include "storage/failure.hpp"

namespace couponhook::storage {

std::string_view to_string(FailureCode code) {
  switch (code) {
    case FailureCode::kUnavailable:
      return "unavailable";
    case FailureCode::kFull:
      return "full";
    case FailureCode::kIo:
      return "io";
    case FailureCode::kCorrupt:
      return "corrupt";
    case FailureCode::kTooNew:
      return "too_new";
    case FailureCode::kConflict:
      return "conflict";
    case FailureCode::kStatement:
      return "statement";
    case FailureCode::kUnsafe:
      return "unsafe";
    case FailureCode::kMoved:
      return "moved";
    case FailureCode::kNoAccess:
      return "no_access";
    case FailureCode::kBusy:
      return "busy";
  }
  return "unknown";
}

}  // namespace couponhook::storage
