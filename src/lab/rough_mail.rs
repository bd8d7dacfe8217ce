//! How mail domains of the rough internet differ: in TTLs, in DKIM selectors, in the sender's domain of their mail, and in the length of
//! their SPF records. Everything here is a table, and the number of a domain determines its row.
//!
//! See RFC 7208 section 4.6.4 (SPF lookups), RFC 6376 section 3.6.2.1 (selectors) and RFC 9989 (DMARC at the organizational domain).

use std::fmt::Write as _;
use std::time::Duration;

use super::fault::Fault;

/// The TTLs of the records in seconds, assigned round robin.
const TTLS: [u32; 7] = [3_600, 300, 86_400, 60, 1_800, 14_400, 600];

/// Selectors that many domains share, like those of large mail services. A third of the domains has selectors of their own.
const SHARED_SELECTORS: [&str; 4] = ["s1", "selector1", "google", "k1"];

/// The subdomain from which some domains send mail. It has MX, SPF and DKIM records, but no DMARC record.
pub(super) const SENDING_LABEL: &str = "news";

/// For this time in every eight seconds, all datagrams to a server are lost.
const BURST: Duration = Duration::from_millis(800);

/// The most lookups that the SPF record of a domain needs (RFC 7208 section 4.6.4).
const MOST_LOOKUPS: usize = 10;

/// A service that sends mail for other domains. These domains include its SPF records.
pub(super) struct Operator {
    pub(super) domain: &'static str,
    pub(super) servers: [&'static str; 2],
    /// The median round trip to the servers, in milliseconds.
    pub(super) median: u32,
}

pub(super) const OPERATORS: [Operator; 4] = [
    Operator { domain: "letterjet.net", servers: ["ns1.letterjet.net", "ns2.letterjet.net"], median: 15 },
    Operator { domain: "mailgrove.com", servers: ["ns1.mailgrove.com", "ns2.mailgrove.com"], median: 35 },
    Operator { domain: "newsbird.de", servers: ["ns1.newsbird.de", "ns2.newsbird.de"], median: 80 },
    Operator { domain: "post-relay.org", servers: ["ns1.post-relay.org", "ns2.post-relay.org"], median: 140 },
];

/// Slow top-level domains, with their name servers and the median round trip to them in milliseconds. One in sixteen mail domains is below
/// them, and half of the domains that senders of spam have invented.
pub(super) const SLOW_TLDS: [(&str, [&str; 2], u32); 3] = [
    ("top", ["a.nic.top", "b.nic.top"], 180),
    ("icu", ["a.nic.icu", "b.nic.icu"], 240),
    ("click", ["a.nic.click", "b.nic.click"], 300),
];

/// The properties in which mail domains of the rough internet differ. In other simulated internets, all mail domains are alike in them.
#[derive(Clone, Debug)]
pub(super) struct Roughness {
    /// In seconds.
    pub(super) ttl: u32,
    /// The top-level domain of the domain, if it is a slow one. Slow top-level domains are not signed.
    pub(super) tld: Option<&'static str>,
    pub(super) selector: String,
    /// True if the mail comes from the subdomain `SENDING_LABEL`.
    pub(super) sends_from_subdomain: bool,
    /// The SPF record without `v=spf1` and `-all`. `None`: the same as in an internet that is not rough.
    pub(super) policy: Option<String>,
    pub(super) faults: Vec<Fault>,
}

pub(super) fn of_domain(number: usize) -> Roughness {
    let shared = SHARED_SELECTORS.get(number / 3 % SHARED_SELECTORS.len()).unwrap_or(&"s1");
    let own = format!("d{:x}", number.wrapping_mul(2_654_435_761) % 0x1000_0000);
    // The number of SPF lookups grows from 1 to 10 with the number of the domain, and then begins again. The first domains, which have most
    // of the mail, need few lookups.
    let lookups = 1 + number / 4 % MOST_LOOKUPS;
    Roughness {
        ttl: TTLS.get(number % TTLS.len()).copied().unwrap_or(300),
        tld: (number % 16 == 15)
            .then(|| SLOW_TLDS.get(number / 16 % SLOW_TLDS.len()))
            .flatten()
            .map(|(tld, ..)| *tld),
        selector: if number % 3 == 1 { own } else { (*shared).to_owned() },
        sends_from_subdomain: number % 4 == 1,
        policy: (number % 4 >= 2).then(|| format!("include:{}", link(lookups))),
        faults: if number % 8 == 3 { vec![Fault::LosesInBursts(BURST)] } else { Vec::new() },
    }
}

/// Returns the name of the SPF record that needs `lookups` lookups, including the lookup of this record. Successive records are at
/// different services.
fn link(lookups: usize) -> String {
    let operator = OPERATORS.get(lookups % OPERATORS.len()).unwrap_or(&OPERATORS[0]);
    format!("_spf{lookups}.{}", operator.domain)
}

/// Returns the text of the zone of a service. The SPF records of an include chain are distributed over the services, and this text has those of the
/// service `place`.
pub(super) fn operator_text(place: usize) -> String {
    let mut text = format!("$TTL 300\n@ A 198.19.8.{place}\n");
    for lookups in (1..=MOST_LOOKUPS).filter(|lookups| lookups % OPERATORS.len() == place) {
        let next = if lookups > 1 { format!(" include:{}", link(lookups - 1)) } else { String::new() };
        let _ = writeln!(text, "_spf{lookups} TXT \"v=spf1 ip4:198.19.8.{lookups}{next} ~all\"");
    }
    text
}
