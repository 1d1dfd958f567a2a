#include "base/utf8.hpp"
