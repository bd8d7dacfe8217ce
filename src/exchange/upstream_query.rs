//! A query to a server, and its result.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use super::long_replies::ReplyRoom;
use super::network::Path;
use dns::conduct::Transport;
use dns::secret::Secret;
use dns::wire::PAYLOAD;

/// A query to be sent to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamQuery {
    /// The address, the source address and the encryption.
    pub path: Path,
    /// The queried name.
    pub name: Name,
    /// The queried record type.
    pub kind: RecordType,
    /// The customer's key for a DNS list, which replaces the placeholder label in the name when the query is sent.
    pub secret: Option<Arc<Secret>>,
    /// True if the RD flag is set, for forwarders: the server then resolves the name itself.
    pub recursion_desired: bool,
    /// True if the AD flag is set: the reply then shows if the server has validated the answer (RFC 6840 section 5.7).
    pub authentic_data: bool,
    /// The size of UDP replies that the OPT record allows, or `None` for a query without OPT record.
    pub edns: Option<u16>,
    /// True if the DO flag is set: the reply then has signatures and proofs.
    pub dnssec_ok: bool,
    /// True if the CD flag is set: a recursive server then need not validate the answer, because resolverd validates it (RFC 6840 section 5.9). Needs
    /// an OPT record.
    pub checking_disabled: bool,
    /// True if the name is sent in random upper and lower case (0x20), which the reply must repeat.
    pub mixed_case: bool,
    /// The transport over which the query is sent.
    pub transport: Transport,
    /// True if replies over UDP that may be forged are skipped, because the server does not accept TCP. Otherwise they end the query early.
    pub skips_forgeries: bool,
    /// The number of earlier queries of the sender for the same question. Queries with different numbers are not merged, because the earlier query of
    /// a sender may have been lost.
    pub tries: u8,
}

impl UpstreamQuery {
    /// Creates a query with an OPT record and without flags, over UDP or over the encrypted transport of `path`.
    pub fn new(path: Path, name: Name, kind: RecordType) -> Self {
        Self {
            transport: path.transport(),
            path,
            name,
            kind,
            secret: None,
            recursion_desired: false,
            authentic_data: false,
            edns: Some(PAYLOAD),
            dnssec_ok: false,
            checking_disabled: false,
            mixed_case: false,
            skips_forgeries: false,
            tries: 0,
        }
    }

    pub(super) fn sent_name(&self) -> Cow<'_, Name> {
        let name = Cow::Borrowed(&self.name);
        self.secret.as_ref().map_or(name, |secret| Cow::Owned(secret.put_in(&self.name)))
    }
}

/// The result of a query to a server: its reply or the reason why there is none.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The reply of the server, or the reason why there is none.
    pub reply: Result<Arc<Message>, Trouble>,
    /// The time from sending the query to its reply.
    pub elapsed: Duration,
    /// True if the name in the reply has another case than in the query.
    pub other_case: bool,
    /// True if the reply arrived over UDP and has more than 512 octets.
    pub is_long: bool,
    /// The memory reserved for a long reply, which must be kept as long as the records of the reply are in use.
    pub room: ReplyRoom,
}

/// The reason why a query to a server got no usable reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No reply to this query arrived in time.
    #[error("no answer")]
    Silent,
    /// The server cannot be reached, or a TCP connection was refused or cut off.
    #[error("unreachable")]
    Unreachable,
    /// This host has no route for the address family of the server.
    #[error("no route to the server")]
    NoRoute,
    /// This host has no route to this address, but may have a route to other addresses of the family.
    #[error("no route to the server")]
    NoRouteToAddress,
    /// This host could not send the query: for example, no file descriptor or memory is left, a firewall prevents it, or this host does not have
    /// the source address.
    #[error("this host could not send the query: {0}")]
    NotSent(Arc<str>),
    /// The TLS certificate of the server is not accepted. The text gives the reason.
    #[error("TLS certificate rejected: {0}")]
    Certificate(Arc<str>),
    /// The HTTPS response of the server contained no DNS message.
    #[error("{words}")]
    Https {
        /// What is wrong, as a text for the operator.
        words: Arc<str>,
        /// True if the server cannot answer at the moment, as with SERVFAIL: for example, the HTTP status is 503.
        is_failure: bool,
    },
    /// A reply over UDP has another case of the name than the query, or is an error without a question. The server changes the case, or an attacker
    /// has guessed the id and the port of the query.
    #[error("the reply does not repeat the case of the query name (0x20)")]
    OtherCase,
    /// Too many datagrams that did not answer the query arrived at its port. They are probably forged.
    #[error("too many false replies")]
    Forged,
    /// A reply with the id of the query is no response to a query, or a reply over TCP answers another question.
    #[error("the reply does not match the query")]
    Unfit,
    /// A reply with the id of the query cannot be decoded.
    #[error("the reply cannot be decoded")]
    Undecodable,
    /// This host had no memory for the reply, because too many long replies are in use.
    #[error("long reply dropped: no memory for it at the moment")]
    NoRoom,
}
