//! The description of a DNS list: its zone, the kinds of names that clients look up in it, and the meanings of its answers.
//!
//! These data do not change while a configuration is in use. The state of a list is in `dnsbl::entry`.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use super::codes::Code;
use super::rewrite::Rewrite;
use dns::secret::Key;

/// What it means for a mail that a DNS list lists its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A blocklist: if it lists the sender of a mail, this speaks against the mail.
    Block,
    /// An allowlist: if it lists the sender of a mail, this speaks for the mail.
    Allow,
    /// A DNS list that returns data, such as an AS number or a score, and does not judge the sender.
    Data,
}

/// The kinds of names that clients look up in a DNS list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListSubject {
    /// An IPv4 address with its octets reversed (RFC 5782 section 2.1).
    Ip4,
    /// An IPv6 address with its nibbles reversed (RFC 5782 section 2.4).
    Ip6,
    /// The name of a domain (RFC 5782 section 3).
    Domain,
    /// A hash of a mail address or a domain.
    Hash,
}

/// Says if a DNS list is in operation, or was shut down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// The DNS list is in operation and answers queries.
    Alive,
    /// The DNS list has been shut down. resolverd sends it no queries.
    ShutDown {
        /// When and how the DNS list was shut down, in a few words.
        how: String,
    },
}

/// The answer for a client if a DNS list refuses, or if its zone is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// The client gets SERVFAIL, with an extended error that says why.
    Servfail,
    /// The client gets a "not listed" answer (NXDOMAIN).
    Nxdomain,
    /// The client gets the DNS list's own answer, unchanged.
    Pass,
}

/// A setting of a listener: whether resolverd replaces answers of DNS lists that are neither "listed" nor "not listed", or passes them on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guard {
    /// resolverd replaces answers that are neither "listed" nor "not listed", such as refusals.
    #[default]
    Guard,
    /// resolverd passes all answers on unchanged, because the clients of the listener know the return codes of the lists.
    Pass,
}

/// The answer for a client if no server of a DNS list answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenSilent {
    /// The client gets SERVFAIL, with an extended error that says why.
    Servfail,
    /// The client gets a "not listed" answer (NXDOMAIN).
    Nxdomain,
}

/// What resolverd does if the data of a local mirror of a DNS list are too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenStale {
    /// resolverd only writes a line to the log.
    Report,
    /// resolverd writes a line to the log, and asks the public servers of the DNS list instead of the mirror.
    Public,
}

/// Names in a DNS list with known answers. resolverd asks for them to test whether the list works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestEntries {
    /// Names that the list must list.
    pub listed: Vec<Name>,
    /// Names that the list must not list.
    pub unlisted: Vec<Name>,
}

/// A DNS list: a zone in which clients look up addresses or domains (RFC 5782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The apex of the DNS list's zone, absolute and in lower case. The apex identifies the list.
    pub apex: Name,
    /// What a listing means for the sender of a mail: good, bad, or neither.
    pub purpose: Purpose,
    /// The kinds of names that clients look up in the DNS list.
    pub subjects: Vec<ListSubject>,
    /// True if names in the DNS list contain a customer's key. The key is a label between the subject (such as a reversed address) and the apex.
    pub keyed: bool,
    /// Says if the DNS list is in operation, or was shut down.
    pub life: Life,
    /// The return codes of listings whose meaning is known. Any other address in 127.0.0.0/8 is a listing too, unless it is in `refused`.
    pub listed: Vec<Code>,
    /// The meaning of each bit of the last octet, for a DNS list that adds up the values of several listings in one answer.
    pub bits: Vec<(u8, String)>,
    /// The return codes for refusals and errors. All addresses in 127.255.255.0/24 are such codes too, except those in `listed`.
    pub refused: Vec<Code>,
    /// The return codes that say that the question is wrong, and nothing about this host.
    pub mistaken: Vec<Code>,
    /// The test entries of the DNS list. `None` if the list is not tested.
    pub tests: Option<TestEntries>,
    /// The answer for a client if the DNS list refuses.
    pub on_refusal: OnRefusal,
    /// The answer for a client if the servers of the DNS list do not answer.
    pub when_silent: WhenSilent,
    /// True if so many receivers of mail use the list that a listing there stops much mail.
    pub is_large: bool,
    /// The number of free queries a day according to the website of the DNS list, for display only.
    pub free_quota: Option<u64>,
    /// The number of queries a day that the operator allows.
    pub quota: Option<u64>,
    /// The terms of use of the DNS list, in a few words. Empty if they are not known.
    pub terms: String,
    /// The page that explains listings and accepts requests for removal, if there is one.
    pub removal: Option<String>,
    /// Where the facts about this DNS list come from, and the day on which they were checked.
    pub source: String,
    /// True if the operator's configuration has an entry for the DNS list.
    pub configured: bool,
    /// The greatest permitted age of the data of a local mirror. `None` if the age is not checked.
    pub max_age: Option<Duration>,
    /// What resolverd does if the data of the mirror are older than `max_age`.
    pub when_stale: WhenStale,
    /// The translation between names without and with the customer's key, if the operator has configured a key.
    pub rewrite: Option<Arc<Rewrite>>,
}

