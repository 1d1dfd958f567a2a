#include "storage/inbox.hpp"
