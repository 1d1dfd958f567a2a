#include "server/commands/command_line.hpp"
