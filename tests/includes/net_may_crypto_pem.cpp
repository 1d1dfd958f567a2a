#include "crypto/pem.hpp"
