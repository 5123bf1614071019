#include "dns/reply_parser.h"

#include <arpa/nameser.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "util/msg.h"
#include "util/text.h"

namespace handoff::dns {

namespace {

constexpr int kMaxAliases = 16;

std::string_view without_final_dot(std::string_view name) {
  if (name.ends_with('.') && name.size() > 1) name.remove_suffix(1);
  return name;
}

bool same_name(std::string_view a, std::string_view b) {
  return util::equal_ignoring_case(without_final_dot(a), without_final_dot(b));
}

// The name that begins at `offset` within the data of a record, if it ends with it; "" is the root.
std::optional<std::string> name_in(const ns_msg& message, const ns_rr& record, std::size_t offset) {
  if (ns_rr_rdlen(record) < offset) return std::nullopt;
  std::array<char, NS_MAXDNAME> text{};
  const int used = ns_name_uncompress(ns_msg_base(message), ns_msg_end(message),
                                      ns_rr_rdata(record) + offset, text.data(), text.size());
  if (used < 0 || offset + static_cast<std::size_t>(used) != ns_rr_rdlen(record))
    return std::nullopt;
  std::string name = text.data();
  return name == "." ? std::string() : name;
}

class Answers {
 public:
  Answers(ns_msg& message, ParsedReply& reply) : message_(message), reply_(reply) {}

  // False: a record is malformed.
  bool collect(std::string_view name, Type type) {
    if (!follow_aliases(name)) return false;
    return for_each([&](const ns_rr& record) {
      if (!same_name(ns_rr_name(record), reply_.canonical)) return true;
      if (ns_rr_type(record) != static_cast<int>(type)) return true;
      return type == Type::Mx ? add_mx(record) : add_address(record, type);
    });
  }

 private:
  template <typename Visit>
  bool for_each(Visit visit) {
    for (int i = 0; i < ns_msg_count(message_, ns_s_an); ++i) {
      ns_rr record;
      if (ns_parserr(&message_, ns_s_an, i, &record) < 0) return false;
      if (ns_rr_class(record) == ns_c_in && !visit(record)) return false;
    }
    return true;
  }

  // Servers put CNAMEs in any order, and some make a loop of them.
  bool follow_aliases(std::string_view name) {
    reply_.canonical = name;
    for (int hops = 0; hops < kMaxAliases; ++hops) {
      std::optional<std::string> target;
      const bool well_formed = for_each([&](const ns_rr& record) {
        if (ns_rr_type(record) != ns_t_cname || !same_name(ns_rr_name(record), reply_.canonical))
          return true;
        target = name_in(message_, record, 0);
        return target.has_value();
      });
      if (!well_formed) return false;
      if (!target) return true;
      if (!is_host_name(*target)) return false;
      reply_.alias = true;
      reply_.canonical = *target;
    }
    return false;
  }

  bool add_mx(const ns_rr& record) {
    if (ns_rr_rdlen(record) < NS_INT16SZ) return false;
    auto host = name_in(message_, record, NS_INT16SZ);
    if (!host) return false;
    reply_.mx.push_back({static_cast<int>(ns_get16(ns_rr_rdata(record))), *std::move(host)});
    return true;
  }

  bool add_address(const ns_rr& record, Type type) {
    if (type == Type::A) {
      sockaddr_in address{};
      if (ns_rr_rdlen(record) != sizeof address.sin_addr) return false;
      address.sin_family = AF_INET;
      std::memcpy(&address.sin_addr, ns_rr_rdata(record), sizeof address.sin_addr);
      reply_.addresses.emplace_back(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } else {
      sockaddr_in6 address{};
      if (ns_rr_rdlen(record) != sizeof address.sin6_addr) return false;
      address.sin6_family = AF_INET6;
      std::memcpy(&address.sin6_addr, ns_rr_rdata(record), sizeof address.sin6_addr);
      reply_.addresses.emplace_back(reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    return true;
  }

  ns_msg& message_;
  ParsedReply& reply_;
};

Kind kind_of(int response_code) {
  switch (response_code) {
    case ns_r_noerror:
      return Kind::Found;
    case ns_r_nxdomain:
      return Kind::NotFound;
    case ns_r_servfail:
    case ns_r_refused:
      return Kind::Again;
    default:
      return Kind::Permanent;
  }
}

// What mail cannot be sent to is of no use: names that are none, and "." beside others.
Kind judge_mx(std::vector<Mx>& hosts, std::string_view name) {
  if (hosts.empty()) return Kind::NoData;
  if (hosts.size() == 1 && hosts[0].host.empty()) return Kind::NullMx;
  std::erase_if(hosts, [name](const Mx& mx) {
    const bool bad = !is_host_name(mx.host);
    if (bad)
      msg::warn("malformed domain name in resource data of MX record for {}: {}", name, mx.host);
    return bad;
  });
  return hosts.empty() ? Kind::Invalid : Kind::Found;
}

}  // namespace

ParsedReply parse_reply(std::span<const unsigned char> packet, std::string_view name, Type type) {
  ParsedReply reply;
  reply.canonical = name;
  ns_msg message;
  if (packet.size() > NS_MAXMSG ||
      ns_initparse(packet.data(), static_cast<int>(packet.size()), &message) < 0)
    return reply;
  if (!ns_msg_getflag(message, ns_f_qr)) return reply;
  reply.kind = kind_of(ns_msg_getflag(message, ns_f_rcode));
  if (reply.kind != Kind::Found) return reply;
  if (!Answers(message, reply).collect(name, type)) {
    reply.kind = Kind::Invalid;
  } else if (type == Type::Mx) {
    reply.kind = judge_mx(reply.mx, name);
  } else {
    reply.kind = reply.addresses.empty() ? Kind::NoData : Kind::Found;
  }
  return reply;
}

}  // namespace handoff::dns
