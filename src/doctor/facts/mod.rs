//! The facts about a domain: each question that was asked, with its answer. The checks only read these facts.

pub mod own_mail;
pub(crate) mod private_address;
pub(crate) mod record_set;
pub(crate) mod reply_facts;
pub mod sent;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use crate::facts::own_mail::OwnMail;
pub use crate::facts::reply_facts::{LookupFound, Record, ReplyFacts, ReplySecurity};
use crate::facts::sent::{QueryEnd, SentQueries, others_lose};
use crate::message::refusal::Refusal;
use dns::conduct::Encryption;
pub use dns::question::QueryForm;
use dns::wire::presentation::name_text;

/// A question that a check asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// A lookup through the daemon.
    Lookup {
        /// The name in the question: lower case, with its last dot.
        name: String,
        /// The record type in the question.
        kind: &'static str,
    },
    /// A query to one name server.
    Server {
        /// The address of the server.
        server: IpAddr,
        /// The name in the question: lower case, with its last dot.
        name: String,
        /// The record type in the question.
        kind: &'static str,
        /// The form of the query.
        way: QueryForm,
    },
    /// A query over UDP or TCP to another resolver at an address with a port. (`Server` has port 53.)
    Resolver {
        /// The address and port of the resolver.
        server: SocketAddr,
        /// The name in the question: lower case, with its last dot.
        name: String,
        /// The record type in the question.
        kind: &'static str,
        /// The form of the query.
        way: QueryForm,
    },
    /// A query to another resolver over TLS, HTTPS or QUIC.
    Secured {
        /// The resolver, with its port and the name in its certificate.
        resolver: SecuredResolver,
        /// The name in the question: lower case, with its last dot.
        name: String,
        /// The record type in the question.
        kind: &'static str,
    },
    /// A connection to a mail host at port 25 (SMTP).
    MailHost {
        /// The name of the mail host: lower case, with its last dot.
        host: String,
        /// The address of the mail host.
        address: IpAddr,
    },
    /// A download of the MTA-STS policy file.
    PolicyFile {
        /// The name of the policy host: lower case, with its last dot.
        host: String,
        /// The address of the policy host.
        address: IpAddr,
    },
    /// Queries to the DNS lists that the daemon uses.
    Lists {
        /// The address or domain to look up in the DNS lists.
        subject: String,
    },
    /// Queries to the DNS lists that a bounce names.
    NamedLists {
        /// The address or domain to look up in the DNS lists.
        subject: String,
        /// The zones of the DNS lists.
        lists: Vec<String>,
    },
}

/// The reason why a question was not asked. A repeated check would not ask it either.
pub const BOUND_REACHED: &str = "the check has reached its bound of questions";

/// The reason why it is unknown if a server answers a form of query, such as one with its name in mixed case.
pub const LOST: &str = "datagrams to the server or from it are lost";

/// The reason why a question has no usable reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoReply {
    /// The server did not answer in time.
    Silent,
    /// The network or the server refused the query or the connection.
    Unreachable,
    /// The name in the reply has other upper and lower case than the query (0x20).
    OtherCase,
    /// The reply cannot be parsed, or it answers another question.
    Unfit,
    /// The reply over UDP was truncated, and no complete reply arrived over TCP.
    Truncated,
    /// This host has no route to addresses of this family, or does not use the family.
    NoRoute,
    /// The question was not asked, or this host could not ask it. The text says why.
    Unknown(String),
}

impl NoReply {
    /// Returns the reason as text.
    pub fn words(&self) -> String {
        match self {
            Self::Silent => "no answer".to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
            Self::OtherCase => "the name in another case".to_owned(),
            Self::Unfit => "a reply that cannot be read".to_owned(),
            Self::Truncated => "a truncated reply, and no whole one over TCP".to_owned(),
            Self::NoRoute => "this host has no route".to_owned(),
            Self::Unknown(why) => why.clone(),
        }
    }
}

/// A resolver that is queried over TLS, HTTPS or QUIC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecuredResolver {
    /// The name or address of the resolver.
    pub host: String,
    /// The port of the resolver.
    pub port: u16,
    /// The protocol, and the name or address in the resolver's certificate.
    pub encryption: Encryption,
}

/// The transport and the address of another resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolverWay {
    /// Over UDP to port 53 of this address, and over TCP after a truncated reply.
    Plain(IpAddr),
    /// Over UDP to this address and port, and over TCP after a truncated reply.
    AtPort(SocketAddr),
    /// Over TLS (RFC 7858), HTTPS (RFC 8484) or QUIC (RFC 9250).
    Secured(SecuredResolver),
}

