//! The refusal of a message, as a receiver words it in a bounce.

use std::net::IpAddr;

/// A name in the reply of a receiver that may be a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedList {
    /// The name: lower case, with its last dot, and without the customer's key of the receiver.
    pub name: String,
    /// Whether the words before it say that it is a list.
    pub is_clear: bool,
}

/// The fact about a sender in the DNS that a receiver gives as the reason of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// The name that the client gives with HELO or EHLO.
    Helo,
    /// The domain of the envelope sender.
    Sender,
    /// The PTR records of the client.
    Pointer,
    /// The SPF record of the domain of the envelope sender.
    Spf,
    /// SPF, DKIM or DMARC of the domain in the field `From`.
    Authentication,
    /// No fault of the sender: the host that sent the mail is a mail host of the recipient's domain, and does not take it.
    Loop,
    /// No fault of the sender: TLS with the mail hosts of the recipient's domain failed, which DANE, MTA-STS or the host that sent it demands.
    Tls,
}

/// The reason of a refusal, with the name that the receiver refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedReason {
    pub(super) reason: RefusalReason,
    /// The HELO name as it stands, or the domain of the sender in lower case with its last dot.
    pub(super) name: Option<String>,
    /// The selector of a DKIM key that the receiver did not find.
    pub(super) selector: Option<String>,
}

/// A status code (RFC 3463) that a bounce gives for a recipient without the reply of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BareStatus {
    /// The code: `4.4.7`.
    pub code: String,
    /// The host that tells it.
    pub host: Option<String>,
}

/// The refusal of a message in the words of the receiver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The client that was refused.
    pub address: Option<IpAddr>,
    /// The reason, if it is one of the DNS.
    pub reason: Option<RefusalReason>,
    /// Names that may be DNS lists.
    pub lists: Vec<NamedList>,
    /// The address, or the domain without its last dot, that the receiver says is listed.
    pub listed: Option<String>,
    /// Whether the receiver says that it is about a link in the message, or about its text.
    pub is_of_content: bool,
    /// Web pages, without the part from ? on.
    pub pages: Vec<String>,
    /// The code that stands in the place of a reply.
    pub status: Option<BareStatus>,
}
