//! The section `[listen]` and the entries `[[listener]]`: the addresses of resolverd, and the clients that it answers there.

use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;
use ipnet::IpNet;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{CertificateFile, PrivateKeyFile, certificate_file, private_key_file};
use super::forms::{self, Flag, List, NAME, NamedFile, Number, Optional, OrEmpty, Text, Texts, Word};
use super::keys::{ConfigKey, SingleSection, TableEntry, key};
use super::lookahead::{LISTENER_MODES, LookaheadMode};
use super::{addresses, certificate};
use crate::limits;
use dnsbl::gate::Guarding;
use dnsbl::list::{Guard, OnRefusal};

const GUARDS: [(&str, Guard); 2] = [("guard", Guard::Guard), ("pass", Guard::Pass)];

/// The values of `on_refusal`. "list" applies the setting of each DNS list.
const ON_REFUSAL: [(&str, Option<OnRefusal>); 4] = [
    ("list", None),
    ("servfail", Some(OnRefusal::Servfail)),
    ("nxdomain", Some(OnRefusal::Nxdomain)),
    ("pass", Some(OnRefusal::Pass)),
];

/// The section `[listen]`, or a `[[listener]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The addresses for UDP and TCP.
    pub addresses: Vec<SocketAddr>,
    /// The addresses for DNS over TLS.
    pub tls: Vec<SocketAddr>,
    /// The addresses for DNS over HTTPS.
    pub https: Vec<SocketAddr>,
    /// The addresses for DNS over QUIC.
    pub quic: Vec<SocketAddr>,
    /// The certificate for TLS, HTTPS and QUIC.
    pub certificate: Option<CertificateFile>,
    /// The private key of the certificate.
    pub key: Option<PrivateKeyFile>,
    /// The networks of clients that get answers. All others get REFUSED.
    pub allow: Vec<IpNet>,
    /// True if `allow` may contain every client on the internet.
    pub open_resolver: bool,
    /// Networks in `allow` whose clients get REFUSED.
    pub refuse: Vec<IpNet>,
    /// Networks whose clients get no reply.
    pub drop: Vec<IpNet>,
    /// The number of UDP workers for each address of all listeners. 0 means one for two processor cores, but at most `limits::MAX_WORKERS`. Only
    /// `[listen]` sets it.
    pub workers: usize,
    /// The zones without `view` that clients see, by apex. `None`: a client in a `[[view]]` sees the zones of this view, and any other client all
    /// zones without `view`. Always `None` in `[listen]`.
    pub zones: Option<Vec<Name>>,
    /// Determines if answers of DNS lists that are neither "listed" nor "not listed" are replaced or passed on to the client.
    pub dnsbl: Guard,
    /// What clients get if a DNS list refuses; `None` for the setting of each list.
    pub on_refusal: Option<OnRefusal>,
    /// The mode of look-ahead (questions that are asked before a client asks them); `None` for that of `[lookahead]`.
    pub lookahead: Option<LookaheadMode>,
}

/// The protocol at an address of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenFor {
    /// DNS over UDP and TCP without encryption.
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

    /// Returns true if queries arrive over streams of TCP.
    pub const fn has_streams(self) -> bool {
        !matches!(self, Self::Quic)
    }

    /// Returns true if the protocol needs UDP sockets.
    pub const fn has_datagrams(self) -> bool {
        matches!(self, Self::Plain | Self::Quic)
    }

    /// Returns the protocol of connections, for log messages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
            Self::Quic => "QUIC",
        }
    }
}

/// An address of a listener with its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAt {
    /// The address and port. With port 0, the system chooses a port.
    pub address: SocketAddr,
    /// The protocol.
    pub serves: ListenFor,
}

impl ListenAt {
    /// Returns true if sockets cannot be bound for both addresses, because both need a TCP socket, or both a UDP socket, and the addresses overlap.
    pub fn meets(self, other: Self) -> bool {
        let (one, second) = (self.serves, other.serves);
        let share =
            one.has_streams() && second.has_streams() || one.has_datagrams() && second.has_datagrams();
        share && addresses::overlap(self.address, other.address)
    }
}

/// How a listener treats a client, the mildest treatment first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// The client gets answers.
    Allow,
    /// The client gets REFUSED.
    Refuse,
    /// The client gets no reply.
    Drop,
}

impl Listener {
    /// Returns how the listener treats a client. The longest prefix in `allow`, `refuse` and `drop` that contains the address decides; of equal ones,
    /// the strictest. A client in none of them gets REFUSED.
    pub fn access(&self, client: IpAddr) -> Access {
        let lists =
            [(&self.allow, Access::Allow), (&self.refuse, Access::Refuse), (&self.drop, Access::Drop)];
        let found = lists.into_iter().filter_map(|(networks, access)| {
            let within = networks.iter().filter(|network| network.contains(&client));
            Some((within.map(IpNet::prefix_len).max()?, access))
        });
        found.max().map_or(Access::Refuse, |(_, access)| access)
    }

    /// Returns the certificate with its private key, if the listener has one.
    ///
    /// # Errors
    /// Returns why the two cannot be used together, as the end of a sentence.
    pub fn certified(&self) -> Result<Option<CertifiedKey>, String> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        certificate::pair(certificate, key).map(Some)
    }

    /// Returns the listener with its certificate and private key read again.
    ///
    /// # Errors
    /// Returns the end of a sentence that names the wrong file and the reason.
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

    /// Returns how answers of DNS lists are treated for the clients of the listener.
    pub fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

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
    .comment(&[(Some("\"\""), "no private key of a certificate")])
    .content("the key in the file changed", |old, new| old.key != new.key);

const ALLOW: ConfigKey<Listener> = key!(Listener, allow, List(CLIENTS));

const OPEN_RESOLVER: ConfigKey<Listener> = key!(Listener, open_resolver, Flag);

const REFUSE: ConfigKey<Listener> =
    key!(Listener, refuse, List(CLIENTS)).comment(&[(Some("[]"), "no client in `allow` gets REFUSED")]);

const DROP: ConfigKey<Listener> =
    key!(Listener, drop, List(CLIENTS)).comment(&[(Some("[]"), "no query is dropped")]);

const WORKERS: ConfigKey<Listener> = key!(Listener, workers, Number(0..=limits::MAX_WORKERS))
    .comment(&[(Some("0"), "automatic: one thread for every two CPU cores, 1 to 4")])
    .at_start();

const ZONES: ConfigKey<Listener> = key!(Listener, zones, Optional(List(NAME)))
    .comment(&[(
        None,
        "[[zone]] and [[host]] entries that its clients can use; the others are hidden from them",
    )])
    .unset("all");

const DNSBL: ConfigKey<Listener> = key!(Listener, dnsbl, Word(&GUARDS))
    .comment(&[(Some("\"guard\""), "clients do not get an error code of a DNS list as a listing")]);

const ON_REFUSED: ConfigKey<Listener> = key!(Listener, on_refusal, Word(&ON_REFUSAL)).comment(&[(
    Some("\"list\""),
    "if a DNS list refuses queries, clients get the answer set by `on_refusal` of its [[list]]",
)]);

const LOOKAHEAD: ConfigKey<Listener> = key!(Listener, lookahead, Word(&LISTENER_MODES))
    .comment(&[(Some("\"general\""), "uses `mode` of [lookahead]")]);

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
