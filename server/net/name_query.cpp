#include "server/net/name_query.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace couponhook::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Number of name servers that are asked one after the other within the time that the caller waits.
/// resolv.conf may name 3 servers. With a larger number, the timeout for each name server would be
/// shorter than a slow name server needs. Newer releases of c-ares (the DNS library) drop an answer
/// that arrives after its timeout.
constexpr int kTurnsWithinTimeout = 3;
constexpr milliseconds kTurnMin{100};
constexpr milliseconds kTurnMax{2000};
/// Number of times that each name server is asked. c-ares, the DNS library, doubles the timeout
/// each time.
constexpr int kTries = 4;
/// Time to wait for the other address family (IPv4 or IPv6) once addresses of one family have
/// arrived. Some name servers never answer queries for IPv6 addresses.
constexpr milliseconds kOtherFamilyTimeout{200};
/// Time for which addresses from /etc/hosts are cached. The file /etc/hosts has no TTLs.
constexpr seconds kHostsFileTtl{0};

using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

std::optional<asio::ip::address> address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof(v4));
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof(v6));
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  return std::nullopt;
}

template <typename Address>
void append_host_addresses(const hostent& host, Addresses& into) {
  for (char** each = host.h_addr_list; *each != nullptr; ++each) {
    typename Address::bytes_type bytes;
    std::memcpy(bytes.data(), *each, bytes.size());
    const asio::ip::address address = Address(bytes);
    if (std::ranges::find(into, address) == into.end()) into.push_back(address);
  }
}

void initialize_library() {
  // The initialization of a static variable is thread-safe, but the call counter inside c-ares (the
  // DNS library) is not.
  static const int initialized = ares_library_init(ARES_LIB_INIT_ALL);
  static_cast<void>(initialized);
}

}  // namespace

class NameQuery::Impl : public std::enable_shared_from_this<NameQuery::Impl> {
 public:
  Impl(Executor executor, std::function<void(NameAnswer)> on_end)
      : executor_(executor),
        next_turn_(executor),
        other_family_timer_(executor),
        on_end_(std::move(on_end)) {}

