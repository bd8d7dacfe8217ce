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

/// A query to be sent to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamQuery {
    /// The server, and the path to it.
    pub path: Path,
    /// Name asked for.
    pub name: Name,
    /// Type asked for.
    pub kind: RecordType,
    /// The secret whose key replaces a label of the name.
    pub secret: Option<Arc<Secret>>,
    /// RD: the server is asked to resolve, as a forwarder does. Servers of zones are asked without it.
    pub recursion_desired: bool,
    /// Whether it carries an OPT.
    pub edns: bool,
    /// DO in the OPT: signatures and proofs are wanted.
    pub dnssec_ok: bool,
    /// CD, which is sent with an OPT only: a recursive server need not validate, because we do (RFC 6840 section 5.9).
    pub checking_disabled: bool,
    /// Whether its letters are in random case, which the answer must repeat.
    pub mixed_case: bool,
    /// The transport.
    pub transport: Transport,
    /// The number of the sender's try: a second try must not wait for the first, which may be lost.
    pub tries: u8,
}

impl UpstreamQuery {
    /// The name as it is sent.
    pub(super) fn sent_name(&self) -> Cow<'_, Name> {
        let name = Cow::Borrowed(&self.name);
        self.secret.as_ref().map_or(name, |secret| Cow::Owned(secret.put_in(&self.name)))
    }
}

/// The result of a message.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The reply, or why there is none.
    pub reply: Result<Arc<Message>, Trouble>,
    /// The time from sending to the reply.
    pub elapsed: Duration,
    /// Whether the question came back in another case than it was sent in.
    pub other_case: bool,
    /// The room of a long reply: it is held as long as the records of the reply are.
    pub room: ReplyRoom,
}

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No fitting reply came while we listened.
    #[error("no answer")]
    Silent,
    /// The network says that it cannot be reached, or TCP was refused or cut off.
    #[error("unreachable")]
    Unreachable,
    /// This machine has no route to its address family.
    #[error("no route to the server")]
    NoRoute,
    /// This machine has no route to this address; others of its family may have one.
    #[error("no route to the server")]
    NoRouteToAddress,
    /// This machine could not send it, for a reason of its own: no descriptor or memory left, a firewall, or the
    /// address to send from is missing.
    #[error("this host could not send the query: {0}")]
    NotSent(Arc<str>),
    /// The certificate is for another server; the text says why.
    #[error("TLS certificate rejected: {0}")]
    Certificate(Arc<str>),
    /// It did not send a DNS message over HTTPS.
    #[error("{words}")]
    Https {
        /// The fault of the response.
        words: Arc<str>,
        /// Whether it says that it cannot answer at the moment.
        is_failure: bool,
    },
    /// Over UDP, the question came back in another case, or an error came without it. Either the server changes the
    /// case, or somebody has guessed our id and port.
    #[error("the reply does not repeat the case of the query name (0x20)")]
    OtherCase,
    /// The reply under our id cannot be read, or over TCP answers another question.
    #[error("the reply does not match the query")]
    Unfit,
    /// The reply came, and this machine has no memory for it, because too many long replies are in use.
    #[error("long reply dropped: no memory for it at the moment")]
    NoRoom,
}
