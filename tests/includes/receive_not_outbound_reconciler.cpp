#include "server/outbound/reconciler.hpp"
