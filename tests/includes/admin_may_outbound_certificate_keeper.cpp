#include "server/outbound/certificate_keeper.hpp"
