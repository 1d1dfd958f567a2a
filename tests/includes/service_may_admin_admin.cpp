#include "server/admin/admin.hpp"
