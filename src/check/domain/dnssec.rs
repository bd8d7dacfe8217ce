//! DNSSEC: whether the domain validates, the first broken link of the chain, and signatures that expire soon.
//!
//! RFC 4035 section 5, RFC 6781 section 4.4.2.

use super::codes::Code;
use super::facts::{Facts, Found, Got, Reply, Verdict, Want, Way, above, lookup};
use super::finding::Finding;
use super::zone;
use crate::clock::minute;

/// Signatures should be renewed days before they end (RFC 6781 section 4.4.2); two days leave a weekend.
const SOON: u64 = 2 * 24 * 60 * 60;

/// The most zones between the root and a domain that are looked at.
const DEEPEST: usize = 6;

/// The questions that are needed next.
pub(super) fn wants(facts: &Facts) -> Vec<Want> {
    let mut wants = Vec::new();
    if let Some((_, reply)) = of_domain(facts)
        && reply.security == Verdict::Bogus
    {
        wants.extend(ancestors(&facts.subject.domain).map(|name| lookup(name, "SOA")));
    }
    wants
}

/// The reply of the daemon about the domain that tells its security.
fn of_domain(facts: &Facts) -> Option<(&'static str, &Reply)> {
    ["SOA", "MX", "A"].into_iter().find_map(|kind| {
        let want = Want::Lookup { name: facts.subject.domain.clone(), kind };
        match facts.got.get(&want) {
            Some(Got::Reply(reply)) if reply.security != Verdict::Unknown => Some((kind, reply)),
            _ => None,
        }
    })
}

/// The names above, the nearest first, without the root.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    fn next<'n>(name: &&'n str) -> Option<&'n str> {
        Some(above(name)).filter(|above| *above != ".")
    }
    std::iter::successors(Some(name), next).skip(1).take(DEEPEST)
}

/// The findings.
pub(super) fn check(facts: &Facts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let mut findings = match of_domain(facts) {
        None => {
            let why = match facts.lookup(domain, "SOA") {
                Found::Unknown(why) => why,
                _ => "the daemon did not validate the answers".to_owned(),
            };
            vec![Finding::new(Code::DnssecUnknown, format!("{domain}: {why}"))]
        }
        Some((kind, reply)) => match reply.security {
            Verdict::Bogus => {
                vec![Finding::new(
                    Code::DnssecBogus,
                    format!("{domain} {kind}: {}", broken_link(facts, reply)),
                )]
            }
            Verdict::Secure => vec![Finding::new(Code::DnssecWell, domain)],
            Verdict::Insecure | Verdict::Unknown => vec![Finding::new(Code::DnssecUnsigned, domain)],
        },
    };
    findings.extend(expiry(facts));
    findings
}

/// The topmost name that is bogus, and the reason.
fn broken_link(facts: &Facts, reply: &Reply) -> String {
    let bogus = |name: &&str| {
        let want = Want::Lookup { name: (*name).to_owned(), kind: "SOA" };
        matches!(facts.got.get(&want), Some(Got::Reply(reply)) if reply.security == Verdict::Bogus)
    };
    let domain = facts.subject.domain.as_str();
    let top = ancestors(domain).filter(bogus).last().unwrap_or(domain);
    format!("{} (the chain breaks between {} and {top})", reply.why.trim_end_matches('.'), above(top))
}

/// Signatures of the SOA at the servers that end soon. Each server may have its own.
fn expiry(facts: &Facts) -> Option<Finding> {
    let (apex, now) = (zone::apex(facts), facts.subject.unix);
    let ends = zone::servers(facts).into_iter().filter_map(|(server, names)| {
        let Some(Got::Reply(reply)) = facts.server(server, apex, "SOA", Way::Udp) else { return None };
        let end = reply.data("RRSIG").filter_map(expiration).min()?;
        Some((end, zone::shown(server, &names)))
    });
    let (end, server) = ends.min()?;
    (end < now.saturating_add(SOON)).then(|| {
        Finding::new(
            Code::SignatureExpires,
            format!("the signature of {apex} SOA at {server} ends at {}", minute(end)),
        )
    })
}

/// The end of a signature of an SOA, in seconds since 1970. Its times have 32 bits, which last until 2106.
fn expiration(data: &str) -> Option<u64> {
    let mut fields = data.split_whitespace();
    (fields.next()? == "SOA").then_some(())?;
    fields.nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::tests::facts;

    #[test]
    fn the_chain_is_judged_and_its_first_broken_link_named() {
        let codes = |lines: &str| -> Vec<Code> {
            check(&facts("a.b.", lines)).into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes("lookup a.b. SOA secure | ns. h. 1 2 3 4 5"), [Code::DnssecWell]);
        assert_eq!(codes("lookup a.b. SOA insecure | ns. h. 1 2 3 4 5"), [Code::DnssecUnsigned]);
        assert_eq!(codes("lookup a.b. SOA SERVFAIL"), [Code::DnssecUnknown]);
        let link = |lines: &str| check(&facts("a.b.", lines)).remove(0).evidence;
        let both = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA SERVFAIL bogus";
        assert!(link(both).ends_with("between . and b.)"), "{}", link(both));
        let one = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA secure | ns. h. 1 2 3 4 5";
        assert!(link(one).ends_with("between b. and a.b.)"), "{}", link(one));
    }

    #[test]
    fn a_signature_that_ends_soon_is_named_with_its_server() {
        let lines = |end: u64| {
            format!(
                "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
                 server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 {end} 1767000000 1 a.b. x"
            )
        };
        let day = 86_400;
        let soon = check(&facts("a.b.", &lines(1_767_225_600 + day)));
        assert_eq!(soon.last().map(|finding| finding.code), Some(Code::SignatureExpires));
        assert!(soon.last().unwrap().evidence.ends_with("2026-01-02 00:00 UTC"));
        assert_eq!(check(&facts("a.b.", &lines(1_767_225_600 + 9 * day))).len(), 1);
    }
}
