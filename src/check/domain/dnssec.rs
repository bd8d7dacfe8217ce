//! DNSSEC: whether the domain validates, the first broken link of the chain, and signatures that expire soon.
//!
//! RFC 4035 section 5, RFC 6781 section 4.4.2.

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{
    DomainFacts, Got, LookupFound, QueryForm, ReplyFacts, ReplySecurity, Want, above, is_within, lookup,
};
use super::finding::Finding;
use super::keys::{self, KeysNow};
use super::zone;
use crate::clock::minute;

/// Signatures should be renewed days before they end (RFC 6781 section 4.4.2); two days leave a weekend. Servers that
/// sign each answer use shorter signatures (50 h at Cloudflare): there it is soon in the last third of their life.
const SOON: u64 = 2 * 24 * 60 * 60;

/// Algorithms that validators must not or need not support (RFC 8624 section 3.1, RFC 9905, RFC 9906).
const OLD_ALGORITHMS: [(u8, &str); 6] = [
    (1, "RSAMD5"),
    (3, "DSA"),
    (5, "RSASHA1"),
    (6, "DSA-NSEC3-SHA1"),
    (7, "RSASHA1-NSEC3-SHA1"),
    (12, "ECC-GOST"),
];

/// The most zones between the root and a domain that are looked at.
const DEEPEST: usize = 6;

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let mut wants = Vec::new();
    if let Some((_, reply)) = of_domain(facts)
        && reply.security == ReplySecurity::Bogus
    {
        let above = ancestors(&facts.subject.domain).chain(["."]);
        wants.extend(above.map(|name| lookup(name, "SOA")));
        if zone::apex(facts) != "." && facts.configured().is_none() {
            wants.push(lookup(zone::apex(facts), "DS"));
            wants.extend(keys::wants(facts));
        }
    } else if (is_secure(facts) || !signatures(facts).is_empty()) && zone::apex(facts) != "." {
        wants.push(lookup(zone::apex(facts), "DS"));
        if is_secure(facts) && facts.configured().is_none() {
            wants.extend(keys::wants(facts));
        }
    }
    // The zone is signed and nothing is validated: the keys may be missing.
    if of_domain(facts).is_none() && !signatures(facts).is_empty() && zone::apex(facts) != "." {
        wants.extend(keys::wants(facts));
    }
    wants.extend(bogus_lookups(facts).map(|(name, _, _)| lookup(name, "CNAME")));
    wants
}

/// The failed lookups of policies and TLSA records below a domain that validates itself.
fn bogus_lookups(facts: &DomainFacts) -> impl Iterator<Item = (&str, &'static str, &str)> {
    let domain = facts.subject.domain.as_str();
    let is_sound = !domain.is_empty() && !is_bogus_here(facts);
    facts.got.iter().filter(move |_| is_sound).filter_map(move |(want, got)| match (want, got) {
        (Want::Lookup { name, kind: kind @ ("TXT" | "TLSA") }, Got::Reply(reply))
            if reply.security == ReplySecurity::Bogus && is_within(name, domain) =>
        {
            Some((name.as_str(), *kind, reply.why.as_str()))
        }
        _ => None,
    })
}

/// The bogus lookups whose names are no aliases of names elsewhere, with the reason of each: the fault is in the signatures of the zone.
pub(super) fn bogus_names(facts: &DomainFacts) -> Vec<(&str, &'static str, &str)> {
    let is_own = |name: &str| match facts.lookup(name, "CNAME") {
        LookupFound::NotAsked | LookupFound::Circle(_) => false,
        found => found.alias().is_none_or(|target| is_within(target, &facts.subject.domain)),
    };
    let is_at_fault = |name: &str| is_own(name) && !is_broken_above(facts, name);
    bogus_lookups(facts).filter(|(name, _, _)| is_at_fault(name)).collect()
}

