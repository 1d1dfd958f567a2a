#include "server/log/log.hpp"
