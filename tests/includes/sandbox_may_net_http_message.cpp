#include "server/net/http_message.hpp"