/// Another resolver, whose answers are compared with the records of the zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherResolver {
    /// The transport and the address of the resolver.
    pub way: ResolverWay,
    /// The name and address of the resolver in findings.
    pub name: String,
}

/// The answer of a DNS list about an address or domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// The DNS list contains the subject.
    Yes,
    /// The DNS list does not contain the subject.
    No,
    /// The list gave no answer, or an answer that must not be believed.
    #[default]
    Unknown,
}

/// A DNS list and its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The zone of the DNS list.
    pub list: String,
    /// Says if the DNS list contains the subject.
    pub listed: Listed,
    /// The reason for the listing, or the reason why the answer is unknown.
    pub why: String,
}

/// The replies of a mail host at port 25.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailHostSaid {
    /// The first line of the greeting.
    pub greeting: String,
    /// The first line of the reply to EHLO; empty if EHLO was not sent.
    pub hello: String,
    /// The result of STARTTLS, with the certificates of the mail host.
    pub tls: MailHostTls,
}

/// The result of STARTTLS with a mail host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MailHostTls {
    /// The mail host does not offer STARTTLS.
    #[default]
    NotOffered,
    /// STARTTLS or the TLS handshake failed; the text says why.
    Failed(String),
    /// The connection is encrypted.
    Done {
        /// The certificates in DER; the host's own certificate comes first.
        chain: Vec<Vec<u8>>,
        /// The reason why this system does not trust the certificate; `None` if it trusts it.
        fault: Option<String>,
    },
}

/// The result of downloading the MTA-STS policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyFile {
    /// The text of the policy file.
    Text(String),
    /// Senders cannot get the policy file; the text says why.
    Fault(String),
}

/// The answer to a `Want`, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// A DNS reply of the daemon, a name server or another resolver.
    Reply(ReplyFacts),
    /// There is no usable reply.
    NoReply(NoReply),
    /// The replies of a mail host at port 25.
    MailHost(MailHostSaid),
    /// The result of downloading a policy file of MTA-STS.
    PolicyFile(PolicyFile),
    /// The answers of DNS lists.
    Lists(Vec<Listing>),
}

impl Got {
    /// Returns the DNS reply, if there is one.
    pub const fn reply(&self) -> Option<&ReplyFacts> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    /// Returns how the query ended.
    pub const fn end(&self) -> QueryEnd {
        match self {
            Self::NoReply(NoReply::Unknown(_) | NoReply::NoRoute) => QueryEnd::NotSent,
            Self::NoReply(NoReply::Silent | NoReply::Unreachable) => QueryEnd::Unanswered,
            _ => QueryEnd::Answered,
        }
    }
}

/// The role of the checked domain in an email, which decides the checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// The domain sends and receives mail.
    #[default]
    Both,
    /// The domain sends mail.
    Sender,
    /// The domain receives mail.
    Recipient,
    /// The domain signs mail for another domain. Only the keys of its signatures are checked (RFC 6376 section 3.6).
    Signer,
}

impl Role {
    /// Returns true if mail is sent with sender addresses of the domain.
    pub const fn sends(self) -> bool {
        matches!(self, Self::Both | Self::Sender)
    }

    /// Returns true if mail is delivered to the domain.
    pub const fn receives(self) -> bool {
        matches!(self, Self::Both | Self::Recipient)
    }
}

/// What is checked: a domain, an address, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckSubject {
    /// The domain: lower case, with its last dot. Empty if an address is checked.
    pub domain: String,
    /// The address whose PTR records, SPF result and listings are checked: the address of a host that sends mail of the domain, or that the
    /// user named without a domain.
    pub address: Option<IpAddr>,
    /// The role of the domain in a mail.
    pub role: Role,
    /// The DKIM selectors that the user gave.
    pub selectors: Vec<String>,
    /// True if the address may belong to a forwarder or a gateway of the receiver. Then SPF is not evaluated, because the address is not
    /// the sender's.
    pub may_be_relay: bool,
    /// The name that the client gave with HELO or EHLO, unchanged.
    pub helo: Option<String>,
    /// The refusal of a mail, as a bounce reports it.
    pub refusal: Refusal,
    /// True if the check also connects to the mail hosts.
    pub connect: bool,
    /// The other resolvers whose answers are compared.
    pub resolvers: Vec<OtherResolver>,
    /// The servers to which the daemon forwards all questions; empty if the daemon resolves recursively.
    pub forwarders: Vec<String>,
    /// The zones of the DNS lists whose queries contain a customer key.
    pub keyed_lists: Vec<String>,
    /// The reason why only the daemon may be asked: the question must not leave this host. Only `compare` sets this field.
    pub kept_here: Option<String>,
    /// The addresses of this host.
    pub own: Vec<IpAddr>,
    /// What is compared with the DNS if the domain is the operator's own.
    pub own_mail: OwnMail,
    /// An address of each root server that the daemon uses, for domains directly below the root.
    pub root_servers: Vec<IpAddr>,
    /// The time of the check, in seconds since 1970.
    pub unix: u64,
}

