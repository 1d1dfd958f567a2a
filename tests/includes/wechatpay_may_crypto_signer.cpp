#include "crypto/signer.hpp"
