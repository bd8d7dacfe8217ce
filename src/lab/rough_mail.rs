//! The mail domains of the rough internet differ as on the real internet: in TTLs, in DKIM selectors, in the sender's domain of their mail, and in
//! the length of their SPF records. Everything here is a table, and the number of a domain determines its row.
//!
//! See RFC 7208 section 4.6.4 (SPF lookups), RFC 6376 section 3.6.2.1 (selectors) and RFC 9989 (DMARC at the organizational domain).

use std::fmt::Write as _;
use std::time::Duration;

use super::fault::Fault;

/// The TTLs of the records of mail domains, in seconds: from a minute to a day. The domains use them in turn.
const TTLS: [u32; 7] = [3_600, 300, 86_400, 60, 1_800, 14_400, 600];

/// The selectors that many domains share, like those of the large mail services. A third of the domains each has its own selector instead.
const SHARED_SELECTORS: [&str; 4] = ["s1", "selector1", "google", "k1"];

/// The label of the subdomain from which some domains send mail. It has MX, SPF and DKIM records, but no DMARC record.
pub(super) const SENDING_LABEL: &str = "news";

/// The duration of a burst of losses, in which all datagrams to a server are lost. One burst occurs in every eight seconds.
const BURST: Duration = Duration::from_millis(800);

/// The maximum number of lookups that the SPF record of a domain needs (RFC 7208 section 4.6.4).
const MOST_LOOKUPS: usize = 10;

/// A service that sends mail for other domains, which include its SPF records.
pub(super) struct Operator {
    /// The domain of the service.
    pub(super) domain: &'static str,
    /// The names of its name servers.
    pub(super) servers: [&'static str; 2],
    /// The median round-trip time to its name servers, in milliseconds.
    pub(super) median: u32,
}

/// The services that send mail for other domains.
pub(super) const OPERATORS: [Operator; 4] = [
    Operator { domain: "letterjet.net", servers: ["ns1.letterjet.net", "ns2.letterjet.net"], median: 15 },
    Operator { domain: "mailgrove.com", servers: ["ns1.mailgrove.com", "ns2.mailgrove.com"], median: 35 },
    Operator { domain: "newsbird.de", servers: ["ns1.newsbird.de", "ns2.newsbird.de"], median: 80 },
    Operator { domain: "post-relay.org", servers: ["ns1.post-relay.org", "ns2.post-relay.org"], median: 140 },
];

/// Top-level domains that answer slowly, each with its name servers and the median round-trip time to them, in milliseconds. Half of the invented
/// senders' domains in spam are below these top-level domains, and so is one in sixteen mail domains.
pub(super) const SLOW_TLDS: [(&str, [&str; 2], u32); 3] = [
    ("top", ["a.nic.top", "b.nic.top"], 180),
    ("icu", ["a.nic.icu", "b.nic.icu"], 240),
    ("click", ["a.nic.click", "b.nic.click"], 300),
];

/// The properties of a mail domain that only a rough internet has.
#[derive(Clone, Debug)]
pub(super) struct Roughness {
    /// The TTL of the domain's records, in seconds.
    pub(super) ttl: u32,
    /// The top-level domain of the domain if it is one of the slow ones, which are not signed.
    pub(super) tld: Option<&'static str>,
    /// The selector in the name of the domain's DKIM key.
    pub(super) selector: String,
    /// True if the domain sends its mail from the subdomain `SENDING_LABEL`.
    pub(super) sends_from_subdomain: bool,
    /// The SPF record of the domain without `v=spf1` and `-all`. `None` if the domain has the same record as in an internet that is not rough.
    pub(super) policy: Option<String>,
    /// The faults of the domain's own name servers.
    pub(super) faults: Vec<Fault>,
}

/// Returns the properties of the mail domain with this number in a rough internet.
pub(super) fn of_domain(number: usize) -> Roughness {
    let shared = SHARED_SELECTORS.get(number / 3 % SHARED_SELECTORS.len()).unwrap_or(&"s1");
    let own = format!("d{:x}", number.wrapping_mul(2_654_435_761) % 0x1000_0000);
    // The number of SPF lookups goes from 1 to 10 with growing numbers of the domains, and then begins again at 1. So the first domains, which have
    // most of the mail, need few lookups.
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

/// Returns the name of the SPF record that needs `lookups` lookups, including its own. Two successive records of the chain are at different
/// services.
fn link(lookups: usize) -> String {
    let operator = OPERATORS.get(lookups % OPERATORS.len()).unwrap_or(&OPERATORS[0]);
    format!("_spf{lookups}.{}", operator.domain)
}

/// Returns the records of the domain of a service that sends mail: all SPF records of the chain that are at this service.
pub(super) fn operator_text(place: usize) -> String {
    let mut text = format!("$TTL 300\n@ A 198.19.8.{place}\n");
    for lookups in (1..=MOST_LOOKUPS).filter(|lookups| lookups % OPERATORS.len() == place) {
        let next = if lookups > 1 { format!(" include:{}", link(lookups - 1)) } else { String::new() };
        let _ = writeln!(text, "_spf{lookups} TXT \"v=spf1 ip4:198.19.8.{lookups}{next} ~all\"");
    }
    text
}