/// The finding for a domain that validates itself while names below it do not.
fn broken_names(facts: &DomainFacts) -> Option<Finding> {
    let names = bogus_names(facts);
    let (_, _, why) = names.first()?;
    let listed: Vec<String> = names.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    let why = why.trim_end_matches('.');
    let evidence = format!(
        "{} itself validates, and these names do not: {} ({why})",
        facts.subject.domain,
        listed.join(", ")
    );
    Some(Finding::new(Code::DnssecBogus, evidence))
}

/// The reply of the daemon about the domain that tells its security. A bogus reply counts before all others: a zone may have
/// correct signatures for some types only.
fn of_domain(facts: &DomainFacts) -> Option<(&'static str, &ReplyFacts)> {
    let known = ["SOA", "MX", "A"].into_iter().filter_map(|kind| {
        let want = Want::Lookup { name: facts.subject.domain.clone(), kind };
        match facts.got.get(&want) {
            Some(Got::Reply(reply)) if reply.security != ReplySecurity::Unknown => Some((kind, reply)),
            _ => None,
        }
    });
    known.min_by_key(|(_, reply)| reply.security != ReplySecurity::Bogus)
}

/// The names above, the nearest first, without the root.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    fn next<'n>(name: &&'n str) -> Option<&'n str> {
        Some(above(name)).filter(|above| *above != ".")
    }
    std::iter::successors(Some(name), next).skip(1).take(DEEPEST)
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = facts.subject.domain.as_str();
    let mut findings = match of_domain(facts) {
        None => vec![without_verdict(facts)],
        Some((kind, reply)) => match reply.security {
            ReplySecurity::Bogus => {
                vec![repaired(facts).or_else(|| broken_above(facts)).unwrap_or_else(|| {
                    Finding::new(Code::DnssecBogus, format!("{domain} {kind}: {}", broken_link(facts, reply)))
                })]
            }
            ReplySecurity::Secure => vec![of_secure(facts)],
            ReplySecurity::Off => vec![Finding::new(Code::DnssecOff, not_validated(facts))],
            ReplySecurity::Insecure | ReplySecurity::Unknown => {
                vec![without_effect(facts).unwrap_or_else(|| Finding::new(Code::DnssecUnsigned, domain))]
            }
        },
    };
    if let Some(broken) = broken_names(facts) {
        findings.retain(|finding| finding.code != Code::DnssecOk);
        findings.push(broken);
    }
    findings.extend(expiry(facts));
    findings.extend(old_algorithms(facts));
    findings.extend(old_digests(facts));
    findings
}

/// The verdict about a domain of which the daemon tells nothing.
fn without_verdict(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    if let Some(conducts) = keys::unanswered(facts) {
        let why =
            format!("the zone above has a DS record, and no name server gives {apex} DNSKEY: {conducts}");
        return Finding::new(Code::DnssecBogus, format!("{domain}: {why}"));
    }
    let why = match facts.lookup(domain, "SOA") {
        LookupFound::Circle(why) | LookupFound::Unknown(why) => why,
        _ => "the daemon did not validate the answers".to_owned(),
    };
    Finding::new(Code::DnssecUnknown, format!("{domain}: {why}"))
}

/// The verdict about a domain that the daemon found secure. The daemon may have old keys and DS records in its cache, so its
/// verdict says nothing about the present keys and DS records. Names that the configuration answers have no other keys here.
fn of_secure(facts: &DomainFacts) -> Finding {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let cached = "it validates with the records in the cache of this host";
    if apex == "." || facts.configured().is_some() {
        return Finding::new(Code::DnssecOk, domain);
    }
    match keys::now(facts) {
        KeysNow::Differ(told) => {
            Finding::new(Code::DnssecBogus, format!("{domain}: {told}; until their TTL ends, {cached}"))
        }
        KeysNow::Partly(told) => Finding::new(Code::NsWithoutKeys, format!("{domain}: {told}")),
        KeysNow::Unknown(why) => Finding::new(Code::DnssecUnknown, format!("{domain}: {why}; {cached}")),
        // Without a DS in the cache, a trust anchor of this host is the reason.
        KeysNow::WithoutDs if !facts.data(apex, "DS").is_empty() => {
            Finding::new(Code::DnssecUnsigned, format!("{domain}: the zone above has no DS record any more"))
        }
        KeysNow::Fit | KeysNow::WithoutDs => Finding::new(Code::DnssecOk, domain),
    }
}

