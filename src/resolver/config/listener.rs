//! `[listen]` and `[[listener]]`: the addresses of listeners, and their clients.

use crate::limits;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;
use ipnet::IpNet;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{CertificateFile, PrivateKeyFile, certificate_file, private_key_file};
use super::forms::{self, Flag, List, NAME, NamedFile, Number, Optional, OrEmpty, Text, Texts, Word};
use super::keys::{ConfigKey, SingleSection, TableEntry, key};
use super::lookahead::{LISTENER_MODES, LookaheadMode};
use super::{addresses, certificate};
use crate::dnsbl::gate::Guarding;
use crate::dnsbl::list::{Guard, OnRefusal};

const GUARDS: [(&str, Guard); 2] = [("guard", Guard::Guard), ("pass", Guard::Pass)];

/// The values of `on_refusal`, which apply to every list. "list" leaves the answer to the setting of each list.
const ON_REFUSAL: [(&str, Option<OnRefusal>); 4] = [
    ("list", None),
    ("servfail", Some(OnRefusal::Servfail)),
    ("nxdomain", Some(OnRefusal::Nxdomain)),
    ("pass", Some(OnRefusal::Pass)),
];

/// A listener: `[listen]`, or a `[[listener]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Addresses at which queries over UDP and TCP are received.
    pub addresses: Vec<SocketAddr>,
    /// Addresses at which DNS over TLS is received.
    pub tls: Vec<SocketAddr>,
    /// Addresses at which DNS over HTTPS is received.
    pub https: Vec<SocketAddr>,
    /// Addresses at which DNS over QUIC is received.
    pub quic: Vec<SocketAddr>,
    /// The certificate of encrypted connections.
    pub certificate: Option<CertificateFile>,
    /// The private key of the certificate.
    pub key: Option<PrivateKeyFile>,
    /// Clients that receive answers. All others receive REFUSED.
    pub allow: Vec<IpNet>,
    /// True if `allow` may contain a prefix of length 0, which permits every client.
    pub open_resolver: bool,
    /// Clients within `allow` that receive REFUSED.
    pub refuse: Vec<IpNet>,
    /// Clients that receive no reply.
    pub drop: Vec<IpNet>,
    /// The number of UDP workers for each address of every listener. 0 means one worker for two cores, at most `limits::MAX_WORKERS`. Only the value
    /// in `[listen]` is used.
    pub workers: usize,
    /// The configured zones without `view` that clients of this listener see, by apex. `None` means that the address of a client decides: the client
    /// sees the zones of its `[[view]]`, or all zones if it has none. It is always `None` in `[listen]`.
    pub zones: Option<Vec<Name>>,
    /// Whether answers of DNS lists that are not listings are replaced.
    pub dnsbl: Guard,
    /// The answer that replaces them, for every list. `None` means the setting of each list.
    pub on_refusal: Option<OnRefusal>,
    /// The mode of look-ahead for clients of this listener. `None` means the mode in `[lookahead]`.
    pub lookahead: Option<LookaheadMode>,
}

/// The protocol of the queries that an address receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenFor {
    /// DNS over UDP and TCP, not encrypted.
    Plain,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS, with HTTP/2 (RFC 8484).
    Https,
    /// DNS over QUIC (RFC 9250).
    Quic,
}

impl ListenFor {
    /// All protocols.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::Https, Self::Quic];

    /// Returns the configuration key with the addresses for this protocol.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Plain => "addresses",
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
        }
    }

    /// Returns true if this protocol needs a TCP socket.
    pub(crate) const fn has_streams(self) -> bool {
        !matches!(self, Self::Quic)
    }

    /// Returns true if this protocol needs UDP sockets.
    pub const fn has_datagrams(self) -> bool {
        matches!(self, Self::Plain | Self::Quic)
    }

    /// Returns the word for connections with this protocol in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
            Self::Quic => "QUIC",
        }
    }
}

/// An address at which a listener receives queries, as it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAt {
    /// The address and the port. The port may be 0, which means any free port.
    pub address: SocketAddr,
    /// The protocol of the queries.
    pub serves: ListenFor,
}

impl ListenAt {
    /// Returns true if both need sockets of the same kind, and their addresses are equal or one covers the other.
    pub fn meets(self, other: Self) -> bool {
        let (one, second) = (self.serves, other.serves);
        let share =
            one.has_streams() && second.has_streams() || one.has_datagrams() && second.has_datagrams();
        share && addresses::overlap(self.address, other.address)
    }
}

/// How a client is treated. The mildest treatment is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// The client receives answers.
    Allow,
    /// The client receives REFUSED.
    Refuse,
    /// The client receives no reply.
    Drop,
}

impl Listener {
    /// Returns how a client is treated. The longest prefix that contains its address decides, and among equal prefixes the strictest treatment. A
    /// client in no prefix receives REFUSED.
    pub fn access(&self, client: IpAddr) -> Access {
        let lists =
            [(&self.allow, Access::Allow), (&self.refuse, Access::Refuse), (&self.drop, Access::Drop)];
        let found = lists.into_iter().filter_map(|(networks, access)| {
            let within = networks.iter().filter(|network| network.contains(&client));
            Some((within.map(IpNet::prefix_len).max()?, access))
        });
        found.max().map_or(Access::Refuse, |(_, access)| access)
    }

