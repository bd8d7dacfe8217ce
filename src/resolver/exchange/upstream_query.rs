//! A query to a server, and its result.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use super::long_replies::ReplyRoom;
use super::network::Path;
use super::secret::Secret;
use dns::conduct::Transport;

/// A query for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamQuery {
    /// The path to the server.
    pub path: Path,
    /// The name that is asked for.
    pub name: Name,
    /// The type that is asked for.
    pub kind: RecordType,
    /// The secret key that replaces a label of the name when the query is sent.
    pub secret: Option<Arc<Secret>>,
    /// True if RD is set: the server is asked to resolve the name, as a forwarder does. Servers of zones are asked without RD.
    pub recursion_desired: bool,
    /// True if the query carries an OPT.
    pub edns: bool,
    /// True if DO is set in the OPT: signatures and proofs are wanted.
    pub dnssec_ok: bool,
    /// True if CD is set, which is sent only with an OPT. A recursive server then need not validate, because we do (RFC 6840 section
    /// 5.9).
    pub checking_disabled: bool,
    /// True if the letters of the name are sent in random upper and lower case, which the answer must repeat.
    pub mixed_case: bool,
    /// The transport over which the query is sent.
    pub transport: Transport,
    /// The number of earlier queries of the sender for the same question. Queries with different numbers are not merged, because the
    /// earlier one may be lost.
    pub tries: u8,
}

impl UpstreamQuery {
    /// Returns the name as it is sent.
    pub(super) fn sent_name(&self) -> Cow<'_, Name> {
        let name = Cow::Borrowed(&self.name);
        self.secret.as_ref().map_or(name, |secret| Cow::Owned(secret.put_in(&self.name)))
    }
}

/// The result of a query.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The reply, or why there is none.
    pub reply: Result<Arc<Message>, Trouble>,
    /// The time from sending the query to its reply.
    pub elapsed: Duration,
    /// True if the reply repeats the question with other upper and lower case letters.
    pub other_case: bool,
    /// The memory reserved for a long reply. It must be held as long as the records of the reply.
    pub room: ReplyRoom,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No matching reply arrived within the time.
    #[error("no answer")]
    Silent,
    /// The network reports that the server cannot be reached, or a TCP connection was refused or cut off.
    #[error("unreachable")]
    Unreachable,
    /// This machine has no route for the address family of the server.
    #[error("no route to the server")]
    NoRoute,
    /// This machine has no route to this address. It may have a route to other addresses of the family.
    #[error("no route to the server")]
    NoRouteToAddress,
    /// This machine could not send the query, for a reason of its own: no file descriptor or memory is left, a firewall prevents it, or
    /// the address to send from does not exist.
    #[error("this host could not send the query: {0}")]
    NotSent(Arc<str>),
    /// The certificate of the server is not accepted. The text gives the reason.
    #[error("TLS certificate rejected: {0}")]
    Certificate(Arc<str>),
    /// The server did not send a DNS message over HTTPS.
    #[error("{words}")]
    Https {
        /// What is wrong with the response.
        words: Arc<str>,
        /// True if the response says that the server cannot answer at the moment.
        is_failure: bool,
    },
    /// Over UDP, the reply repeats the question in another case, or is an error without the question. Either the server changes the case,
    /// or somebody has guessed our id and port.
    #[error("the reply does not repeat the case of the query name (0x20)")]
    OtherCase,
    /// The reply with our id cannot be decoded, or a reply over TCP answers another question.
    #[error("the reply does not match the query")]
    Unfit,
    /// The reply arrived, but this machine has no memory for it, because too many long replies are in use.
    #[error("long reply dropped: no memory for it at the moment")]
    NoRoom,
}
