#include "server/verdict/verdict.hpp"
