//! The section `[listen]` and the entries `[[listener]]`: the addresses at which resolverd receives queries, and the clients that it answers
//! there.

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

/// The permitted values of `on_refusal` of a listener. "list" means that the `on_refusal` of each DNS list applies.
const ON_REFUSAL: [(&str, Option<OnRefusal>); 4] = [
    ("list", None),
    ("servfail", Some(OnRefusal::Servfail)),
    ("nxdomain", Some(OnRefusal::Nxdomain)),
    ("pass", Some(OnRefusal::Pass)),
];

/// A listener, which is configured in `[listen]` or in a `[[listener]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The addresses at which queries over UDP and TCP are received.
    pub addresses: Vec<SocketAddr>,
    /// The addresses at which queries with DNS over TLS are received.
    pub tls: Vec<SocketAddr>,
    /// The addresses at which queries with DNS over HTTPS are received.
    pub https: Vec<SocketAddr>,
    /// The addresses at which queries with DNS over QUIC are received.
    pub quic: Vec<SocketAddr>,
    /// The certificate for encrypted connections (TLS, HTTPS and QUIC).
    pub certificate: Option<CertificateFile>,
    /// The private key that belongs to the certificate.
    pub key: Option<PrivateKeyFile>,
    /// The networks whose clients receive answers. All other clients receive REFUSED.
    pub allow: Vec<IpNet>,
    /// True if `allow` may permit every client on the internet.
    pub open_resolver: bool,
    /// Clients that receive REFUSED although they are within `allow`.
    pub refuse: Vec<IpNet>,
    /// Networks whose clients receive no reply at all from this listener.
    pub drop: Vec<IpNet>,
    /// The number of UDP workers for each address of every listener. 0 means one worker for two processor cores, but at most
    /// `limits::MAX_WORKERS`. The value in `[listen]` applies to all listeners.
    pub workers: usize,
    /// The zones (`[[zone]]` entries without `view`) that the clients of this listener see, by apex. `None` means that the address of a client
    /// decides: a client in a `[[view]]` sees the zones of this view, and any other client sees all zones without `view`. Always `None` in
    /// `[listen]`.
    pub zones: Option<Vec<Name>>,
    /// What happens to answers of DNS lists that are neither "listed" nor "not listed": they are replaced, or passed on to the client.
    pub dnsbl: Guard,
    /// The answer that clients get instead of a refusal of a DNS list. `None` means that the setting of each list applies.
    pub on_refusal: Option<OnRefusal>,
    /// The mode of look-ahead (questions that are asked before a client asks them) for clients of this listener. `None` means the mode in
    /// `[lookahead]`.
    pub lookahead: Option<LookaheadMode>,
}

/// The protocol in which a listener receives queries at an address.
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
    /// All protocols in which a listener can receive queries.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::Https, Self::Quic];

    /// Returns the key of the configuration file that has the addresses for this protocol.
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

    /// Returns the name of the protocol, for log messages about its connections.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
            Self::Quic => "QUIC",
        }
    }
}

/// An address at which a listener receives queries, with the protocol that is used there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAt {
    /// The address and the port of the listener. Port 0 means that the system chooses a free port.
    pub address: SocketAddr,
    /// The protocol in which queries are received at this address.
    pub serves: ListenFor,
}

impl ListenAt {
    /// Returns true if sockets cannot be bound for both addresses at the same time. This is so if both need a TCP socket or both need a UDP socket,
    /// and the addresses overlap.
    pub fn meets(self, other: Self) -> bool {
        let (one, second) = (self.serves, other.serves);
        let share =
            one.has_streams() && second.has_streams() || one.has_datagrams() && second.has_datagrams();
        share && addresses::overlap(self.address, other.address)
    }
}

/// How a listener treats a client, from the mildest to the strictest treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// The listener answers the queries of the client.
    Allow,
    /// The listener replies to the client with REFUSED only.
    Refuse,
    /// The listener does not reply to the client.
    Drop,
}

impl Listener {
    /// Returns how this listener treats a client with the address `client`. Among all networks in `allow`, `refuse` and `drop` that contain the
    /// address, the one with the longest prefix decides. If several have this length, the strictest treatment applies. A client in none of them
    /// receives REFUSED.
    pub fn access(&self, client: IpAddr) -> Access {
        let lists =
            [(&self.allow, Access::Allow), (&self.refuse, Access::Refuse), (&self.drop, Access::Drop)];
        let found = lists.into_iter().filter_map(|(networks, access)| {
            let within = networks.iter().filter(|network| network.contains(&client));
            Some((within.map(IpNet::prefix_len).max()?, access))
        });
        found.max().map_or(Access::Refuse, |(_, access)| access)
    }

    /// Returns the certificate combined with its private key, in the form that TLS needs. Returns `None` if the listener has no certificate.
    ///
    /// # Errors
    /// Returns the reason why the two cannot be used together, as the end of a sentence.
    pub fn certified(&self) -> Result<Option<CertifiedKey>, String> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        certificate::pair(certificate, key).map(Some)
    }

    /// Returns a copy of the listener for which the certificate and its private key have been read from their files again. All other values stay
    /// the same.
    ///
    /// # Errors
    /// Returns a text that names the wrong file and the reason. The text is the end of a sentence.
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

    /// Returns the addresses of this listener for all protocols together.
    pub fn all_addresses(&self) -> impl Iterator<Item = ListenAt> {
        let of = |serves| move |address: &SocketAddr| ListenAt { address: *address, serves };
        let plain = self.addresses.iter().map(of(ListenFor::Plain));
        let encrypted = self.tls.iter().map(of(ListenFor::Tls));
        let encrypted = encrypted.chain(self.https.iter().map(of(ListenFor::Https)));
        plain.chain(encrypted).chain(self.quic.iter().map(of(ListenFor::Quic)))
    }

    /// Returns the settings of this listener for the answers of DNS lists.
    pub(crate) fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

/// The form of a value of the configuration that is a network of clients.
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
    .comment(&[(Some("0"), "automatic: one thread for every two CPU cores")])
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

/// The keys of the section `[listen]`.
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