/// That a zone is signed and does not validate: the zone above has no DS, or none that validators use.
fn without_effect(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    if signatures(facts).is_empty() || apex == "." || facts.configured().is_some() {
        return None;
    }
    let why = match facts.lookup(apex, "DS") {
        LookupFound::Data(reply) => {
            let records: Vec<&str> = reply.data("DS").collect();
            format!("this host cannot use the algorithm or the digest of its DS {}", records.join("; "))
        }
        LookupFound::NoData(_) | LookupFound::NoName(_) => "the zone above has no DS for it".to_owned(),
        LookupFound::Circle(_) | LookupFound::Unknown(_) | LookupFound::NotAsked => return None,
    };
    Some(Finding::new(Code::DnssecNoEffect, format!("the servers of {apex} send signatures; {why}")))
}

/// That nothing is validated here, and whether the servers sign, if one told it.
fn not_validated(facts: &DomainFacts) -> String {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let told = |server| match facts.server(server, apex, "SOA", QueryForm::Udp) {
        Some(Got::Reply(reply)) => zone::serves(reply, apex),
        _ => false,
    };
    let signed = match (signatures(facts).is_empty(), zone::servers(facts).into_keys().any(told)) {
        (false, _) => "; its servers send signatures",
        (true, true) => "; its servers send the SOA record without a signature",
        (true, false) => "",
    };
    format!("{domain}: the configuration of this host says not to validate it{signed}")
}

/// That the DS was corrected and this host still has the old one; none if this is not the reason why the domain is bogus here.
fn repaired(facts: &DomainFacts) -> Option<Finding> {
    let (domain, apex) = (&facts.subject.domain, zone::apex(facts));
    let is_above = |name: &&str| !is_within(name, apex) && is_bogus(facts, name);
    if facts.configured().is_some()
        || ancestors(domain).any(|name| is_above(&name))
        || keys::now(facts) != KeysNow::Fit
    {
        return None;
    }
    let Some(Got::Reply(here)) = facts.got.get(&lookup(apex, "DS")) else { return None };
    let old: BTreeSet<&str> = here.data("DS").collect();
    if old.is_empty() || old == keys::above(facts) {
        return None;
    }
    let ttl = here.answers.iter().filter(|record| record.kind == "DS").map(|record| record.ttl).max()?;
    let tags = old.iter().filter_map(|data| data.split_whitespace().next()).collect::<Vec<_>>().join(", ");
    let end = minute(facts.subject.unix.saturating_add(ttl.into()));
    Some(Finding::new(
        Code::DsRepaired,
        format!(
            "the DS records at the zone above name a key that signs {apex} again; this host still has those of the key {tags}, and \
             validates the domain again by {end} (or: resolverctl flush {})",
            apex.trim_end_matches('.')
        ),
    ))
}

/// Whether the SOA of a name is bogus.
fn is_bogus(facts: &DomainFacts, name: &str) -> bool {
    matches!(facts.got.get(&lookup(name, "SOA")), Some(Got::Reply(reply)) if reply.security == ReplySecurity::Bogus)
}

fn is_secure(facts: &DomainFacts) -> bool {
    matches!(of_domain(facts), Some((_, reply)) if reply.security == ReplySecurity::Secure)
}

/// The algorithms of the signatures of the SOA at the servers. A zone may be signed and not validate, because this host
/// does not use its algorithm or the digest of its DS.
fn signatures(facts: &DomainFacts) -> Vec<u8> {
    let apex = zone::apex(facts);
    let mut numbers: Vec<u8> = Vec::new();
    for server in zone::servers(facts).into_keys() {
        if let Some(Got::Reply(reply)) = facts.server(server, apex, "SOA", QueryForm::Udp) {
            numbers.extend(
                reply.data("RRSIG").filter_map(|data| data.split_whitespace().nth(1)?.parse::<u8>().ok()),
            );
        }
    }
    numbers
}

