//! `[listen]` and `[[listener]]`: addresses and clients.

use crate::limits;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;
use ipnet::IpNet;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{CertificateFile, PrivateKeyFile, certificate_file, private_key_file};
use super::forms::{self, List, NAME, NamedFile, Number, Optional, OrEmpty, Text, Texts, Word};
use super::keys::{ConfigKey, SingleSection, TableEntry, key};
use super::lookahead::{LISTENER_MODES, LookaheadMode};
use super::{addresses, certificate};
use crate::dnsbl::gate::Guarding;
use crate::dnsbl::list::{Guard, OnRefusal};

const GUARDS: [(&str, Guard); 2] = [("guard", Guard::Guard), ("pass", Guard::Pass)];

/// For every list; "list" leaves it to each list.
const ON_REFUSAL: [(&str, Option<OnRefusal>); 4] = [
    ("list", None),
    ("servfail", Some(OnRefusal::Servfail)),
    ("nxdomain", Some(OnRefusal::Nxdomain)),
    ("pass", Some(OnRefusal::Pass)),
];

/// A listener: `[listen]`, or a `[[listener]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Addresses of UDP and TCP listeners.
    pub addresses: Vec<SocketAddr>,
    /// Addresses of listeners for DNS over TLS.
    pub tls: Vec<SocketAddr>,
    /// Addresses of listeners for DNS over HTTPS.
    pub https: Vec<SocketAddr>,
    /// Addresses of listeners for DNS over QUIC.
    pub quic: Vec<SocketAddr>,
    /// The certificate that encrypted listeners show.
    pub certificate: Option<CertificateFile>,
    /// Its private key.
    pub key: Option<PrivateKeyFile>,
    /// Clients that are answered; others get REFUSED.
    pub allow: Vec<IpNet>,
    /// Clients within `allow` that get REFUSED.
    pub refuse: Vec<IpNet>,
    /// Clients that get no reply.
    pub drop: Vec<IpNet>,
    /// UDP workers for each address of every listener. 0 means one for two cores, at most `limits::MAX_WORKERS`. Only the value in `[listen]` is
    /// used.
    pub workers: usize,
    /// The configured zones without `view` that its clients see, by apex. `None` means that the address of a client decides: the client sees the
    /// zones of its `[[view]]`, or all zones. Always `None` in `[listen]`.
    pub zones: Option<Vec<Name>>,
    /// Whether answers of DNS lists that are not listings are held back.
    pub dnsbl: Guard,
    /// The answer that replaces them, for every list; `None` uses the setting of each list.
    pub on_refusal: Option<OnRefusal>,
    /// The mode of look-ahead for its clients; `None` uses the mode in `[lookahead]`.
    pub lookahead: Option<LookaheadMode>,
}

/// The form in which queries come to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenFor {
    /// UDP and TCP.
    Plain,
    /// TLS over TCP (RFC 7858).
    Tls,
    /// HTTP/2 over TLS (RFC 8484).
    Https,
    /// QUIC over UDP (RFC 9250).
    Quic,
}

impl ListenFor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::Https, Self::Quic];

    /// The key of its addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Plain => "addresses",
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
        }
    }

    /// Returns true if it has a socket of TCP.
    pub(crate) const fn has_streams(self) -> bool {
        !matches!(self, Self::Quic)
    }

    /// Returns true if it has sockets of UDP.
    pub const fn has_datagrams(self) -> bool {
        matches!(self, Self::Plain | Self::Quic)
    }

    /// The word for its connections in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "TCP",
            Self::Tls => "TLS",
            Self::Https => "HTTPS",
            Self::Quic => "QUIC",
        }
    }
}

/// An address to listen at, as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenAt {
    /// Its port may be 0.
    pub address: SocketAddr,
    /// The queries that come there.
    pub serves: ListenFor,
}

impl ListenAt {
    /// Returns true if both have sockets of the same kind, and one covers the other or has its address.
    pub fn meets(self, other: Self) -> bool {
        let (one, second) = (self.serves, other.serves);
        let share =
            one.has_streams() && second.has_streams() || one.has_datagrams() && second.has_datagrams();
        share && addresses::overlap(self.address, other.address)
    }
}

/// The handling of a client, from the mildest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It gets answers.
    Allow,
    /// It gets REFUSED.
    Refuse,
    /// It gets no reply.
    Drop,
}

impl Listener {
    /// The handling of a client. The longest prefix that contains its address decides; among equal prefixes, the strictest handling. Clients in no
    /// prefix receive REFUSED.
    pub fn access(&self, client: IpAddr) -> Access {
        let lists =
            [(&self.allow, Access::Allow), (&self.refuse, Access::Refuse), (&self.drop, Access::Drop)];
        let found = lists.into_iter().filter_map(|(networks, access)| {
            let within = networks.iter().filter(|network| network.contains(&client));
            Some((within.map(IpNet::prefix_len).max()?, access))
        });
        found.max().map_or(Access::Refuse, |(_, access)| access)
    }

    /// Its certificate with its key, ready to sign; none if it has none.
    ///
    /// # Errors
    /// Why the two cannot be used together, in words that end a sentence.
    pub fn certified(&self) -> Result<Option<CertifiedKey>, String> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else { return Ok(None) };
        certificate::pair(certificate, key).map(Some)
    }

    /// Reads both files again; its other values stay.
    ///
    /// # Errors
    /// Which file is wrong, and why, in words that end a sentence.
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

    /// Its addresses of all kinds.
    pub fn all_addresses(&self) -> impl Iterator<Item = ListenAt> {
        let of = |serves| move |address: &SocketAddr| ListenAt { address: *address, serves };
        let plain = self.addresses.iter().map(of(ListenFor::Plain));
        let encrypted = self.tls.iter().map(of(ListenFor::Tls));
        let encrypted = encrypted.chain(self.https.iter().map(of(ListenFor::Https)));
        plain.chain(encrypted).chain(self.quic.iter().map(of(ListenFor::Quic)))
    }

    /// The handling of lists' answers for its clients.
    pub(crate) fn guarding(&self) -> Guarding {
        Guarding { guard: self.dnsbl, on_refusal: self.on_refusal }
    }
}

/// Networks of clients.
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

/// `[listen]`
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
