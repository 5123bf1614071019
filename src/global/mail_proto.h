// mail_proto.h - every word that our programs say to one another, written down once.
//
// Service names, attribute names, request names, status codes and fixed values, grouped by
// protocol. What a message consists of stands with its struct (delivery_request.h and the like).
#pragma once

#include <string_view>

namespace handoff::global {

// --- Announcements: the first thing a server says (spec/ipc.md 3).
namespace protocol {
inline constexpr std::string_view kDeliveryRequest = "delivery_request_protocol";
inline constexpr std::string_view kDeliveryStatus = "delivery_status_protocol";
inline constexpr std::string_view kAddressVerification =
    "address_verification_prrotocol";  // sic: this is what is on the wire
inline constexpr std::string_view kQueueFlush = "queue_flush_protocol";
inline constexpr std::string_view kCleanup = "cleanup_protocol";
inline constexpr std::string_view kPostdrop = "postdrop_protocol";
inline constexpr std::string_view kTrivialRewrite = "trivial_rewrite_protocol";
inline constexpr std::string_view kConnectionCache = "connection_cache_protocol";
}  // namespace protocol

// --- Attribute names.
namespace attr {
inline constexpr std::string_view kProtocol = "protocol";
inline constexpr std::string_view kRequest = "request";
inline constexpr std::string_view kStatus = "status";
inline constexpr std::string_view kFlags = "flags";
inline constexpr std::string_view kQueueName = "queue_name";
inline constexpr std::string_view kQueueId = "queue_id";
inline constexpr std::string_view kSender = "sender";
inline constexpr std::string_view kAddress = "address";
inline constexpr std::string_view kReason = "reason";

// A recipient (spec/queue-and-delivery.md 0.1).
inline constexpr std::string_view kOriginalRecipient = "original_recipient";
inline constexpr std::string_view kRecipient = "recipient";
inline constexpr std::string_view kOffset = "offset";
inline constexpr std::string_view kDsnOriginalRecipient = "dsn_orig_rcpt";
inline constexpr std::string_view kNotifyFlags = "notify_flags";

// A delivery status; its code is called "status" too.
inline constexpr std::string_view kDiagnosticType = "diag_type";
inline constexpr std::string_view kDiagnosticText = "diag_text";
inline constexpr std::string_view kMtaType = "mta_type";
inline constexpr std::string_view kMtaName = "mta_mname";
inline constexpr std::string_view kAction = "action";

// A delivery request.
inline constexpr std::string_view kSize = "size";
inline constexpr std::string_view kNexthop = "nexthop";
inline constexpr std::string_view kEncoding = "encoding";
inline constexpr std::string_view kSmtputf8 = "smtputf8";
inline constexpr std::string_view kEnvelopeId = "envelope_id";
inline constexpr std::string_view kRetFlags = "ret_flags";
inline constexpr std::string_view kTime = "time";
inline constexpr std::string_view kLogClientName = "log_client_name";
inline constexpr std::string_view kLogClientAddress = "log_client_address";
inline constexpr std::string_view kLogClientPort = "log_client_port";
inline constexpr std::string_view kLogProtocolName = "log_protocol_name";
inline constexpr std::string_view kLogHeloName = "log_helo_name";
inline constexpr std::string_view kSaslMethod = "sasl_method";
inline constexpr std::string_view kSaslUsername = "sasl_username";
inline constexpr std::string_view kSaslSender = "sasl_sender";
inline constexpr std::string_view kLogIdent = "log_ident";
inline constexpr std::string_view kRewriteContext = "rewrite_context";
inline constexpr std::string_view kRecipientCount = "recipient_count";

// bounce, defer, trace; verify; flush.
inline constexpr std::string_view kBounceRequest = "nrequest";
inline constexpr std::string_view kVerpDelimiters = "verp_delimiters";
inline constexpr std::string_view kRecipientStatus = "recipient_status";
inline constexpr std::string_view kSite = "site";

// rewrite.
inline constexpr std::string_view kRule = "rule";
inline constexpr std::string_view kTransport = "transport";

// scache; "dummy" says "your turn".
inline constexpr std::string_view kTtl = "ttl";
inline constexpr std::string_view kLabel = "label";
inline constexpr std::string_view kProperty = "property";
inline constexpr std::string_view kDummy = "dummy";

// The second socket of our scache, which Postfix does not have.
inline constexpr std::string_view kTtlMilliseconds = "ttl_ms";
inline constexpr std::string_view kEndpoint = "endpoint";
inline constexpr std::string_view kEndpointProperty = "endpoint_property";
inline constexpr std::string_view kFarewell = "farewell";
inline constexpr std::string_view kDestination = "destination";
inline constexpr std::string_view kDestinationProperty = "destination_property";
inline constexpr std::string_view kPattern = "pattern";
}  // namespace attr

// --- Delivery requests: the bits of "flags" (spec/queue-and-delivery.md 2.3).
namespace request_flag {
inline constexpr int kSuccess = 1;         // mark delivered recipients as done
inline constexpr int kBounce = 2;          // historical, no effect
inline constexpr int kMtaVerify = 256;     // address probe: report to verify(8)
inline constexpr int kUserVerify = 512;    // "sendmail -bv": report to trace(8)
inline constexpr int kRecord = 1024;       // "sendmail -v": deliver and report to trace(8)
inline constexpr int kCacheLoad = 2048;    // look for a cached connection
inline constexpr int kCacheStore = 4096;   // save the connection afterwards
inline constexpr int kReportDelay = 8192;  // report success after an earlier delay warning
inline constexpr int kDefault = kSuccess | kBounce;
inline constexpr int kNoDelivery = kMtaVerify | kUserVerify;
// What an agent passes on to bounce, defer and trace.
inline constexpr int kTraceMask = kMtaVerify | kUserVerify | kRecord | kReportDelay;
}  // namespace request_flag

// --- Masks in envelopes (spec/queue-and-delivery.md 0.2).
namespace notify {
inline constexpr int kNever = 1;
inline constexpr int kSuccess = 2;
inline constexpr int kFailure = 4;
inline constexpr int kDelay = 8;
}  // namespace notify
namespace ret {
inline constexpr int kFull = 1;
inline constexpr int kHeaders = 2;
}  // namespace ret
namespace smtputf8 {
inline constexpr int kRequested = 1;
inline constexpr int kHeader = 2;     // a header that is not ASCII was seen
inline constexpr int kSender = 4;     // a sender that is not ASCII
inline constexpr int kRecipient = 8;  // a recipient that is not ASCII; only in delivery requests
}  // namespace smtputf8
namespace encoding {
inline constexpr std::string_view k7Bit = "7bit";
inline constexpr std::string_view k8Bit = "8bit";
}  // namespace encoding
namespace rewrite_context {
inline constexpr std::string_view kLocal = "local";
inline constexpr std::string_view kRemote = "remote";
}  // namespace rewrite_context

// --- bounce, defer, trace: the values of "nrequest" (spec/queue-and-delivery.md 3.1).
namespace bounce_request {
inline constexpr int kAppend = 0;
inline constexpr int kFlush = 1;
inline constexpr int kWarn = 2;
inline constexpr int kVerp = 3;
inline constexpr int kOne = 4;
inline constexpr int kTrace = 5;
}  // namespace bounce_request
namespace bounce_flag {
inline constexpr int kNone = 0;
inline constexpr int kClean = 1;            // remove the log when the request fails
inline constexpr int kDeleteRecipient = 2;  // mark the logged recipients as done
}  // namespace bounce_flag
namespace bounce_status {
inline constexpr int kDone = 0;
inline constexpr int kFailed = -1;
}  // namespace bounce_status

// --- The values of "action" in a delivery status (RFC 3464, 2.3.3).
namespace action {
inline constexpr std::string_view kDelivered = "delivered";
inline constexpr std::string_view kRelayed = "relayed";
inline constexpr std::string_view kExpanded = "expanded";
inline constexpr std::string_view kFailed = "failed";
inline constexpr std::string_view kDelayed = "delayed";
inline constexpr std::string_view kDeliverable = "deliverable";
inline constexpr std::string_view kUndeliverable = "undeliverable";
}  // namespace action

// --- verify: request names and recipient states (spec/queue-and-delivery.md 3.2).
namespace verify_request {
inline constexpr std::string_view kUpdate = "update";
inline constexpr std::string_view kQuery = "query";
}  // namespace verify_request
namespace verify_state {
inline constexpr int kOk = 0;
inline constexpr int kDeferred = 1;
inline constexpr int kBounced = 2;
inline constexpr int kToDo = 3;
}  // namespace verify_state

// --- flush: request names (spec/queue-and-delivery.md 3.3).
namespace flush_request {
inline constexpr std::string_view kAdd = "add";
inline constexpr std::string_view kSendSite = "send_site";
inline constexpr std::string_view kSendFile = "send_file";
inline constexpr std::string_view kRefresh = "rfrsh";
inline constexpr std::string_view kPurge = "purge";
}  // namespace flush_request
namespace flush_status {
inline constexpr int kOk = 0;
inline constexpr int kFailed = -1;
inline constexpr int kBad = 3;
inline constexpr int kDenied = 4;
}  // namespace flush_status

// --- rewrite: request names, and the bits of "flags" in an answer (spec/queue-and-delivery.md 8).
namespace rewrite_request {
inline constexpr std::string_view kRewrite = "rewrite";
inline constexpr std::string_view kResolve = "resolve";
inline constexpr std::string_view kVerify = "verify";  // to resolve, for an address probe
}  // namespace rewrite_request

namespace resolve_flag {
inline constexpr int kFinal = 1;
inline constexpr int kRouted = 2;  // the local part has an operator that another system may obey
inline constexpr int kError = 4;   // malformed address
inline constexpr int kFail = 8;    // a table could not be asked
inline constexpr int kClassLocal = 256;
inline constexpr int kClassAlias = 512;
inline constexpr int kClassVirtual = 1024;
inline constexpr int kClassRelay = 2048;
inline constexpr int kClassDefault = 4096;
}  // namespace resolve_flag

// --- Queues: directories below the queue directory (spec/queue-and-delivery.md 1.1).
namespace queue_name {
inline constexpr std::string_view kMaildrop = "maildrop";
inline constexpr std::string_view kIncoming = "incoming";
inline constexpr std::string_view kActive = "active";
inline constexpr std::string_view kDeferred = "deferred";
inline constexpr std::string_view kHold = "hold";
inline constexpr std::string_view kCorrupt = "corrupt";
inline constexpr std::string_view kBounce = "bounce";
inline constexpr std::string_view kDefer = "defer";
inline constexpr std::string_view kTrace = "trace";
inline constexpr std::string_view kFlush = "flush";
inline constexpr std::string_view kSaved = "saved";
}  // namespace queue_name

// --- Triggers: one letter each, to public/qmgr or public/pickup (spec/queue-and-delivery.md 5.2).
namespace trigger_request {
inline constexpr char kWakeup = 'W';  // scan for new mail
inline constexpr char kScanIncoming = 'I';
inline constexpr char kScanDeferred = 'D';
inline constexpr char kScanAll = 'A';               // ignore time stamps
inline constexpr char kFlushDead = 'F';             // forget what is known of dead destinations
inline constexpr std::string_view kFlush = "FADI";  // "sendmail -q"
}  // namespace trigger_request

// --- Attributes that occur in queue files only (spec/queue-and-delivery.md 1.9).
namespace attr {
inline constexpr std::string_view kCreateTime = "create_time";
inline constexpr std::string_view kTraceFlags = "trace_flags";
inline constexpr std::string_view kLogMessageOrigin = "log_message_origin";
inline constexpr std::string_view kClientName = "client_name";
inline constexpr std::string_view kClientAddress = "client_address";
inline constexpr std::string_view kClientPort = "client_port";
inline constexpr std::string_view kProtocolName = "protocol_name";
inline constexpr std::string_view kHeloName = "helo_name";
}  // namespace attr

// --- cleanup: "flags" of a request, bits of "status" in the answer
// (spec/queue-and-delivery.md 6.1).
namespace cleanup_flag {
inline constexpr int kBounce = 1;
inline constexpr int kFilter = 2;
inline constexpr int kHold = 4;
inline constexpr int kDiscard = 8;
inline constexpr int kAutoBcc = 16;
inline constexpr int kMapAddresses = 32;
inline constexpr int kMilter = 64;
inline constexpr int kSmtpReply = 128;
inline constexpr int kSmtputf8 = 256;
inline constexpr int kAutodetectSmtputf8 = 512;
inline constexpr int kExternal = kFilter | kAutoBcc | kMapAddresses | kMilter;
}  // namespace cleanup_flag
namespace cleanup_status {
inline constexpr int kOk = 0;
inline constexpr int kBadInput = 1;
inline constexpr int kWriteError = 2;
inline constexpr int kTooBig = 4;
inline constexpr int kRejected = 8;
inline constexpr int kTooManyHops = 16;
inline constexpr int kNoRecipients = 64;
inline constexpr int kProxyReject = 128;
inline constexpr int kDeferred = 256;
inline constexpr int kNotPermitted = 512;
}  // namespace cleanup_status

// --- scache: request names and statuses (spec/ipc.md 4).
namespace scache_request {
inline constexpr std::string_view kSaveEndpoint = "save_endp";
inline constexpr std::string_view kFindEndpoint = "find_endp";
inline constexpr std::string_view kSaveDestination = "save_dest";
inline constexpr std::string_view kFindDestination = "find_dest";
}  // namespace scache_request
enum class ScacheStatus { Ok = 0, Bad = 1, Failed = 2 };

// --- The second socket of our scache: beside the first one, by a longer name.
inline constexpr std::string_view kSecondSocketSuffix = ".handoff";
namespace scache_extension_request {
inline constexpr std::string_view kSave = "save";
inline constexpr std::string_view kFind = "find";
inline constexpr std::string_view kStatistics = "statistics";
inline constexpr std::string_view kContents = "contents";
inline constexpr std::string_view kFlush = "flush";
}  // namespace scache_extension_request

// --- Transports that qmgr itself sends mail to: with "D.S.N text" as the next hop.
namespace transport {
inline constexpr std::string_view kError = "error";  // bounces
inline constexpr std::string_view kRetry = "retry";  // defers
}  // namespace transport

// --- Where services listen, below the queue directory.
namespace service_class {
inline constexpr std::string_view kPrivate = "private";
inline constexpr std::string_view kPublic = "public";
}  // namespace service_class

}  // namespace handoff::global
