#pragma once

/// \file
/// The parts of the set-up that a reload replaces while requests use them.

#include <memory>
#include <utility>

#include "base/live.hpp"
#include "server/admin/admin_tokens.hpp"
#include "server/admin/served_certificates.hpp"
#include "server/receive/merchants.hpp"
#include "server/service/setup.hpp"

namespace couponhook::server {

/// The current keys, certificates and admin tokens. Each request uses one version of them from
/// beginning to end. Thread-safe.
struct LiveSetup {
  /// Moves the admin tokens out of `setup`, so that a reload can free them.
  explicit LiveSetup(Setup& setup)
      : merchants(setup.merchants),
        tls(std::make_shared<const ServedTls>(
            ServedTls{setup.tls, setup.config.listener.tls_certificate})),
        admin_tls(std::make_shared<const ServedTls>(
            ServedTls{setup.admin_tls, setup.config.admin.tls_certificate})),
        admin_tokens(std::move(setup.admin_tokens)) {}

  base::Live<Merchants> merchants;
  base::Live<ServedTls> tls;        ///< TLS of the public listener
  base::Live<ServedTls> admin_tls;  ///< TLS of the admin listener
  base::Live<AdminTokens> admin_tokens;
};

}  // namespace couponhook::server
