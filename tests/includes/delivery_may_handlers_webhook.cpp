#include "handlers/webhook.hpp"
