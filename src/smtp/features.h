// features.h - what a server can do, and what happened to its session, as bits.
//
// The numbers are stored with a cached session and read by other programs: they never change
// (spec/smtp-client.md 2.3).
#pragma once

#include <cstdint>

namespace handoff::smtp::feature {

using Set = std::uint32_t;

inline constexpr Set kEsmtp = 1U << 0;
inline constexpr Set k8BitMime = 1U << 1;
inline constexpr Set kPipelining = 1U << 2;
inline constexpr Set kSize = 1U << 3;
inline constexpr Set kStartTls = 1U << 4;
inline constexpr Set kAuth = 1U << 5;
inline constexpr Set kXforwardName = 1U << 7;
inline constexpr Set kXforwardAddress = 1U << 8;
inline constexpr Set kXforwardProtocol = 1U << 9;
inline constexpr Set kXforwardHelo = 1U << 10;
inline constexpr Set kXforwardSource = 1U << 11;
inline constexpr Set kBestMx = 1U << 12;
inline constexpr Set kRsetRejected = 1U << 13;
inline constexpr Set kFromCache = 1U << 14;
inline constexpr Set kDsn = 1U << 15;
inline constexpr Set kPixNoEsmtp = 1U << 16;
inline constexpr Set kPixDelayDotCrlf = 1U << 17;
inline constexpr Set kXforwardPort = 1U << 18;
inline constexpr Set kEarlyTlsMailReply = 1U << 19;
inline constexpr Set kXforwardIdent = 1U << 20;
inline constexpr Set kSmtpUtf8 = 1U << 21;
inline constexpr Set kFromProxy = 1U << 22;

// A session keeps the first with its destination, the second with its endpoint; what is in
// neither belongs to one use of it.
inline constexpr Set kDestinationMask = kBestMx;
inline constexpr Set kEndpointMask = ~(kBestMx | kRsetRejected | kFromCache);

}  // namespace handoff::smtp::feature
