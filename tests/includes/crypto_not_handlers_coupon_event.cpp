#include "handlers/coupon_event.hpp"
