#include "crypto/digest.hpp"
