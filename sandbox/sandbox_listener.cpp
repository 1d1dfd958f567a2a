#include "sandbox/sandbox_listener.hpp"

namespace couponhook::server::sandbox {
namespace {

unsigned status_of(HttpFault fault) {
  switch (fault) {
    case HttpFault::kMalformed:
      return 400;
    case HttpFault::kVersionUnsupported:
      return 505;
    case HttpFault::kTargetTooLong:
      return 414;
    case HttpFault::kHeadersTooLarge:
      return 431;
    case HttpFault::kBodyTooLarge:
      return 413;
    case HttpFault::kTooSlow:
      return 408;
    case HttpFault::kOverloaded:
      return 503;
    case HttpFault::kInternal:
    case HttpFault::kProxyUntrusted:
    case HttpFault::kProxyMalformed:
      break;
  }
  return 500;
}

}  // namespace

std::optional<Reply> SandboxListener::refuse(std::string_view, std::string_view,
                                             std::string_view) const {
  return std::nullopt;
}

Task<Reply> SandboxListener::handle(const Request& request) {
  const HeaderFields& headers = request.headers;
  const RawRequest raw{{request.method, request.target, request.body, headers.find("Authorization"),
                        headers.find("Accept"), headers.find("User-Agent")},
                       headers.find("Wechatpay-Serial"),
                       request.peer,
                       headers.find("Content-Type")};
  RawReply answer = platform_.answer(raw);
  Reply reply;
  reply.status = answer.status;
  reply.body = std::move(answer.body);
  if (answer.is_file) reply.content_type = answer.file_type;
  reply.headers = std::move(answer.headers);
  co_return reply;
}

Reply SandboxListener::fault(HttpFault fault, std::string_view, std::string_view) {
  Reply reply;
  reply.status = status_of(fault);
  reply.body = error_body({reply.status, "SYSTEM_ERROR", "系统错误"});
  return reply;
}

}  // namespace couponhook::server::sandbox
