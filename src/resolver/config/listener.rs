//! `[listen]` and `[[listener]]`: addresses and clients.

use crate::limits;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;
use ipnet::IpNet;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::certificate::{CertificateFile, PrivateKeyFile, certificate_file, private_key_file};
use super::keys::{ConfigKey, ReportedAs, SingleSection, TableEntry, set, set_some};
use super::lookahead::{LISTENER_MODES, LookaheadMode};
use super::{addresses, certificate, value, written};
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
    /// UDP workers for each address of every listener; 0 is one for two cores, at most `limits::MAX_WORKERS`. Only the value in
    /// `[listen]` counts.
    pub workers: usize,
    /// The configured zones without `view` that its clients see, by apex. None means that the address of a client chooses: all of them,
    /// or the zones of its `[[view]]`. Always none in `[listen]`.
    pub zones: Option<Vec<Name>>,
    /// Whether answers of lists that are not listings are held back.
    pub dnsbl: Guard,
    /// The answer instead, for every list; none leaves it to each list.
    pub on_refusal: Option<OnRefusal>,
    /// The mode of look-ahead for its clients; none: the mode of `[lookahead]`.
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
    /// The handling of a client: the longest prefix with its address decides, and of equal prefixes the strictest.
    /// Clients in no prefix get REFUSED.
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

const ADDRESSES: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "addresses",
    |listener, typed, _| set(&mut listener.addresses, addresses::addresses(typed)),
    |listener| (!listener.addresses.is_empty()).then(|| written::list(&listener.addresses)),
);

const TLS: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "tls",
    |listener, typed, _| set(&mut listener.tls, addresses::tls_addresses(typed)),
    |listener| Some(written::list(&listener.tls)),
)
.comment(&[(Some("[]"), "no DNS over TLS")]);

const HTTPS: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "https",
    |listener, typed, _| set(&mut listener.https, addresses::https_addresses(typed)),
    |listener| Some(written::list(&listener.https)),
)
.comment(&[(Some("[]"), "no DNS over HTTPS")]);

const QUIC: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "quic",
    |listener, typed, _| set(&mut listener.quic, addresses::quic_addresses(typed)),
    |listener| Some(written::list(&listener.quic)),
)
.comment(&[(Some("[]"), "no DNS over QUIC")]);

const CERTIFICATE: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "certificate",
    |listener, typed, directory| {
        let read =
            value::path(typed, directory).and_then(|path| path.as_deref().map(certificate_file).transpose());
        set(&mut listener.certificate, read)
    },
    |listener| Some(written::path(listener.certificate.as_ref().map(|file| file.path.as_path()))),
)
.comment(&[(Some("\"\""), "no encrypted listener")])
.content("the certificate in the file changed", |old, new| old.certificate != new.certificate);

const KEY: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "key",
    |listener, typed, directory| {
        let read =
            value::path(typed, directory).and_then(|path| path.as_deref().map(private_key_file).transpose());
        set(&mut listener.key, read)
    },
    |listener| Some(written::path(listener.key.as_ref().map(|file| file.path.as_path()))),
)
.content("the key in the file changed", |old, new| old.key != new.key);

const ALLOW: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "allow",
    |listener, typed, _| set(&mut listener.allow, value::list(typed, addresses::client_network)),
    |listener| Some(written::list(&listener.allow)),
);

const REFUSE: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "refuse",
    |listener, typed, _| set(&mut listener.refuse, value::list(typed, addresses::client_network)),
    |listener| Some(written::list(&listener.refuse)),
)
.comment(&[(Some("[]"), "no exceptions from `allow`")]);

const DROP: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "drop",
    |listener, typed, _| set(&mut listener.drop, value::list(typed, addresses::client_network)),
    |listener| Some(written::list(&listener.drop)),
)
.comment(&[(Some("[]"), "no exceptions from `allow`")]);

const WORKERS: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "workers",
    |listener, typed, _| set(&mut listener.workers, value::number(typed, &(0..=limits::MAX_WORKERS as u64))),
    |listener| Some(written::number(listener.workers)),
)
.comment(&[(Some("0"), "automatic: one thread for every two CPU cores")])
.at_start();

const ZONES: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "zones",
    |listener, typed, _| set_some(&mut listener.zones, value::list(typed, value::name)),
    |listener| listener.zones.as_deref().map(written::names),
)
.comment(&[(None, "[[zone]] and [[host]] entries that its clients can use; the others are hidden from them")])
.unset("all");

const DNSBL: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "dnsbl",
    |listener, typed, _| set(&mut listener.dnsbl, value::word(typed, &GUARDS)),
    |listener| Some(written::word(listener.dnsbl, &GUARDS)),
)
.comment(&[(Some("\"guard\""), "clients get no false listings of DNS lists")]);

const ON_REFUSED: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "on_refusal",
    |listener, typed, _| set(&mut listener.on_refusal, value::word(typed, &ON_REFUSAL)),
    |listener| Some(written::word(listener.on_refusal, &ON_REFUSAL)),
)
.comment(&[(
    Some("\"list\""),
    "each DNS list has its own answer: `on_refusal` of its [[list]], or the default",
)]);

const LOOKAHEAD: ConfigKey<Listener> = ConfigKey::<Listener>::new(
    "lookahead",
    |listener, typed, _| set(&mut listener.lookahead, value::word(typed, &LISTENER_MODES)),
    |listener| Some(written::word(listener.lookahead, &LISTENER_MODES)),
)
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
        ADDRESSES.reported(ReportedAs::ByEntry),
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