/// Signatures of the zone with an algorithm of `OLD_ALGORITHMS`.
fn old_algorithms(facts: &DomainFacts) -> Option<Finding> {
    let (apex, numbers) = (zone::apex(facts), signatures(facts));
    let old = |number: &u8| OLD_ALGORITHMS.iter().find(|(old, _)| old == number);
    // Beside a current algorithm the old one does no harm.
    let all_old = !numbers.is_empty() && numbers.iter().all(|number| old(number).is_some());
    let (number, name) = numbers.iter().find_map(old).filter(|_| all_old)?;
    Some(Finding::new(Code::DnssecOldAlgorithm, format!("{apex} is signed with algorithm {number} ({name})")))
}

/// DS records with SHA-1 digests alone.
fn old_digests(facts: &DomainFacts) -> Option<Finding> {
    let apex = zone::apex(facts);
    let records = facts.data(apex, "DS");
    let sha1 = |data: &&str| data.split_whitespace().nth(2) == Some("1");
    let all_old = !records.is_empty() && records.iter().all(sha1);
    all_old.then(|| Finding::new(Code::DsOldDigest, format!("{apex} DS {}", records.join("; "))))
}

/// Whether the daemon takes the domain for bogus.
pub(super) fn is_bogus_here(facts: &DomainFacts) -> bool {
    matches!(of_domain(facts), Some((_, reply)) if reply.security == ReplySecurity::Bogus)
}

/// Whether a lookup that fails validation says nothing about the zone of its name: the root is bogus at this host too, or the zone right
/// below the root that the name is in.
pub(super) fn is_broken_above(facts: &DomainFacts, name: &str) -> bool {
    let is_top = |zone: &&str| above(zone) == ".";
    is_bogus(facts, ".") || ancestors(name).filter(is_top).any(|top| is_bogus(facts, top))
}

/// That the root is bogus too, or a zone right below it: then nothing is known about the domain. If the root is, this host has other
/// keys than the root. None if the domain itself is the topmost such zone below the root.
fn broken_above(facts: &DomainFacts) -> Option<Finding> {
    let domain = facts.subject.domain.as_str();
    let why = |name: &str| match facts.got.get(&lookup(name, "SOA")) {
        Some(Got::Reply(reply)) => reply.why.trim_end_matches('.').to_owned(),
        _ => String::new(),
    };
    if is_bogus(facts, ".") {
        let evidence = format!(
            "{domain}: the root zone fails DNSSEC validation at this host too: {}. The fault is in the trust anchors of this host, or \
             on its way to the root servers, not in the domain",
            why(".")
        );
        return Some(Finding::new(Code::DnssecUnknown, evidence));
    }
    let top = ancestors(domain).filter(|name| above(name) == ".").find(|name| is_bogus(facts, name))?;
    let place = match facts.lookup(".", "SOA").is_known() {
        true => "there, not in the domain",
        false => "there, or in the trust anchors of this host",
    };
    let evidence = format!(
        "{domain}: {top} fails DNSSEC validation at this host too: {}. The fault is {place}",
        why(top)
    );
    Some(Finding::new(Code::DnssecUnknown, evidence))
}

/// The reason, and the topmost name whose SOA is bogus, if a zone begins there.
fn broken_link(facts: &DomainFacts, reply: &ReplyFacts) -> String {
    let why = reply.why.trim_end_matches('.');
    let bogus = |name: &&str| is_bogus(facts, name);
    let domain = facts.subject.domain.as_str();
    match std::iter::once(domain).chain(ancestors(domain)).filter(bogus).last() {
        Some(top) if top != domain || zone::is_delegated(facts) => {
            format!("{why} (the chain breaks between {} and {top})", above(top))
        }
        _ => why.to_owned(),
    }
}

