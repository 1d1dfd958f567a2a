#include "handlers/ledger.hpp"
