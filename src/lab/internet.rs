//! A simulated internet: root, TLDs, reverse zones, hosting companies, mail domains and DNS lists, all generated from a seed.
//!
//! Round trips are log-normal, with a median for each kind of server. Every zone has at least two servers, so that each may fail (RFC
//! 2182).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;

use dns::random::Random;

use super::access_networks::{self, NETWORKS};
use super::delegations::Tree;
use super::fault::Fault;
use super::hosters::{HOSTERS, Hoster, reversed};
use super::mail_domains::{self, MailDomain};
use super::rough_mail::{self, OPERATORS, SLOW_TLDS};
use super::server::Distance;
use super::traffic::Gateway;
use super::world::{Lab, LabError, ServerPlan, UNIX_AT_START, absolute};

/// The default number of mail domains.
pub const DEFAULT_DOMAINS: usize = 60;

const TLDS: [(&str, &[&str]); 6] = [
    ("com", &["a.gtld-servers.net", "b.gtld-servers.net", "c.gtld-servers.net"]),
    ("net", &["a.gtld-servers.net", "b.gtld-servers.net", "c.gtld-servers.net"]),
    ("org", &["a0.nic.org", "b0.nic.org"]),
    ("de", &["a.nic.de", "f.nic.de", "s.nic-anycast.net"]),
    ("uk", &["nsa.nic.uk", "nsb.nic.uk"]),
    ("example", &["ns1.nic.example", "ns2.nic.example"]),
];

/// The signed zones above the mail domains, with their signing plans. As on the real internet, .com uses opt-out.
const SIGNED: [(&str, &str); 11] = [
    (".", "algorithm=8"),
    ("com", "algorithm=13 nsec3 optout"),
    ("net", "algorithm=13 nsec3"),
    ("org", "algorithm=8 nsec3 salt=beef iterations=1"),
    ("de", "algorithm=8 nsec3"),
    ("uk", "algorithm=8 nsec3"),
    ("co.uk", "algorithm=8 nsec3"),
    ("example", "algorithm=15"),
    ("arpa", "algorithm=8"),
    ("in-addr.arpa", "algorithm=8"),
    ("ip6.arpa", "algorithm=8"),
];

/// What a simulated DNS list lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Addresses that send spam.
    BadAddresses,
    /// Addresses that send good mail.
    GoodAddresses,
    /// Domains in links of spam.
    BadDomains,
}

/// The DNS lists: zone, kind of entries, and return code.
const LISTS: [(&str, ListKind, &str); 7] = [
    ("zen.spamhaus.org", ListKind::BadAddresses, "127.0.0.2"),
    ("bl.spamcop.net", ListKind::BadAddresses, "127.0.0.2"),
    ("b.barracudacentral.org", ListKind::BadAddresses, "127.0.0.2"),
    ("bl.mailspike.net", ListKind::BadAddresses, "127.0.0.10"),
    ("list.dnswl.org", ListKind::GoodAddresses, "127.0.5.1"),
    ("dbl.spamhaus.org", ListKind::BadDomains, "127.0.1.2"),
    ("multi.uribl.com", ListKind::BadDomains, "127.0.0.2"),
];

/// DNS lists that are not in resolverd's registry. Only a rough internet (one with losses and broken servers) has them.
const UNKNOWN_LISTS: [(&str, ListKind, &str); 3] = [
    ("bl.mail-sentry.example", ListKind::BadAddresses, "127.0.0.2"),
    ("dnsbl.clean-hosts.org", ListKind::BadAddresses, "127.0.0.4"),
    ("uri.link-watch.com", ListKind::BadDomains, "127.0.0.2"),
];

/// On a rough internet: how many of a thousand datagrams the path to the only server of a domain loses, at least and at most.
const SOLE_SERVER_LOSS: [u32; 2] = [50, 500];

/// The last octets of addresses in a hoster's network that send spam. Lower addresses send good mail.
const SPAMMERS: std::ops::Range<u8> = 200..220;

const SPAM_DOMAINS: [&str; 4] = ["cheap-watches.example", "pills.example", "lottery.example", "dbltest.com"];

