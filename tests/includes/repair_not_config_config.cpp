#include "server/config/config.hpp"