    /// Returns the certificate with its key, for signing, or `None` if the listener has no certificate.
    ///
    /// # Errors
    /// The reason why the two cannot be used together, as words that end a sentence.
    pub fn certified(&self) -> Result<Option<CertifiedKey>, String> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        certificate::pair(certificate, key).map(Some)
    }

    /// Returns the listener with its certificate and key read again from their files. Its other values stay.
    ///
    /// # Errors
    /// The file that is wrong, and the reason, as words that end a sentence.
    pub fn with_files_read_again(&self) -> Result<Self, String> {
        let mut listener = self.clone();
        if let Some(certificate) = &mut listener.certificate {
            *certificate = certificate_file(&certificate.path).map_err(|wrong| wrong.to_string())?;
        }
        if let Some(key) = &mut listener.key {
            *key = private_key_file(&key.path).map_err(|wrong| wrong.to_string())?;
        }
        listener.certified()?;
        Ok(listener)
    }

    /// Returns the addresses for all protocols.
    pub fn all_addresses(&self) -> impl Iterator<Item = ListenAt> {
        let of = |serves| move |address: &SocketAddr| ListenAt { address: *address, serves };
        let plain = self.addresses.iter().map(of(ListenFor::Plain));
        let encrypted = self.tls.iter().map(of(ListenFor::Tls));
        let encrypted = encrypted.chain(self.https.iter().map(of(ListenFor::Https)));
        plain.chain(encrypted).chain(self.quic.iter().map(of(ListenFor::Quic)))
    }

    /// Returns the settings for answers of DNS lists.
    pub(crate) fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

/// The form of a network of clients.
pub(super) const CLIENTS: Text<IpNet> = Text(addresses::client_network, IpNet::to_string);

const ADDRESSES: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "addresses",
    |listener, typed, _| {
        listener.addresses = addresses::addresses(typed)?;
        Ok(())
    },
    |listener| (!listener.addresses.is_empty()).then(|| forms::texts(&listener.addresses)),
)
.unset("none");

const TLS: ConfigKey<Listener> =
    key!(Listener, tls, Texts(addresses::tls_addresses)).comment(&[(Some("[]"), "no DNS over TLS")]);

const HTTPS: ConfigKey<Listener> =
    key!(Listener, https, Texts(addresses::https_addresses)).comment(&[(Some("[]"), "no DNS over HTTPS")]);

const QUIC: ConfigKey<Listener> =
    key!(Listener, quic, Texts(addresses::quic_addresses)).comment(&[(Some("[]"), "no DNS over QUIC")]);

const CERTIFICATE: ConfigKey<Listener> =
    key!(Listener, certificate, OrEmpty(NamedFile(certificate_file, |file| &file.path)))
        .comment(&[(Some("\"\""), "no encrypted listener")])
        .content("the certificate in the file changed", |old, new| old.certificate != new.certificate);

const KEY: ConfigKey<Listener> = key!(Listener, key, OrEmpty(NamedFile(private_key_file, |file| &file.path)))
    .content("the key in the file changed", |old, new| old.key != new.key);

const ALLOW: ConfigKey<Listener> = key!(Listener, allow, List(CLIENTS));

const OPEN_RESOLVER: ConfigKey<Listener> = key!(Listener, open_resolver, Flag);

const REFUSE: ConfigKey<Listener> =
    key!(Listener, refuse, List(CLIENTS)).comment(&[(Some("[]"), "no exceptions from `allow`")]);

const DROP: ConfigKey<Listener> =
    key!(Listener, drop, List(CLIENTS)).comment(&[(Some("[]"), "no exceptions from `allow`")]);

const WORKERS: ConfigKey<Listener> = key!(Listener, workers, Number(0..=limits::MAX_WORKERS))
    .comment(&[(Some("0"), "automatic: one thread for every two CPU cores")])
    .at_start();

const ZONES: ConfigKey<Listener> = key!(Listener, zones, Optional(List(NAME)))
    .comment(&[(
        None,
        "[[zone]] and [[host]] entries that its clients can use; the others are hidden from them",
    )])
    .unset("all");

const DNSBL: ConfigKey<Listener> = key!(Listener, dnsbl, Word(&GUARDS))
    .comment(&[(Some("\"guard\""), "clients get no false listings of DNS lists")]);

const ON_REFUSED: ConfigKey<Listener> = key!(Listener, on_refusal, Word(&ON_REFUSAL)).comment(&[(
    Some("\"list\""),
    "each DNS list has its own answer: `on_refusal` of its [[list]], or the default",
)]);

const LOOKAHEAD: ConfigKey<Listener> = key!(Listener, lookahead, Word(&LISTENER_MODES))
    .comment(&[(Some("\"general\""), "uses `mode` of [lookahead]")]);

/// The section `[listen]`.
pub(super) const LISTEN: SingleSection<Listener> = SingleSection {
    name: "listen",
    keys: &[
        ADDRESSES,
        TLS,
        HTTPS,
        QUIC,
        CERTIFICATE,
        KEY,
        ALLOW,
        OPEN_RESOLVER,
        REFUSE,
        DROP,
        WORKERS,
        DNSBL,
        ON_REFUSED,
        LOOKAHEAD,
    ],
};

impl TableEntry for Listener {
    const NAME: &'static str = "listener";
    const MOST: usize = limits::MAX_LISTENERS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        ADDRESSES,
        TLS,
        HTTPS,
        QUIC,
        CERTIFICATE,
        KEY,
        ALLOW,
        OPEN_RESOLVER,
        REFUSE,
        DROP,
        ZONES,
        DNSBL,
        ON_REFUSED,
        LOOKAHEAD,
    ];

    fn blank() -> Self {
        Self { addresses: Vec::new(), ..Self::default() }
    }

    fn title(&self) -> String {
        let kinds = [&self.addresses, &self.tls, &self.https, &self.quic];
        let named = kinds.into_iter().find(|addresses| !addresses.is_empty());
        let addresses: Vec<String> = named.into_iter().flatten().map(ToString::to_string).collect();
        format!("listener {}", addresses.join(", "))
    }
}
