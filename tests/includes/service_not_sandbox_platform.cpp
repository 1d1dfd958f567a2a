#include "sandbox/platform.hpp"