/// All facts about a domain or an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainFacts {
    /// The domain or the address.
    pub subject: CheckSubject,
    /// Each question with its answer.
    pub got: BTreeMap<Want, Got>,
    /// Some answers in the daemon's cache differ from what the servers of the zone give now. For such a lookup, `got` has the reply of a server,
    /// and `cached` the reply of the daemon.
    pub cached: BTreeMap<Want, ReplyFacts>,
    /// The names whose aliases form a loop or a too long chain, each with a description.
    pub(crate) circles: BTreeMap<String, String>,
    /// The queries to each server, counted by result.
    pub sent: BTreeMap<IpAddr, SentQueries>,
}

impl DomainFacts {
    /// Creates an empty collection of facts.
    pub fn new(subject: CheckSubject) -> Self {
        Self { subject, ..Self::default() }
    }

    /// Returns the part of the daemon's configuration that answers for the domain. Returns `None` if the domain is resolved on the
    /// internet, or if this is unknown.
    pub fn configured(&self) -> Option<&str> {
        self.configured_at(&self.subject.domain)
    }

    /// Returns the part of the daemon's configuration that answers for the name `wanted`, like `configured`.
    pub fn configured_at(&self, wanted: &str) -> Option<&str> {
        self.lookups().find_map(|((name, _), reply)| reply.configured.as_deref().filter(|_| name == wanted))
    }

    pub(crate) fn lookups(&self) -> impl Iterator<Item = ((&str, &'static str), &ReplyFacts)> {
        self.got.iter().filter_map(|(want, got)| match want {
            Want::Lookup { name, kind } => Some(((name.as_str(), *kind), got.reply()?)),
            _ => None,
        })
    }

    pub(crate) fn reply(&self, want: &Want) -> Option<&ReplyFacts> {
        self.got.get(want)?.reply()
    }

    /// Returns the result of a lookup: the reply of the daemon, or the current reply of a server of the zone, if the function `adopt` has replaced
    /// the daemon's reply by it.
    pub fn lookup(&self, name: &str, kind: &'static str) -> LookupFound<'_> {
        match self.got.get(&Want::Lookup { name: name.to_owned(), kind }) {
            None | Some(Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_)) => LookupFound::NotAsked,
            Some(Got::NoReply(NoReply::Unknown(why))) => LookupFound::Unknown(why.clone()),
            Some(Got::NoReply(_)) => LookupFound::Unknown("no reply from the daemon".to_owned()),
            Some(Got::Reply(reply)) => match reply.rcode.as_str() {
                "NOERROR" if reply.records(kind).next().is_some() => LookupFound::Data(reply),
                "NOERROR" => LookupFound::NoData(reply),
                "NXDOMAIN" => LookupFound::NoName(reply),
                rcode => match self.circles.get(name) {
                    Some(circle) => LookupFound::Unknown(circle.clone()),
                    None if reply.why.is_empty() => LookupFound::Unknown(rcode.to_owned()),
                    None => LookupFound::Unknown(format!("{rcode}: {}", reply.why)),
                },
            },
        }
    }

    /// Returns the records that a lookup found, as far as known.
    pub fn records(&self, name: &str, kind: &'static str) -> Vec<&Record> {
        let reply = self.reply(&lookup(name, kind)).filter(|reply| reply.rcode == "NOERROR");
        reply.into_iter().flat_map(|reply| reply.records(kind)).collect()
    }

    /// Returns the names in the records of a lookup, for example the mail hosts in MX records.
    pub fn targets(&self, name: &str, kind: &'static str) -> Vec<String> {
        self.records(name, kind).into_iter().filter_map(Record::target).collect()
    }

    /// Returns the addresses of a name that the check has found, IPv4 first.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let records = ["A", "AAAA"].into_iter().flat_map(|kind| self.records(name, kind));
        records.filter_map(Record::address).collect()
    }

    /// Returns true if a lookup through the daemon fails DNSSEC validation.
    pub fn is_bogus(&self, name: &str, kind: &'static str) -> bool {
        self.reply(&lookup(name, kind)).is_some_and(|reply| reply.security == ReplySecurity::Bogus)
    }

