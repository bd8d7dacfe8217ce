//! Numbers of the wire format that several files use: the header, and EDNS (RFC 6891).

/// The length of a DNS message header, in octets (RFC 1035 section 4.1.1).
pub const HEADER: usize = 12;

/// The largest DNS message over UDP, in octets, that resolverd accepts from servers and sends to clients. It fits into an IPv6 packet of 1 280 octets
/// without fragmentation (DNS flag day 2020).
pub const PAYLOAD: u16 = 1_232;

/// The largest DNS message over UDP, in octets, that a client without EDNS accepts (RFC 1035 section 4.2.1).
pub const PLAIN_PAYLOAD: u16 = 512;

/// The EDNS option code of cookies (RFC 7873 section 4).
pub(super) const COOKIE: u16 = 10;

/// The EDNS option code of padding (RFC 7830 section 3).
pub const PADDING: u16 = 12;

/// The EDNS option code of edns-tcp-keepalive (RFC 7828).
pub(super) const KEEPALIVE: u16 = 11;

/// The number of the record type OPT (RFC 6891 section 6.1.1).
pub(super) const OPT: u16 = 41;