/// Signatures of the keys, the SOA and the MX records at the servers that end soon. Those of the keys are often made by hand, with a key
/// that is kept off line. Each server may have its own.
fn expiry(facts: &DomainFacts) -> Option<Finding> {
    let (apex, now) = (zone::apex(facts), facts.subject.unix);
    let ends = zone::servers(facts).into_iter().flat_map(|(server, names)| {
        let asked = [(apex, "SOA"), (apex, "DNSKEY"), (facts.subject.domain.as_str(), "MX")];
        asked.into_iter().filter_map(move |(name, kind)| {
            let Some(Got::Reply(reply)) = facts.server(server, name, kind, QueryForm::Udp) else {
                return None;
            };
            let ends_soon = |(inception, end): &(u64, u64)| {
                *end < now.saturating_add(SOON.min(end.saturating_sub(*inception) / 3))
            };
            let lives = reply.data("RRSIG").filter_map(|data| life(data, kind));
            let (_, end) = lives.filter(ends_soon).min_by_key(|(_, end)| *end)?;
            Some((end, format!("{name} {kind}"), zone::shown(server, &names)))
        })
    });
    let (end, records, server) = ends.min()?;
    let (code, verb) =
        if end < now { (Code::SignatureExpired, "ended") } else { (Code::SignatureExpires, "ends") };
    Some(Finding::new(code, format!("the signature of {records} at {server} {verb} at {}", minute(end))))
}