    pub(super) fn has_bogus_lookup(&self) -> bool {
        self.lookups().any(|((name, kind), _)| name == self.subject.domain && self.is_bogus(name, kind))
    }

    /// Returns true if the lookups of a host's addresses are bogus, so that no address is known.
    pub(crate) fn is_bogus_host(&self, host: &str) -> bool {
        self.addresses(host).is_empty() && ["A", "AAAA"].into_iter().any(|kind| self.is_bogus(host, kind))
    }

    /// Returns the answer of a server to a question that was sent in the form `way`. Returns `None` if the server was not asked in this
    /// form.
    pub fn server(&self, server: IpAddr, name: &str, kind: &'static str, way: QueryForm) -> Option<&Got> {
        self.got.get(&at_server(server, name, kind, way))
    }

    pub(crate) fn reply_of(
        &self,
        server: IpAddr,
        name: &str,
        kind: &'static str,
        way: QueryForm,
    ) -> Option<&ReplyFacts> {
        self.server(server, name, kind, way)?.reply()
    }

    /// Returns the time at which a TTL that begins now ends, in seconds since 1970.
    pub(crate) fn end(&self, ttl: u32) -> u64 {
        self.subject.unix.saturating_add(ttl.into())
    }

    /// Returns the queries to a server, counted by result.
    pub fn sent(&self, server: IpAddr) -> SentQueries {
        self.sent.get(&server).copied().unwrap_or_default()
    }

    /// Returns the number of questions. Each repetition counts.
    pub(super) fn spent(&self) -> usize {
        let all: usize = self.sent.values().map(|sent| sent.all()).sum();
        let once = self.got.keys().filter(|want| matches!(want, Want::Server { .. })).count();
        self.got.len() + all.saturating_sub(once)
    }

    /// Returns true if datagrams to or from a server are lost, so that a missing reply may be chance. One of three signs is enough. This server
    /// answered a query only when the query was repeated. Or at least half of the servers that answer, and more than one, did the same. Or many
    /// queries to other servers had no reply.
    pub(crate) fn is_lossy(&self, server: IpAddr) -> bool {
        let lossy = self.sent.values().filter(|sent| sent.is_lossy()).count();
        let answering = self.sent.values().filter(|sent| sent.answered > 0).count();
        self.sent(server).is_lossy() || (lossy > 1 && 2 * lossy >= answering) || self.loses_many(server)
    }

    /// Returns true if at least one in twenty queries to the other servers was lost. On such a path, several queries in a row may be lost by chance
    /// (four in a row in about one of 100 000 lookups).
    pub(crate) fn loses_many(&self, server: IpAddr) -> bool {
        others_lose(&self.sent, server, 20)
    }

    /// Returns the answers of the DNS lists about a subject, if they were asked.
    pub fn lists(&self, subject: &str) -> Option<&Got> {
        self.got.get(&Want::Lists { subject: subject.to_owned() })
    }
}

/// Creates the question for a lookup through the daemon.
pub fn lookup(name: &str, kind: &'static str) -> Want {
    Want::Lookup { name: name.to_owned(), kind }
}

pub(crate) fn at_server(server: IpAddr, name: &str, kind: &'static str, way: QueryForm) -> Want {
    Want::Server { server, name: name.to_owned(), kind, way }
}

/// Creates the lookups of the IPv4 and IPv6 addresses of a name.
pub fn addresses(name: &str) -> [Want; 2] {
    [lookup(name, "A"), lookup(name, "AAAA")]
}

/// Returns true if a domain has only one label. The root servers are then the servers of its parent zone.
pub fn is_below_root(domain: &str) -> bool {
    !["", "."].contains(&domain) && above(domain) == "."
}

/// Returns the name without its first label; the root for a name with one label.
pub fn above(name: &str) -> &str {
    match name.split_once('.') {
        Some((_, "")) | None => ".",
        Some((_, rest)) => rest,
    }
}

/// Returns a name in lower case and with its last dot.
pub fn canonical(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if lower.ends_with('.') { lower } else { lower + "." }
}

/// Returns true if a name is equal to `zone` or below it.
pub fn is_within(name: &str, zone: &str) -> bool {
    zone == "." || name == zone || name.strip_suffix(zone).is_some_and(|before| before.ends_with('.'))
}

/// Returns the reverse name of an address (RFC 1035 section 3.5, RFC 3596 section 2.5).
pub fn reverse(address: IpAddr) -> String {
    name_text(&Name::from(address))
}

#[cfg(any(test, feature = "simulated"))]
#[allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub mod tests;
