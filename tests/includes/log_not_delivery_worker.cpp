#include "server/delivery/worker.hpp"