/// What a name in the zone of a DNS list asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedAbout {
    /// An IP address. The name consists of the reversed address and the apex.
    Address(IpAddr),
    /// A domain or a hash. The value has the labels before the apex.
    Labels(Name),
    /// Nothing: the name is the apex, or belongs to a server or the website of the DNS list.
    Nothing,
}

/// The number of labels of a reversed IPv6 address in a name.
pub const NIBBLES: usize = 32;

/// The number of labels of a reversed IPv4 address in a name.
pub const OCTETS: usize = 4;

/// The number of labels of a registered domain, such as `ahbl.org`.
const OWN_DOMAIN: usize = 2;

impl List {
    /// Creates a DNS list with the default values of `[[list]]`. These defaults are not in `config::defaults`, because they depend on the purpose,
    /// and because lists of the registry that the configuration does not mention need them too.
    pub fn new(apex: Name, purpose: Purpose, subjects: Vec<ListSubject>) -> Self {
        let allow = purpose == Purpose::Allow;
        let tests = TestEntries::usual(&apex, &subjects);
        Self {
            apex,
            purpose,
            subjects,
            keyed: false,
            life: Life::Alive,
            listed: Vec::new(),
            bits: Vec::new(),
            refused: Vec::new(),
            mistaken: Vec::new(),
            tests,
            on_refusal: if allow { OnRefusal::Nxdomain } else { OnRefusal::Servfail },
            when_silent: if allow { WhenSilent::Nxdomain } else { WhenSilent::Servfail },
            is_large: false,
            free_quota: None,
            quota: None,
            terms: String::new(),
            removal: None,
            source: String::new(),
            configured: false,
            max_age: None,
            when_stale: WhenStale::Report,
            rewrite: None,
        }
    }

    /// Sets the customer's key. Clients ask for names without the key. resolverd adds the key, and sends the queries to the zone `base`.
    pub fn take_key(&mut self, base: &Name, key: Key) {
        self.keyed = false;
        if self.tests.is_none() {
            self.tests = TestEntries::usual(&self.apex, &self.subjects);
        }
        self.rewrite = Some(Arc::new(Rewrite::new(self.apex.clone(), base.clone(), key)));
    }

    /// Returns true if the DNS list has not been shut down.
    pub fn is_alive(&self) -> bool {
        self.life == Life::Alive
    }

    /// Returns what a question for `name` asks the DNS list about. `name` is at or below the apex of the list.
    pub fn asked(&self, name: &Name) -> AskedAbout {
        // `num_labels` is not used here, because it does not count an asterisk label.
        let below = name.iter().len().saturating_sub(self.apex.iter().len());
        let own = below.saturating_sub(usize::from(self.keyed));
        if own == 0 || !self.apex.zone_of(name) {
            return AskedAbout::Nothing;
        }
        let labels: Vec<&[u8]> = name.iter().take(own).collect();
        if let Some(address) = reversed(&labels) {
            let subject = if address.is_ipv4() { ListSubject::Ip4 } else { ListSubject::Ip6 };
            // A client may ask a list of domains or hashes about an address, too.
            let known = self.subjects.contains(&subject) || self.knows_labels();
            return if known { AskedAbout::Address(address) } else { AskedAbout::Nothing };
        }
        match Name::from_labels(labels) {
            Ok(mut labels) if self.knows_labels() => {
                labels.set_fqdn(true);
                AskedAbout::Labels(labels)
            }
            _ => AskedAbout::Nothing,
        }
    }

