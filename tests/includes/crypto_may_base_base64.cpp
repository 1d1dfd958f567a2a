#include "base/base64.hpp"