/// The percentage of dead or lame servers on a rough internet. Servers of the root and of top-level domains are never broken.
const BROKEN_PER_CENT: u32 = 10;

/// The TTLs are like those of Spamhaus: 60 s for a listing, 10 s for "not listed".
const LIST_SOA: &str = "@ 3600 SOA need.to.know.only hostmaster 1 600 300 2419200 10\n$TTL 60\n";

/// A DNS list of the simulated internet.
#[derive(Clone, Debug)]
pub struct LabList {
    /// Its apex.
    pub zone: Name,
    /// What it lists.
    pub kind: ListKind,
}

/// The simulated internet: its servers, and the domains and addresses that send mail.
#[derive(Clone, Debug)]
pub struct Internet {
    /// The zones and their servers.
    pub lab: Arc<Lab>,
    /// The domains that send and receive mail.
    pub domains: Vec<MailDomain>,
    /// The DNS lists.
    pub lists: Vec<LabList>,
    /// Addresses that send spam. Most are on a DNS list, and some have no PTR record.
    pub(crate) spammers: Vec<Ipv4Addr>,
    /// The top-level domains of invented senders in spam, equally likely.
    pub(crate) spam_tlds: Vec<&'static str>,
    /// The software of the gateways, equally likely.
    pub(crate) gateways: &'static [Gateway],
}

impl Internet {
    /// Creates a simulated internet with `size` mail domains. The same seed gives the same internet.
    ///
    /// # Errors
    /// None as long as the texts in this file are correct.
    pub fn new(seed: u64, size: usize) -> Result<Self, LabError> {
        Self::build(seed, size, Paths::Even, None)
    }

    /// Like `new`, but the root, most zones above mail domains, and a quarter of the mail domains are signed. The signatures are valid from
    /// the start of a simulation.
    ///
    /// # Errors
    /// None as long as the texts in this file are correct.
    pub fn signed(seed: u64, size: usize) -> Result<Self, LabError> {
        Self::signed_at(seed, size, UNIX_AT_START)
    }

    /// Like `signed`, with signatures made at the time `unix`, in seconds since 1970.
    ///
    /// # Errors
    /// None as long as the texts in this file are correct.
    pub fn signed_at(seed: u64, size: usize, unix: u64) -> Result<Self, LabError> {
        Self::build(seed, size, Paths::Even, Some(unix))
    }

    /// Creates a signed internet with bad networks and broken servers. The path to each server loses 0.2 to 15 % of the datagrams. One in
    /// ten servers below the top-level domains is dead or lame, but each zone has a server that works. Every second mail domain has its own
    /// name servers. One domain in eight has only one server, and the path to it loses 5 to 50 %. For another one in eight, the paths lose
    /// datagrams in bursts. The networks of access providers send spam; some are far away and have a lame server. Three DNS lists are not
    /// in resolverd's registry of lists. The module `rough_mail` says how the mail domains differ, and which top-level domains are slow.
    pub(crate) fn rough_at(seed: u64, size: usize, unix: u64) -> Result<Self, LabError> {
        let internet = Self::build(seed, size, Paths::Rough, Some(unix))?;
        internet.break_some(&Random::seeded(seed.rotate_left(7)));
        Ok(internet)
    }

    /// Makes some servers dead or lame, but never the last working server of a zone, or a server of the root, a top-level domain or an
    /// address registry.
    fn break_some(&self, random: &Random) {
        let names: Vec<&Name> = self.lab.zones().map(|(zone, _)| zone).collect();
        let delegates = |zone: &Name| names.iter().any(|other| **other != *zone && zone.zone_of(other));
        let is_public =
            |zone: &Name| zone.iter().len() < 2 || zone.to_string().ends_with(".arpa.") && delegates(zone);
        let public: BTreeSet<&Name> = names.iter().copied().filter(|zone| is_public(zone)).collect();
        let lame = self.lab.servers().iter().filter(|server| !server.is_sound());
        let mut broken: BTreeSet<&str> = lame.map(|server| server.name()).collect();
        for server in self.lab.servers() {
            let (is_drawn, fault) = (random.below(100) < BROKEN_PER_CENT, random.below(4));
            let mut zones =
                self.lab.zones().filter(|(_, of)| of.iter().any(|one| one.name() == server.name()));
            let is_spared = zones.any(|(zone, of)| {
                public.contains(zone) || of.iter().filter(|one| !broken.contains(one.name())).count() < 2
            });
            if is_drawn && !is_spared {
                broken.insert(server.name());
                let fault =
                    [Fault::Dead, Fault::Dead, Fault::Refused, Fault::ServFail].get(fault as usize).copied();
                server.set_faults(&server.faults().into_iter().chain(fault).collect::<Vec<_>>());
            }
        }
    }