    /// Returns true if a question for `name` seems to be meant for this DNS list, which was shut down. It is not known any more what the list
    /// contained. So the result is true for each name with a reversed address. For other names, it is true only if the apex is below a registered
    /// domain, because a registered domain may also have names for other purposes.
    pub fn asks_though_shut_down(&self, name: &Name) -> bool {
        let labels: Vec<&[u8]> = name.iter().collect();
        let Some(below) = labels.len().checked_sub(self.apex.iter().len()).filter(|below| *below > 0) else {
            return false;
        };
        let address = |octets: usize| labels.get(..octets).filter(|_| octets <= below).and_then(reversed);
        address(OCTETS).or_else(|| address(NIBBLES)).is_some() || self.apex.iter().len() > OWN_DOMAIN
    }

    /// Returns the name with which the DNS list is asked about `address`. Returns `None` if the list has no addresses of this family, or if its
    /// names contain a customer's key.
    pub fn name_of(&self, address: IpAddr) -> Option<Name> {
        let subject = if address.is_ipv4() { ListSubject::Ip4 } else { ListSubject::Ip6 };
        if !self.subjects.contains(&subject) || self.keyed {
            return None;
        }
        let reverse = Name::from(address);
        let labels = if address.is_ipv4() { OCTETS } else { NIBBLES };
        Name::from_labels(reverse.iter().take(labels)).ok()?.append_domain(&self.apex).ok()
    }

    /// Returns the name that asks the DNS list about `domain`, or `None` if the list does not contain domains.
    pub fn name_of_domain(&self, domain: &Name) -> Option<Name> {
        if !self.subjects.contains(&ListSubject::Domain) || self.keyed {
            return None;
        }
        Name::from_labels(domain.iter()).ok()?.append_domain(&self.apex).ok()
    }

    fn knows_labels(&self) -> bool {
        self.subjects.iter().any(|subject| matches!(subject, ListSubject::Domain | ListSubject::Hash))
    }
}

impl TestEntries {
    /// Returns true if the DNS list has no test entry at all.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.unlisted.is_empty()
    }

    /// Returns the usual test entries of a DNS list at `apex`: those of RFC 5782 section 5 for addresses, and of section 3 for domains. Returns
    /// `None` for hashes, which have no usual test entries.
    pub fn usual(apex: &Name, subjects: &[ListSubject]) -> Option<Self> {
        const IP6_ZEROS: &str = "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0";
        let mut points = Self { listed: Vec::new(), unlisted: Vec::new() };
        let below = |labels: &str| Name::from_ascii(labels).ok()?.append_domain(apex).ok();
        for subject in subjects {
            let (listed, unlisted) = match subject {
                ListSubject::Ip4 => ("2.0.0.127".to_owned(), "1.0.0.127".to_owned()),
                // ::FFFF:7F00:2 must be listed, and ::FFFF:7F00:1 must not be listed.
                ListSubject::Ip6 => {
                    let point = |last: u8| format!("{last}.0.0.0.0.0.f.7.f.f.f.f.{IP6_ZEROS}");
                    (point(2), point(1))
                }
                ListSubject::Domain => ("test".to_owned(), "invalid".to_owned()),
                ListSubject::Hash => continue,
            };
            points.listed.extend(below(&listed));
            points.unlisted.extend(below(&unlisted));
        }
        (!points.listed.is_empty()).then_some(points)
    }
}