  void begin(const std::string& host, const ResolverOptions& options, milliseconds time_limit) {
    if (!open_channel(options, time_limit)) return fail("no memory for a look-up");
    if (Addresses known = in_hosts_file(host); !known.empty()) {
      const AddressAnswer found(boost::system::in_place_value, std::move(known));
      return end({found, kHostsFileTtl, true});
    }
    for (FamilyAnswer& family : families_) {
      ares_addrinfo_hints hints{};
      hints.ai_family = family.family;
      hints.ai_socktype = SOCK_STREAM;
      ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, answered, &family);
    }
    resume();
  }

  void abandon() {
    on_end_ = nullptr;
    // This call runs the pending callbacks of c-ares (the DNS library) and closes its sockets.
    if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
    next_turn_.cancel();
    other_family_timer_.cancel();
  }

 private:
  /// Answer of c-ares (the DNS library) for one address family, IPv4 or IPv6.
  struct FamilyAnswer {
    int family;
    // Result code of the DNS query; empty while the query is running.
    std::optional<int> status{};
    Addresses addresses{};
    seconds ttl = seconds::max();
  };

  /// A socket of c-ares, the DNS library. Asio watches the socket and calls c-ares when the socket
  /// is ready.
  struct Watch {
    Watch(Executor executor, int fd) : descriptor(executor, fd) {}
    Descriptor descriptor;
    bool open = true;
    bool wants_read = false;
    bool wants_write = false;
    bool waits_read = false;
    bool waits_write = false;
  };

  bool open_channel(const ResolverOptions& options, milliseconds time_limit) {
    initialize_library();
    std::string resolv_conf = options.resolv_conf;
    ares_options settings{};
    settings.timeout =
        static_cast<int>(std::clamp(time_limit / kTurnsWithinTimeout, kTurnMin, kTurnMax).count());
    settings.tries = kTries;
    settings.sock_state_cb = socket_changed;
    settings.sock_state_cb_data = this;
    int which = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (!resolv_conf.empty()) {
      settings.resolvconf_path = resolv_conf.data();
      which |= ARES_OPT_RESOLVCONF;
    }
    if (options.name_server_port != 0) {
      settings.udp_port = options.name_server_port;
      settings.tcp_port = options.name_server_port;
      which |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    }
    return ares_init_options(&channel_, &settings, which) == ARES_SUCCESS;
  }

  Addresses in_hosts_file(const std::string& host) {
    Addresses found;
    for (const int family : {AF_INET6, AF_INET}) {
      hostent* entry = nullptr;
      if (ares_gethostbyname_file(channel_, host.c_str(), family, &entry) != ARES_SUCCESS) continue;
      if (entry->h_addrtype == AF_INET6) {
        append_host_addresses<asio::ip::address_v6>(*entry, found);
      } else {
        append_host_addresses<asio::ip::address_v4>(*entry, found);
      }
      ares_free_hostent(entry);
    }
    return found;
  }

  static void answered(void* of, int status, int /*timeouts*/, ares_addrinfo* answer) {
    auto& family = *static_cast<FamilyAnswer*>(of);
    family.status = status;
    if (answer == nullptr) return;
    for (const ares_addrinfo_node* node = answer->nodes; node != nullptr; node = node->ai_next) {
      const auto address = address_of(node->ai_addr);
      if (!address || std::ranges::find(family.addresses, *address) != family.addresses.end()) {
        continue;
      }
      family.addresses.push_back(*address);
      family.ttl = std::min(family.ttl, seconds(node->ai_ttl));
    }
    ares_freeaddrinfo(answer);
  }

  /// Callback of c-ares, the DNS library, for a change of one of its sockets.
  /// \param readable, writable the events that c-ares waits for; both are 0 just before c-ares
  ///   closes the socket.
  static void socket_changed(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Impl*>(self)->watch(fd, readable != 0, writable != 0);
  }

  void watch(int fd, bool readable, bool writable) {
    auto found = watches_.find(fd);
    if (!readable && !writable) {
      if (found == watches_.end()) return;
      found->second->open = false;
      found->second->descriptor.release();
      watches_.erase(found);
      return;
    }
    if (found == watches_.end()) {
      found = watches_.emplace(fd, std::make_shared<Watch>(executor_, fd)).first;
    }
    found->second->wants_read = readable;
    found->second->wants_write = writable;
  }

  void wait(const std::shared_ptr<Watch>& watch, Descriptor::wait_type what, bool Watch::*waits) {
    (*watch).*waits = true;
    const auto ready = [weak = weak_from_this(), watch, what, waits](error_code ec) {
      (*watch).*waits = false;
      const auto self = weak.lock();
      if (ec || !watch->open || !self || self->channel_ == nullptr) return;
      const int fd = watch->descriptor.native_handle();
      const bool reads = what == Descriptor::wait_read;
      self->process(reads ? fd : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : fd);
    };
    watch->descriptor.async_wait(what, ready);
  }

  void process(ares_socket_t readable, ares_socket_t writable) {
    ares_process_fd(channel_, readable, writable);
    resume();
  }

  /// Ends the DNS look-up if its result is known; otherwise waits for the sockets and for the next
  /// timeout.
  void resume() {
    if (may_end()) return end(answer());
    for (const auto& [fd, watch] : watches_) {
      if (watch->wants_read && !watch->waits_read) {
        wait(watch, Descriptor::wait_read, &Watch::waits_read);
      }
      if (watch->wants_write && !watch->waits_write) {
        wait(watch, Descriptor::wait_write, &Watch::waits_write);
      }
    }
    timeval left{};
    if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
    next_turn_.expires_after(seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec));
    next_turn_.async_wait([weak = weak_from_this()](error_code ec) {
      const auto self = weak.lock();
      if (ec || !self || self->channel_ == nullptr) return;
      self->process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
  }

  bool may_end() {
    const auto is_open = [](const FamilyAnswer& family) { return !family.status; };
    if (std::ranges::none_of(families_, is_open)) return true;
    const auto has_some = [](const FamilyAnswer& family) { return !family.addresses.empty(); };
    if (!other_family_timed_out_ && std::ranges::any_of(families_, has_some)) {
      other_family_timed_out_ = true;
      other_family_timer_.expires_after(kOtherFamilyTimeout);
      other_family_timer_.async_wait([weak = weak_from_this()](error_code ec) {
        const auto self = weak.lock();
        if (!ec && self) self->end(self->answer());
      });
    }
    return false;
  }

  NameAnswer answer() const {
    Addresses all;
    seconds ttl = seconds::max();
    bool definite = true;
    int status = ARES_ENOTFOUND;
    for (const FamilyAnswer& family : families_) {
      all.insert(all.end(), family.addresses.begin(), family.addresses.end());
      ttl = std::min(ttl, family.ttl);
      const int family_status = family.status.value_or(ARES_ETIMEOUT);
      if (family_status == ARES_SUCCESS || family_status == ARES_ENOTFOUND) continue;
      status = family_status;
      definite = definite && family_status == ARES_ENODATA;
    }
    if (!all.empty()) {
      return {AddressAnswer(boost::system::in_place_value, std::move(all)), ttl, true};
    }
    return {AddressAnswer(boost::system::in_place_error, ares_strerror(status)), seconds(0),
            definite};
  }

  void fail(const char* why) { end({AddressAnswer(boost::system::in_place_error, why)}); }

  void end(NameAnswer answer) {
    if (const auto callback = std::exchange(on_end_, nullptr)) callback(std::move(answer));
  }

  Executor executor_;
  Timer next_turn_;
  Timer other_family_timer_;
  std::function<void(NameAnswer)> on_end_;
  ares_channel channel_ = nullptr;
  std::array<FamilyAnswer, 2> families_{FamilyAnswer{AF_INET6}, FamilyAnswer{AF_INET}};
  std::map<int, std::shared_ptr<Watch>> watches_;
  bool other_family_timed_out_ = false;
};

NameQuery::NameQuery(Executor executor, const std::string& host, const ResolverOptions& options,
                     milliseconds time_limit, std::function<void(NameAnswer)> on_end)
    : impl_(std::make_shared<Impl>(executor, std::move(on_end))) {
  impl_->begin(host, options, time_limit);
}

NameQuery::~NameQuery() {
  impl_->abandon();
}

}  // namespace couponhook::server