/// Inception and end of a signature of a type, in seconds since 1970. The times have 32 bits, which last until 2106.
pub(super) fn life(data: &str, kind: &str) -> Option<(u64, u64)> {
    let mut fields = data.split_whitespace();
    (fields.next()? == kind).then_some(())?;
    let end = fields.nth(3)?.parse().ok()?;
    Some((fields.next()?.parse().ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::domain::facts::{DomainFacts, tests::facts as bare};
    use crate::check::domain::keys::tests::SIGNED;

    /// Facts about a zone whose DS fits its keys.
    fn facts(domain: &str, lines: &str) -> DomainFacts {
        bare(domain, &format!("{SIGNED}\n{lines}"))
    }

    /// The codes about `a.b.`.
    fn codes(lines: &str) -> Vec<Code> {
        check(&facts("a.b.", lines)).into_iter().map(|finding| finding.code).collect()
    }

    /// The evidence of the first finding about `a.b.`, with nothing known of its keys.
    fn link(lines: &str) -> String {
        check(&bare("a.b.", lines)).remove(0).evidence
    }

    #[test]
    fn the_chain_is_judged_by_this_host_and_by_the_servers_of_the_zone() {
        assert_eq!(codes("lookup a.b. SOA secure | ns. h. 1 2 3 4 5"), [Code::DnssecOk]);
        assert_eq!(codes("lookup a.b. SOA insecure | ns. h. 1 2 3 4 5"), [Code::DnssecUnsigned]);
        assert_eq!(codes("lookup a.b. SOA SERVFAIL"), [Code::DnssecUnknown]);
        assert_eq!(codes("lookup a.b. SOA off | ns. h. 1 2 3 4 5"), [Code::DnssecOff]);
        let now = |reply: &str| {
            codes(&format!("lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nserver 192.0.2.9 a.b. DS udp {reply}"))
        };
        assert_eq!(now("aa | 7 13 2 aa"), [Code::DnssecBogus], "the cache of this host alone validates it");
        assert_eq!(now("silent"), [Code::DnssecUnknown]);
        assert_eq!(now("aa"), [Code::DnssecOk], "a trust anchor of this host");
        assert_eq!(now("aa\nlookup a.b. DS | 7 13 2 aa"), [Code::DnssecUnsigned]);
        let off = "lookup a.b. SOA off | ns. h. 1 2 3 4 5";
        let servers = |reply: &str| {
            format!(
                "{off}\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\nserver 192.0.2.1 a.b. SOA udp {reply}"
            )
        };
        assert!(link(off).ends_with("not to validate it"), "{}", link(off));
        assert!(link(&servers("silent")).ends_with("not to validate it"), "{}", link(&servers("silent")));
        let unsigned = servers("aa | ns. h. 1 2 3 4 5");
        assert!(link(&unsigned).ends_with("; its servers send the SOA record without a signature"));
        let signed = format!("{unsigned} | =a.b. RRSIG SOA 13 2 300 2 1 1 a.b. x");
        assert!(link(&signed).ends_with("; its servers send signatures"));
    }

    #[test]
    fn the_first_broken_link_of_the_chain_is_named() {
        let both = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA SERVFAIL bogus";
        assert!(
            link(both).starts_with("a.b.: b. fails DNSSEC validation at this host too"),
            "{}",
            link(both)
        );
        assert_eq!(codes(both), [Code::DnssecUnknown]);
        assert!(link(both).ends_with("there, or in the trust anchors of this host"), "{}", link(both));
        let sound_root = format!("{both}\nlookup . SOA secure | a. h. 1 2 3 4 5");
        assert!(link(&sound_root).ends_with("there, not in the domain"), "{}", link(&sound_root));
        let root = |domain: &str, lines: &str| {
            check(&bare(domain, &format!("{lines}\nlookup . SOA SERVFAIL bogus"))).remove(0)
        };
        let old_anchor = [root("a.b.", both), root("b.", "lookup b. SOA SERVFAIL bogus")];
        for found in old_anchor {
            assert_eq!(found.code, Code::DnssecUnknown, "{found:?}");
            assert!(found.evidence.contains("in the trust anchors of this host"), "{found:?}");
        }
        assert_eq!(check(&bare(".", "lookup . SOA SERVFAIL bogus"))[0].code, Code::DnssecUnknown);
        let deep = "lookup a.b.c. SOA SERVFAIL bogus\nlookup b.c. SOA SERVFAIL bogus\nlookup c. SOA secure | ns. h. 1 2 3 4 5";
        let found = check(&bare("a.b.c.", deep)).remove(0);
        assert!(
            found.code == Code::DnssecBogus && found.evidence.ends_with("between c. and b.c.)"),
            "{found:?}"
        );
        let one = "lookup a.b. SOA SERVFAIL bogus\nlookup b. SOA secure | ns. h. 1 2 3 4 5";
        assert!(!link(one).contains("chain breaks"), "no zone is known to begin at a.b.: {}", link(one));
        let delegated = format!(
            "{one}\nlookup b. NS | ns.b.\nlookup ns.b. A | 192.0.2.1\n\
             server 192.0.2.1 a.b. NS udp | >a.b. NS ns.a.b."
        );
        assert!(link(&delegated).ends_with("between b. and a.b.)"), "{}", link(&delegated));
        let partly = "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. MX SERVFAIL bogus";
        assert_eq!(codes(partly), [Code::DnssecBogus]);
        let of_name = |alias: &str| {
            codes(&format!(
                "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup _dmarc.a.b. TXT SERVFAIL bogus\nlookup _dmarc.a.b. CNAME {alias}"
            ))
        };
        assert_eq!(of_name("SERVFAIL bogus"), [Code::DnssecBogus]);
        assert_eq!(of_name("secure"), [Code::DnssecBogus]);
        assert_eq!(of_name("| _dmarc.c."), [Code::DnssecOk], "the fault is in the zone of the target");
        assert!(
            link(partly).starts_with("a.b. MX") && !link(partly).contains("chain breaks"),
            "{}",
            link(partly)
        );
    }

    #[test]
    fn a_signature_that_ends_soon_is_named_with_its_server() {
        let now = 1_767_225_600;
        let lines = |inception: u64, end: u64| {
            format!(
                "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
                 server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 {end} {inception} 1 a.b. x"
            )
        };
        let (hour, day) = (3_600, 86_400);
        let soon = check(&facts("a.b.", &lines(now - 6 * day, now + day)));
        assert_eq!(soon.last().map(|finding| finding.code), Some(Code::SignatureExpires));
        assert!(soon.last().unwrap().evidence.ends_with("2026-01-02 00:00 UTC"));
        assert_eq!(check(&facts("a.b.", &lines(now - 6 * day, now + 9 * day))).len(), 1);
        let keys = lines(now - 6 * day, now + 9 * day)
            + &format!(
                "\nserver 192.0.2.1 a.b. DNSKEY udp aa | =a.b. RRSIG DNSKEY 13 2 300 {} 1 1 a.b. x",
                now + 3_600
            );
        let told = check(&facts("a.b.", &keys));
        let of_keys = "the signature of a.b. DNSKEY at 192.0.2.1 (ns.a.b.) ends at 2026-01-01 01:00 UTC";
        assert_eq!(told.last().map(|finding| finding.evidence.as_str()), Some(of_keys));
        let past = check(&facts("a.b.", &lines(now - 6 * day, now - day)));
        assert!(past.last().unwrap().evidence.ends_with("ended at 2025-12-31 00:00 UTC"));
        assert_eq!(past.last().map(|finding| finding.code), Some(Code::SignatureExpired));
        // Signed for each answer.
        assert_eq!(check(&facts("a.b.", &lines(now - 25 * hour, now + 25 * hour))).len(), 1);
        assert_eq!(check(&facts("a.b.", &lines(now - 48 * hour, now + 2 * hour))).len(), 2);
    }

    #[test]
    fn the_signature_of_the_mx_records_counts_and_old_algorithms_are_told() {
        let now = 1_767_225_600_u64;
        let (day, later) = (86_400, now + 9 * 86_400);
        let zone = |algorithm: u8, mail_end: u64| {
            format!(
                "lookup a.b. SOA secure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
                 server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA {algorithm} 2 300 {later} {now} 1 a.b. x\n\
                 server 192.0.2.1 a.b. MX udp aa | 10 m.b. | =a.b. RRSIG MX 13 2 300 {mail_end} {} 1 a.b. x",
                now - 6 * day
            )
        };
        let codes = |lines: &str| -> Vec<Code> {
            check(&facts("a.b.", lines)).into_iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes(&zone(13, later)), [Code::DnssecOk]);
        assert_eq!(codes(&zone(13, now + day)), [Code::DnssecOk, Code::SignatureExpires]);
        assert_eq!(codes(&zone(7, later)), [Code::DnssecOk, Code::DnssecOldAlgorithm]);
        let digest = |records: &str| codes(&format!("{}\nlookup a.b. DS | {records}", zone(13, later)));
        assert_eq!(digest("1 13 1 aa"), [Code::DnssecOk, Code::DsOldDigest]);
        assert_eq!(digest("1 13 1 aa | 1 13 2 bb"), [Code::DnssecOk]);
    }

    #[test]
    fn a_signed_zone_that_validators_take_for_unsigned_is_told() {
        let of = |ds: &str| {
            let zone = "lookup a.b. SOA insecure | ns. h. 1 2 3 4 5\nlookup a.b. NS | ns.a.b.\nlookup ns.a.b. A | 192.0.2.1\n\
                server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5 | =a.b. RRSIG SOA 13 2 300 4000000000 1 1 a.b. x";
            let found = check(&bare("a.b.", &format!("{zone}\n{ds}")));
            (found[0].code, found[0].evidence.clone())
        };
        let (code, evidence) = of("lookup a.b. DS");
        assert_eq!(
            (code, evidence.ends_with("the zone above has no DS for it")),
            (Code::DnssecNoEffect, true)
        );
        let (code, evidence) = of("lookup a.b. DS | 1 200 2 aa");
        assert_eq!(
            (code, evidence.ends_with("the digest of its DS 1 200 2 aa")),
            (Code::DnssecNoEffect, true)
        );
        assert_eq!(of("lookup a.b. DS SERVFAIL").0, Code::DnssecUnsigned, "not known");
    }
}