    /// Returns true if the zone that contains `name` is signed.
    pub fn is_signed(&self, name: &Name) -> bool {
        let holding = self.lab.zones().map(|(zone, _)| zone).filter(|zone| zone.zone_of(name));
        let zone = holding.max_by_key(|zone| zone.iter().len());
        zone.is_some_and(|zone| !self.lab.trust_anchor(zone).is_empty())
    }

    /// Returns true if the NSEC3 chain of the zone `name` has no records for unsigned delegations (opt-out, RFC 5155 section 6).
    pub fn opts_out(&self, name: &Name) -> bool {
        let mut like = SIGNED.iter().filter(|(_, how)| how.contains("optout"));
        !self.lab.trust_anchor(name).is_empty()
            && like.any(|(zone, _)| absolute(zone).is_ok_and(|zone| zone == *name))
    }

    fn build(seed: u64, size: usize, paths: Paths, signed: Option<u64>) -> Result<Self, LabError> {
        let mut maker = Maker { tree: Tree::default(), random: Random::seeded(seed), next: 0, paths };
        maker.top()?;
        maker.reverse()?;
        for hoster in &HOSTERS {
            maker.hoster(hoster)?;
        }
        let is_rough = paths == Paths::Rough;
        maker.strangers()?;
        let domains = mail_domains::draw(size, is_rough)?;
        for domain in &domains {
            let servers = maker.servers_of(domain)?;
            mail_domains::write(&mut maker.tree, domain, &servers)?;
        }
        let bots = maker.access_networks()?;
        let lists = maker.lists(&domains, &bots)?;
        if signed.is_some() {
            for (zone, signing) in SIGNED {
                maker.tree.sign(zone, Some(signing.parse()?))?;
            }
            for domain in domains.iter().filter(|domain| domain.is_signed()) {
                mail_domains::sign(&mut maker.tree, domain)?;
            }
        }
        let spammers = if bots.is_empty() { SPAMMERS.map(spammer).collect() } else { bots };
        let lab = Arc::new(maker.tree.build_at(signed.unwrap_or(UNIX_AT_START))?);
        let slow = SLOW_TLDS.iter().filter(|_| is_rough).map(|(tld, ..)| *tld);
        let spam_tlds = ["com", "net", "org"].into_iter().chain(slow).collect();
        let gateways: &[Gateway] =
            if is_rough { &Gateway::ALL } else { &[Gateway::Postscreen, Gateway::Smtpd] };
        Ok(Self { lab, domains, lists, spammers, spam_tlds, gateways })
    }
}

fn spammer(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 19, 113, last)
}

struct Maker {
    tree: Tree,
    random: Random,
    /// The number of servers so far, which gives the address of the next one.
    next: u16,
    paths: Paths,
}

/// The loss of datagrams on the paths to the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paths {
    /// 0.5 % on each path.
    Even,
    /// 0.2 to 15 %, little on most paths.
    Rough,
}

impl Maker {
    /// Adds a server with a random round trip around `median` milliseconds.
    fn server(&mut self, name: &str, median: u32, faults: &[Fault]) -> Result<(), LabError> {
        let round_trip = self.distance(median);
        let distance = Distance { round_trip, jitter: round_trip / 10, loss_per_mille: self.loss() };
        self.server_at(name, distance, faults)
    }

