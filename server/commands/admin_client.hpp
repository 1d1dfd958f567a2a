#pragma once

/// \file
/// Sends requests to the status endpoint of the running service. Only the files in server/commands
/// use this header.

#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"
#include "server/config/config.hpp"
#include "server/net/http_client.hpp"

namespace couponhook::server {

struct AdminAnswer {
  unsigned status = 0;
  std::string body;
};

/// Returns the name of the status endpoint for messages, for example "status endpoint at 127.0.0.1
/// port 9443".
[[nodiscard]] std::string admin_place(const AdminConfig& admin);

/// Reads the token that commands send: that of admin.token_file, else the first one of
/// [[admin.token]] with the role operate, else one with the role read. A token whose file this user
/// cannot read is passed over. \return the token; or, if no file can be read, the problem of the
/// first one.
[[nodiscard]] boost::system::result<crypto::Secret, Problem> read_client_token(
    const AdminConfig& admin);

/// Makes an HTTP client for the status endpoint of the running service.
/// \param loop must outlive the client.
/// \return the client, or a Problem that names what is wrong with the configuration of the
/// endpoint.
[[nodiscard]] boost::system::result<std::unique_ptr<HttpClient>, Problem> make_admin_client(
    const AdminConfig& admin, ClientLoop& loop);

/// Makes a request to the status endpoint.
/// \param body JSON body of the request. If this text is empty, the request has no body.
[[nodiscard]] ClientRequest admin_request(const crypto::Secret& token, std::string_view method,
                                          std::string_view target, std::string body = {});

/// Sends one request to the status endpoint of the running service.
/// \param body JSON body of the request. If this text is empty, the request has no body.
/// \return the reply, or, if no reply came, a Problem that names the endpoint's address and the
/// cause.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const AdminConfig& admin,
                                                                    const crypto::Secret& token,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body);

/// Sends one request to the status endpoint. The admin token is read from the file that the
/// configuration names.
[[nodiscard]] boost::system::result<AdminAnswer, Problem> ask_admin(const Config& config,
                                                                    std::string_view method,
                                                                    std::string_view target,
                                                                    std::string body = {});

}  // namespace couponhook::server
