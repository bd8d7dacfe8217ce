//! What is checked on schedule: a domain (`[[watch]]` or `[own]`), or an address of own mail (`[own]`).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::history::DomainHistory;
use config::{Config, OwnSection, WatchAs, WatchLevel};
use dns::wire::presentation::name_text;
use doctor::facts::{CheckSubject, Role};

/// A domain or an address that is checked on schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedSubject {
    /// The domain or the address.
    pub name: WatchedName,
    /// The role of the domain in mail, which decides what is checked.
    pub side: WatchAs,
    /// The time between two checks.
    pub interval: Duration,
    /// Which findings are logged.
    pub level: WatchLevel,
    /// The operator's own mail if the subject belongs to it; `None` for a `[[watch]]`.
    pub own: Option<Arc<OwnSection>>,
}

/// The name of a watched subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchedName {
    /// A domain of mail addresses, absolute and in lower case.
    Domain(Name),
    /// An address that sends mail.
    Address(IpAddr),
}

impl WatchedName {
    /// Returns the name as it is stored: a domain with its last dot.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Domain(domain) => name_text(domain).to_ascii_lowercase(),
            Self::Address(address) => address.to_string(),
        }
    }
}

/// Shows a domain without its last dot.
impl fmt::Display for WatchedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.key().trim_end_matches('.'))
    }
}

impl WatchedSubject {
    /// Returns what the configuration lets the daemon check: own domains, own addresses, then the entries `[[watch]]`.
    pub fn all_of(config: &Config) -> Vec<Self> {
        let own = Arc::new(config.own.clone());
        let domains = config.own.domains.iter().cloned().map(WatchedName::Domain);
        let addresses = config.own.addresses.iter().copied().map(WatchedName::Address);
        let of_own = |name: WatchedName| Self {
            name,
            side: WatchAs::Both,
            interval: own.interval,
            level: WatchLevel::Warning,
            own: Some(Arc::clone(&own)),
        };
        let watches = config.watches.iter().map(|watch| Self {
            name: WatchedName::Domain(watch.domain.clone()),
            side: watch.side,
            interval: watch.interval,
            level: watch.level,
            own: None,
        });
        domains.chain(addresses).map(of_own).chain(watches).collect()
    }

    /// Returns the subject of the check. A check of a `[[watch]]` asks no resolver of a third party, and makes no connection to a mail host.
    pub(super) fn to_check(&self, unix: u64) -> CheckSubject {
        let role = match self.side {
            WatchAs::Both => Role::Both,
            WatchAs::Sender => Role::Sender,
            WatchAs::Recipient => Role::Recipient,
        };
        let mut subject = CheckSubject { role, unix, connect: self.own.is_some(), ..CheckSubject::default() };
        match &self.name {
            WatchedName::Domain(_) => subject.domain = self.name.key(),
            WatchedName::Address(address) => {
                subject.address = Some(*address);
                let helo = self.own.as_ref().and_then(|own| own.helo.as_ref());
                subject.helo = helo.map(|name| name_text(name).trim_end_matches('.').to_owned());
            }
        }
        subject
    }
}

/// A watched subject with its findings, for screens.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedState {
    /// What is checked.
    pub subject: WatchedSubject,
    /// The findings and their changes.
    pub history: DomainHistory,
    /// The time until the next check, if other checks do not delay it; zero if the check is due.
    pub next: Duration,
}