    /// Adds the only server of a domain, whose path loses many datagrams.
    fn sole_server(&mut self, name: &str, median: u32) -> Result<(), LabError> {
        let [least, most] = SOLE_SERVER_LOSS;
        let round_trip = self.distance(median);
        let loss_per_mille = least + self.random.below(most - least + 1);
        self.server_at(name, Distance { round_trip, jitter: round_trip / 10, loss_per_mille }, &[])
    }

    fn server_at(&mut self, name: &str, distance: Distance, faults: &[Fault]) -> Result<(), LabError> {
        self.next += 1;
        let [high, low] = self.next.to_be_bytes();
        let mut plan = ServerPlan::new(name, vec![IpAddr::from([127, 53, high, low])]);
        plan.distance = distance;
        plan.faults = faults.to_vec();
        self.tree.server(plan)
    }

    /// Returns how many of a thousand datagrams the path to a new server loses.
    fn loss(&self) -> u32 {
        match self.paths {
            Paths::Even => 5,
            // The third power of a uniform random number between 0 and 1 has the mean 1/4. So on average, a path loses 2 + 148 / 4 of a
            // thousand datagrams, about 4 %.
            Paths::Rough => 2 + 148 * self.random.below(101).pow(3) / 1_000_000,
        }
    }

    /// Returns a random round trip, log-normal around `median` with a sigma of 0.3, between 2 and 400 ms.
    fn distance(&self, median: u32) -> Duration {
        // The sum of twelve uniform random numbers is nearly normal.
        let sum: u32 = (0..12).map(|_| self.random.below(1001)).sum();
        let normal = f64::from(sum) / 1000.0 - 6.0;
        let millis = (f64::from(median) * (0.3 * normal).exp()).clamp(2.0, 400.0);
        Duration::from_secs_f64(millis / 1000.0)
    }

    fn servers(&mut self, names: &[&str], median: u32) -> Result<Vec<String>, LabError> {
        for name in names {
            self.server(name, median, &[])?;
        }
        Ok(owned(names))
    }

    /// Adds the root, the top-level domains, and the domains of their servers' names.
    fn top(&mut self) -> Result<(), LabError> {
        let roots = self.servers(&["a.root-servers.net", "b.root-servers.net", "c.root-servers.net"], 12)?;
        self.tree.zone(".", &roots, "")?;
        self.tree.zone("root-servers.net", &roots, "")?;
        self.tree.zone("arpa", &roots, "")?;
        let gtld = self.servers(TLDS[0].1, 15)?;
        self.tree.zone("gtld-servers.net", &gtld, "")?;
        for (tld, servers) in TLDS {
            if tld != "com" && tld != "net" {
                self.servers(servers, 15)?;
            }
            self.tree.zone(tld, &owned(servers), "")?;
        }
        self.tree.zone("co.uk", &owned(&["nsa.nic.uk", "nsb.nic.uk"]), "")?;
        self.tree.zone("nic-anycast.net", &owned(&["s.nic-anycast.net", "a.nic.de"]), "")
    }

    /// Adds in-addr.arpa and ip6.arpa, and the zones below them down to those of the hosters.
    fn reverse(&mut self) -> Result<(), LabError> {
        let top = self.servers(&["a.in-addr-servers.arpa", "b.in-addr-servers.arpa"], 20)?;
        for zone in ["in-addr-servers.arpa", "in-addr.arpa", "ip6.arpa"] {
            self.tree.zone(zone, &top, "")?;
        }
        let registry = self.servers(&["ns1.registry-rir.net", "ns2.registry-rir.net"], 60)?;
        self.tree.zone("registry-rir.net", &registry, "")?;
        self.tree.zone("198.in-addr.arpa", &registry, "")?;
        for pair in ["18.198", "19.198"] {
            self.tree.zone(&format!("{pair}.in-addr.arpa"), &registry, "")?;
        }
        self.tree.zone("2.0.0.0.1.0.0.2.ip6.arpa", &registry, "")
    }

