#pragma once

/// \file
/// The parts of the set-up that a reload replaces while requests use them.

#include <memory>
#include <utility>

#include "base/live.hpp"
#include "crypto/secret.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/receive/merchants.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {

/// The current keys, certificates and admin token. Each request uses one version of them from
/// beginning to end. Thread-safe.
struct LiveSetup {
  /// Moves the admin token out of `setup`, so that only one copy of this secret is in memory.
  explicit LiveSetup(Setup& setup)
      : merchants(setup.merchants),
        tls(std::make_shared<const ServedTls>(
            ServedTls{setup.tls, setup.config.listener.tls_certificate})),
        admin_tls(std::make_shared<const ServedTls>(
            ServedTls{setup.admin_tls, setup.config.admin.tls_certificate})),
        admin_token(std::make_shared<const crypto::Secret>(std::move(setup.admin_token))) {}

  base::Live<Merchants> merchants;
  base::Live<ServedTls> tls;        ///< TLS of the public listener
  base::Live<ServedTls> admin_tls;  ///< TLS of the admin listener
  base::Live<crypto::Secret> admin_token;
};

}  // namespace couponhook::server
