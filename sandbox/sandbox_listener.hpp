#pragma once

/// \file
/// HTTP listener of the sandbox: passes each request to the simulated WeChat Pay (SharedPlatform),
/// and sends back its reply.

#include "sandbox/shared_platform.hpp"
#include "server/net/http_message.hpp"

namespace couponhook::server::sandbox {

class SandboxListener final : public RequestHandler {
 public:
  /// \param platform the simulated WeChat Pay; must live longer than this listener.
  explicit SandboxListener(SharedPlatform& platform) : platform_(platform) {}

  [[nodiscard]] std::optional<Reply> refuse(std::string_view method, std::string_view target,
                                            std::string_view peer) const override;
  [[nodiscard]] Task<Reply> handle(const Request& request) override;
  [[nodiscard]] Reply fault(HttpFault fault, std::string_view peer,
                            std::string_view detail) override;

 private:
  SharedPlatform& platform_;
};

}  // namespace couponhook::server::sandbox
