#include "server/service/service.hpp"