    fn hoster(&mut self, hoster: &Hoster) -> Result<(), LabError> {
        let servers = self.servers(hoster.servers, hoster.median)?;
        self.tree.zone(hoster.domain, &servers, &mail_domains::hoster_text(hoster))?;
        for domain in hoster.server_domains() {
            self.tree.zone(domain, &servers, "")?;
        }
        let [first, second, third] = hoster.block;
        self.tree.zone(&format!("{third}.{second}.{first}.in-addr.arpa"), &servers, "")?;
        self.tree.zone(&mail_domains::reverse_v6_zone(hoster), &servers, "")
    }

    /// Returns the name servers of a mail domain: its own, or those of its hoster.
    fn servers_of(&mut self, domain: &MailDomain) -> Result<Vec<String>, LabError> {
        let own = domain.own_servers();
        if self.paths == Paths::Even || own.is_empty() {
            return Ok(owned(domain.hoster().servers));
        }
        if let ([sole, _], true) = (own.as_slice(), domain.has_sole_server()) {
            self.sole_server(sole, domain.hoster().median)?;
            return Ok(vec![sole.clone()]);
        }
        for name in &own {
            self.server(name, domain.hoster().median, domain.server_faults())?;
        }
        Ok(own)
    }

    /// If the simulated internet is a rough one (`Paths::Rough`): adds services that send mail for other domains, and slow top-level domains.
    fn strangers(&mut self) -> Result<(), LabError> {
        if self.paths == Paths::Even {
            return Ok(());
        }
        for (tld, servers, median) in SLOW_TLDS {
            let servers = self.servers(&servers, median)?;
            self.tree.zone(tld, &servers, "")?;
        }
        for (place, operator) in OPERATORS.iter().enumerate() {
            let servers = self.servers(&operator.servers, operator.median)?;
            self.tree.zone(operator.domain, &servers, &rough_mail::operator_text(place))?;
        }
        Ok(())
    }

    /// On a rough internet: adds the access providers. Returns the addresses of their hosts that send spam.
    fn access_networks(&mut self) -> Result<Vec<Ipv4Addr>, LabError> {
        let networks = if self.paths == Paths::Rough { NETWORKS } else { 0 };
        let mut bots = Vec::new();
        for number in 0..networks {
            let servers = access_networks::servers(number);
            for (place, name) in servers.iter().enumerate() {
                self.server(name, access_networks::median(number), access_networks::faults(number, place))?;
            }
            bots.extend(access_networks::write(&mut self.tree, number, &servers)?);
        }
        Ok(bots)
    }

    /// Adds the DNS lists and the domains above them. The servers of a list behave like rbldnsd.
    fn lists(&mut self, domains: &[MailDomain], bots: &[Ipv4Addr]) -> Result<Vec<LabList>, LabError> {
        let mut lists = Vec::new();
        let unknown = if self.paths == Paths::Rough { &UNKNOWN_LISTS[..] } else { &[] };
        for (zone, kind, code) in LISTS.iter().chain(unknown).copied() {
            let (label, above) = zone.split_once('.').unwrap_or(("", zone));
            let operators = owned(&[&format!("ns1.{above}"), &format!("ns2.{above}")]);
            for name in &operators {
                if !lists.iter().any(|list: &LabList| list.zone.to_string().ends_with(&format!(".{above}.")))
                {
                    self.server(name, 30, &[])?;
                }
            }
            self.tree.zone(above, &operators, "")?;
            let servers: Vec<String> =
                ["a", "b", "c"].map(|letter| format!("{letter}.{label}.gns.{above}")).to_vec();
            for name in &servers {
                self.server(name, 30, &[Fault::NxdomainOnEmptyNonTerminals])?;
            }
            self.tree.zone(zone, &servers, &list_text((kind, code), domains, bots))?;
            lists.push(LabList { zone: absolute(zone)?, kind });
        }
        Ok(lists)
    }
}

/// The test entry in lists of addresses. uribl.com has it too, although it lists domains.
const TEST_ADDRESS: &str = "2.0.0.127";

