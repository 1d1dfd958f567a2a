#include "crypto/secret.hpp"
