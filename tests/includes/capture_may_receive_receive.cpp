#include "server/receive/receive.hpp"