/// Returns the zone text of a DNS list, with the test entries of RFC 5782 section 5.
fn list_text((kind, code): (ListKind, &str), domains: &[MailDomain], bots: &[Ipv4Addr]) -> String {
    let entry = |name: String| format!("{name} A {code}\n{name} TXT \"listed, see https://list.example/\"\n");
    let names: Vec<String> = match kind {
        ListKind::BadAddresses => {
            // Three of four bots are listed.
            let bots = bots.iter().enumerate().filter(|(place, _)| place % 4 != 0);
            let bots = bots.map(|(_, address)| reversed(*address));
            SPAMMERS
                .map(|last| reversed(spammer(last)))
                .chain([TEST_ADDRESS.to_owned()])
                .chain(bots)
                .collect()
        }
        ListKind::GoodAddresses => {
            let good = domains.iter().step_by(3).map(|domain| reversed(domain.address));
            good.chain([TEST_ADDRESS.to_owned()]).collect()
        }
        ListKind::BadDomains => {
            SPAM_DOMAINS.into_iter().chain(["test", TEST_ADDRESS]).map(str::to_owned).collect()
        }
    };
    let entries: String = names.into_iter().map(entry).collect();
    format!("{LIST_SOA}{entries}")
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each zone has two servers.
    #[test]
    fn seed_decides_simulated_internet() {
        let internet = Internet::new(1, DEFAULT_DOMAINS).unwrap();
        assert_eq!(internet.domains.len(), DEFAULT_DOMAINS);
        for (zone, servers) in internet.lab.zones() {
            assert!(servers.len() >= 2, "{zone} has {} servers", servers.len());
        }
        assert!(internet.lab.zones().count() > DEFAULT_DOMAINS);
        let distances = |internet: &Internet| -> Vec<_> {
            internet.lab.servers().iter().map(|server| server.distance().round_trip).collect()
        };
        assert_eq!(distances(&internet), distances(&Internet::new(1, DEFAULT_DOMAINS).unwrap()));
        assert_ne!(distances(&internet), distances(&Internet::new(2, DEFAULT_DOMAINS).unwrap()));
    }

    // It has lossy paths and broken servers.
    #[test]
    fn rough_internet_has_no_dead_zone() {
        let internet = Internet::rough_at(1, DEFAULT_DOMAINS, UNIX_AT_START).unwrap();
        let losses: Vec<u32> =
            internet.lab.servers().iter().map(|server| server.distance().loss_per_mille).collect();
        assert!(losses.iter().all(|loss| (2..=500).contains(loss)), "{losses:?}");
        assert!(losses.iter().any(|loss| *loss < 10) && losses.iter().any(|loss| *loss > 100), "{losses:?}");
        let broken = internet.lab.servers().iter().filter(|server| !server.is_sound()).count();
        assert!((35..=60).contains(&broken), "{broken}");
        let sole = internet.lab.zones().filter(|(_, servers)| servers.len() == 1);
        let lossy = sole.filter(|(_, servers)| servers[0].distance().loss_per_mille >= 50).count();
        assert_eq!(lossy, internet.domains.iter().filter(|domain| domain.has_sole_server()).count());
        let of_top = |zone: &str| internet.lab.zones().find(|(name, _)| name.to_string() == zone).unwrap().1;
        for zone in [".", "com.", "in-addr.arpa.", "18.198.in-addr.arpa."] {
            assert!(of_top(zone).iter().all(|server| server.is_sound()), "{zone}");
        }
        for (zone, servers) in internet.lab.zones() {
            assert!(servers.iter().any(|server| server.is_sound()), "{zone}");
        }
    }

    #[test]
    fn quarter_of_domains_is_signed() {
        let internet = Internet::signed(1, DEFAULT_DOMAINS).unwrap();
        let anchored = |domain: &&MailDomain| !internet.lab.trust_anchor(&domain.name).is_empty();
        assert_eq!(internet.domains.iter().filter(anchored).count(), DEFAULT_DOMAINS / 4);
        assert!(!internet.lab.trust_anchor(&Name::root()).is_empty());
        let signed = internet.domains.iter().filter(|domain| internet.is_signed(&domain.mail_host)).count();
        assert!((1..=DEFAULT_DOMAINS / 4).contains(&signed), "{signed} mail hosts in signed zones");
        assert!(Internet::new(1, 1).unwrap().lab.trust_anchor(&Name::root()).is_empty());
    }
}
