#include "server/net/http_client.hpp"
