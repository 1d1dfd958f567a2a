#include "server/delivery/delivery_waiter.hpp"
