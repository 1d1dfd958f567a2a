#include "server/net/tls_files.hpp"