/// Returns the IP address that the labels represent in reversed form: four octets or thirty-two nibbles. Returns `None` for any other labels.
pub fn reversed(labels: &[&[u8]]) -> Option<IpAddr> {
    match labels.len() {
        OCTETS => {
            let mut octets = [0_u8; OCTETS];
            for (label, octet) in labels.iter().rev().zip(&mut octets) {
                let text = std::str::from_utf8(label).ok()?;
                // Without the check `plain`, `parse` would accept texts such as "01" and "+1".
                let plain =
                    text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
                *octet = text.parse().ok().filter(|_| plain)?;
            }
            Some(IpAddr::from(octets))
        }
        NIBBLES => {
            let mut address = 0_u128;
            for label in labels.iter().rev() {
                let [digit] = label else { return None };
                let nibble = char::from(*digit).to_digit(16)?;
                address = address << 4 | u128::from(nibble);
            }
            Some(IpAddr::from(address.to_be_bytes()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::stage::name;
    use proptest::prelude::*;

    #[test]
    fn list_recognises_own_subjects() {
        let addresses = List::new(name("zen.example."), Purpose::Block, vec![ListSubject::Ip4]);
        let asked = |text| addresses.asked(&name(text));
        assert_eq!(asked("2.0.0.127.zen.example."), AskedAbout::Address([127, 0, 0, 2].into()));
        for nothing in [
            "zen.example.",
            "ns1.zen.example.",
            "0.0.127.zen.example.",
            "02.0.0.127.zen.example.",
            "2.0.0.127.other.",
        ] {
            assert_eq!(asked(nothing), AskedAbout::Nothing, "{nothing}");
        }
        let domains = List::new(name("dbl.example."), Purpose::Block, vec![ListSubject::Domain]);
        assert_eq!(domains.asked(&name("spam.test.dbl.example.")), AskedAbout::Labels(name("spam.test.")));
        assert_eq!(
            domains.asked(&name("2.0.0.127.dbl.example.")),
            AskedAbout::Address([127, 0, 0, 2].into())
        );
        assert_eq!(domains.asked(&name("dbl.example.")), AskedAbout::Nothing);
        let keyed = List { keyed: true, ..addresses };
        assert_eq!(
            keyed.asked(&name("2.0.0.127.somekey.zen.example.")),
            AskedAbout::Address([127, 0, 0, 2].into())
        );
        assert_eq!(keyed.asked(&name("2.0.0.127.zen.example.")), AskedAbout::Nothing);
    }

    #[test]
    fn former_list_domain_keeps_names() {
        let shut_down = |apex| List {
            life: Life::ShutDown { how: "shut down".to_owned() },
            ..List::new(name(apex), Purpose::Block, Vec::new())
        };
        let (own, below) = (shut_down("ahbl.org."), shut_down("dnsbl.example.net."));
        for asks in ["4.3.2.1.ahbl.org.", "4.3.2.1.dnsbl.ahbl.org."] {
            assert!(own.asks_though_shut_down(&name(asks)), "{asks}");
        }
        for other in ["ahbl.org.", "www.ahbl.org.", "spam.example.rhsbl.ahbl.org.", "3.2.1.ahbl.org."] {
            assert!(!own.asks_though_shut_down(&name(other)), "{other}");
        }
        assert!(below.asks_though_shut_down(&name("spam.example.dnsbl.example.net.")));
        assert!(!below.asks_though_shut_down(&name("dnsbl.example.net.")));
    }

    #[test]
    fn usual_test_entries_cover_subjects() {
        let points = TestEntries::usual(
            &name("l.example."),
            &[ListSubject::Ip4, ListSubject::Ip6, ListSubject::Domain],
        )
        .unwrap();
        assert_eq!(points.listed[0], name("2.0.0.127.l.example."));
        assert_eq!(points.unlisted[2], name("invalid.l.example."));
        let list = List::new(name("l.example."), Purpose::Block, vec![ListSubject::Ip6]);
        assert_eq!(list.asked(&points.listed[1]), AskedAbout::Address("::ffff:7f00:2".parse().unwrap()));
        assert_eq!(TestEntries::usual(&name("l.example."), &[ListSubject::Hash]), None);
    }

    proptest! {
        #[test]
        fn names_and_addresses_go_both_ways(four in any::<[u8; 4]>(), six in any::<[u8; 16]>()) {
            let list = List::new(name("l.example."), Purpose::Block, vec![ListSubject::Ip4, ListSubject::Ip6]);
            for address in [IpAddr::from(four), IpAddr::from(six)] {
                let asked = list.name_of(address).unwrap();
                prop_assert_eq!(list.asked(&asked), AskedAbout::Address(address));
            }
        }
    }
}
