#include "server/net/chunked_decoder.hpp"
