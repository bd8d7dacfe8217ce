//! Compares the present DS records of the parent zone with the present keys of the zone.
//!
//! RFC 4034 section 5.1.4 and appendix B, RFC 4035 section 5.2. The daemon validates with cached records. If the parent zone has no DS
//! record for a new key, the zone still validates at the daemon until the TTL of a cached record expires, but fails at other resolvers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::dnssec::rdata::DNSKEY;

use crate::delegation::{parents, server_hosts};
use crate::dnssec::key_records::{Ds, fits, own_keys, signing};
use crate::facts::record_set::is_known;
use crate::facts::{DomainFacts, Got, NoReply, QueryForm, ReplyFacts, Want, at_server, is_within};
use crate::limits::MAX_CHECKED_KEY_SERVERS;
use crate::{served, zone};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeysNow {
    /// At each server that was asked, a key that a DS record names has signed the DNSKEY records.
    Fit,
    /// At no server that was asked, a key that a DS record names has signed the DNSKEY records. The text describes the keys.
    Differ(String),
    /// Only at some of these servers, a key that a DS record names has signed the DNSKEY records. The text describes the others.
    Partly(String),
    /// DS records and keys are correct, but some or all servers send no signatures. The text says which servers.
    Unsigned(String),
    WithoutDs,
    /// The result is unknown. The text says why.
    Unknown(String),
}

/// Returns the servers that are asked for the keys. One address of each server name comes first, then further addresses up to the limit.
pub(crate) fn servers(facts: &DomainFacts) -> Vec<IpAddr> {
    let each = zone::one_of_each(&zone::servers(facts));
    let (mut first, others): (Vec<IpAddr>, Vec<IpAddr>) =
        served::serving(facts).into_iter().partition(|server| each.contains(server));
    first.extend(others);
    first.truncate(MAX_CHECKED_KEY_SERVERS);
    first
}

pub(crate) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let apex = zone::apex(facts);
    let own = servers(facts).into_iter().map(|server| at_server(server, apex, "DNSKEY", QueryForm::Udp));
    of_parents(facts).into_iter().chain(own).collect()
}

pub(crate) fn of_parents(facts: &DomainFacts) -> Vec<Want> {
    let ask = |server| at_server(server, zone::apex(facts), "DS", QueryForm::Udp);
    zone::answering_parents(facts).into_iter().map(ask).collect()
}

/// Returns true if the parent zone has DS records, and all servers of the zone answer only queries without EDNS, so that no server sends
/// signatures.
pub(crate) fn are_without_edns(facts: &DomainFacts) -> bool {
    let serving = served::serving(facts);
    let is_plain = |server: &IpAddr| served::form(facts, *server) == Some(QueryForm::Plain);
    !serving.is_empty() && serving.iter().all(is_plain) && parents::is_signed(facts)
}

/// Returns the authoritative answer of a server about records at the apex.
fn answer<'f>(facts: &'f DomainFacts, server: IpAddr, kind: &'static str) -> Option<&'f ReplyFacts> {
    let reply = facts.reply_of(server, zone::apex(facts), kind, QueryForm::Udp);
    reply.filter(|reply| reply.authoritative && reply.rcode == "NOERROR")
}

fn answers_above(facts: &DomainFacts) -> Vec<&ReplyFacts> {
    zone::compared_parents(facts).into_iter().filter_map(|server| ds_answer(facts, server)).collect()
}

/// Returns the DS reply of a server of the parent zone. If the server also serves the zone itself and replies from it, the reply does not
/// count.
fn ds_answer(facts: &DomainFacts, server: IpAddr) -> Option<&ReplyFacts> {
    let apex = zone::apex(facts);
    answer(facts, server, "DS").filter(|reply| zone::soa(reply).is_none_or(|soa| soa.owner != apex))
}

pub(crate) fn above(facts: &DomainFacts) -> BTreeSet<Ds> {
    answers_above(facts).into_iter().flat_map(|reply| reply.answers.iter().filter_map(Ds::read)).collect()
}

/// Returns true if the parent zone has DS records. Validators then require signatures and proofs.
pub(crate) fn has_ds(facts: &DomainFacts) -> bool {
    !above(facts).is_empty()
}

fn given_keys(facts: &DomainFacts) -> Vec<(IpAddr, &ReplyFacts)> {
    servers(facts).into_iter().filter_map(|server| Some((server, answer(facts, server, "DNSKEY")?))).collect()
}

/// The replies with DNSKEY records, grouped by how the keys match the DS records of the parent zone.
#[derive(Debug, Default)]
pub(crate) struct KeysByFit<'f> {
    /// A DS record names a key that has signed the DNSKEY records.
    pub(crate) fitting: BTreeMap<IpAddr, &'f ReplyFacts>,
    /// A DS record names a key, but the DNSKEY records have no signature, and the server supports EDNS.
    pub(crate) unsigned: BTreeMap<IpAddr, &'f ReplyFacts>,
    pub(crate) others: BTreeMap<IpAddr, &'f ReplyFacts>,
}

pub(crate) fn by_fit(facts: &DomainFacts) -> KeysByFit<'_> {
    let mut groups = groups(facts, &above(facts));
    let mut of = |fit| groups.remove(&fit).unwrap_or_default().into_iter();
    KeysByFit {
        fitting: of(KeyFit::Fits).collect(),
        unsigned: of(KeyFit::Unsigned).collect(),
        others: [KeyFit::WithoutEdns, KeyFit::Wrong].into_iter().flat_map(of).collect(),
    }
}

/// How the DNSKEY records of a server match the DS records of the parent zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyFit {
    Fits,
    /// A DS record names a key, but the server sends no signature of the DNSKEY records. This is a fault of the server: it sends signatures of
    /// other records, or it supports EDNS and another server sends correct signatures.
    Unsigned,
    /// A DS record names a key, but the server sends no signatures at all, like servers without EDNS.
    WithoutEdns,
    Wrong,
}

fn groups<'f>(facts: &'f DomainFacts, ds: &BTreeSet<Ds>) -> BTreeMap<KeyFit, Vec<(IpAddr, &'f ReplyFacts)>> {
    let apex = zone::apex(facts);
    let mut groups = BTreeMap::<KeyFit, Vec<_>>::new();
    let given = given_keys(facts);
    let is_one_right = given.iter().any(|(_, reply)| fits(apex, ds, reply));
    for (server, reply) in given {
        let fit = match () {
            () if fits(apex, ds, reply) => KeyFit::Fits,
            () if !is_without_signatures(apex, ds, reply) => KeyFit::Wrong,
            () if sends_signatures(facts, server) => KeyFit::Unsigned,
            // If this server uses EDNS and another server sends correct signatures, this server has an unsigned copy of the zone. Otherwise a
            // device on the path, such as a firewall, probably removes the signatures.
            () if reply.edns && is_one_right => KeyFit::Unsigned,
            () => KeyFit::WithoutEdns,
        };
        groups.entry(fit).or_default().push((server, reply));
    }
    groups
}

fn sends_signatures(facts: &DomainFacts, server: IpAddr) -> bool {
    let apex = zone::apex(facts);
    let own = served::replies(facts).filter(|of| of.server == server);
    let mut records = own.flat_map(|of| of.reply.answers.iter().chain(&of.reply.authority));
    records.any(|record| record.is("RRSIG") && is_within(&record.name, apex))
}

pub(crate) fn is_named(facts: &DomainFacts, key: &DNSKEY) -> bool {
    above(facts).iter().any(|ds| ds.names(zone::apex(facts), key))
}

/// Compares the DS records in the answers of the parent zone's servers with the keys of the zone.
pub(crate) fn now(facts: &DomainFacts) -> KeysNow {
    if answers_above(facts).is_empty() {
        return KeysNow::Unknown("no server of the zone above gave the DS records".to_owned());
    }
    against(facts, &above(facts))
}

pub(crate) fn against(facts: &DomainFacts, ds: &BTreeSet<Ds>) -> KeysNow {
    let apex = zone::apex(facts);
    if ds.is_empty() {
        return KeysNow::WithoutDs;
    }
    let mut groups = groups(facts, ds);
    if groups.is_empty() {
        return KeysNow::Unknown("no name server of the zone gave the DNSKEY records".to_owned());
    }
    let all = zone::servers(facts);
    let mut of = |fit| groups.remove(&fit).unwrap_or_default();
    let (fitting, unsigned, mut wrong) = (of(KeyFit::Fits), of(KeyFit::WithoutEdns), of(KeyFit::Wrong));
    // If another server gives correct keys, the module `each_server` reports the servers that send no signature over their keys.
    if fitting.is_empty() {
        wrong.extend(of(KeyFit::Unsigned));
    }
    if let [_, ..] = wrong.as_slice() {
        let of_ds = listed(&ds.iter().map(|ds| ds.tag).collect());
        let mut groups = BTreeMap::<String, Vec<IpAddr>>::new();
        for (server, reply) in wrong {
            let tags =
                signing(apex, reply).into_iter().filter_map(|key| key.calculate_key_tag().ok()).collect();
            groups.entry(listed(&tags)).or_default().push(server);
        }
        let words = groups.into_iter().map(|(tags, at)| {
            format!("the keys that sign at {} are {tags}", server_hosts::shown(&all, at).join(" and "))
        });
        let words = words.collect::<Vec<_>>().join("; ");
        let words = format!("the DS records at the zone above name the keys {of_ds}; {words}");
        let is_nowhere = fitting.is_empty() && unsigned.is_empty();
        return if is_nowhere { KeysNow::Differ(words) } else { KeysNow::Partly(words) };
    }
    if unsigned.is_empty() {
        return KeysNow::Fit;
    }
    let conduct = "gives the keys that the DS records name without signatures, as a server without EDNS does";
    let unsigned: Vec<(IpAddr, String)> =
        unsigned.into_iter().map(|(server, _)| (server, conduct.to_owned())).collect();
    KeysNow::Unsigned(server_hosts::with_conduct(&all, &unsigned))
}

fn listed(tags: &BTreeSet<u16>) -> String {
    match tags.len() {
        0 => "none".to_owned(),
        _ => tags.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Describes the servers of the zone if none of them gives DNSKEY records, although the parent zone has DS records. Returns `None` if not
/// every server was asked over UDP and TCP.
pub(crate) fn unanswered(facts: &DomainFacts) -> Option<String> {
    let (apex, all) = (zone::apex(facts), zone::servers(facts));
    let asked = servers(facts);
    if above(facts).is_empty() || asked.is_empty() || asked.len() != served::serving(facts).len() {
        return None;
    }
    let words = |got: &Got| match got {
        Got::Reply(reply) if !is_known(reply) => Some(format!("answers {}", reply.rcode)),
        Got::Reply(_) | Got::NoReply(NoReply::Unknown(_) | NoReply::NoRoute) => None,
        Got::NoReply(NoReply::Silent) => Some("does not answer".to_owned()),
        Got::NoReply(lost) => Some(format!("gives {}", lost.words())),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => None,
    };
    let words = asked.into_iter().map(|server| {
        let over = |way| facts.server(server, apex, "DNSKEY", way).and_then(words);
        over(QueryForm::Tcp)?;
        Some((server, over(QueryForm::Udp)?))
    });
    let words: Vec<(IpAddr, String)> = words.collect::<Option<_>>()?;
    Some(server_hosts::with_conduct(&all, &words))
}

/// Returns true if a DS record names a key in the reply, and the reply has no signature at all. The server then has the signed zone, but
/// does not send its signatures.
fn is_without_signatures(apex: &str, ds: &BTreeSet<Ds>, reply: &ReplyFacts) -> bool {
    reply.records("RRSIG").next().is_none()
        && own_keys(apex, reply).any(|key| ds.iter().any(|ds| ds.names(apex, key)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::facts::tests::facts;

    /// A zone `a.b.` with one server and one key, and the DS record of this key in the parent zone.
    pub(crate) const SIGNED: &str = "
        lookup b. SOA secure | ns.b. h. 1 2 3 4 5
        lookup b. NS | ns.b.
        lookup ns.b. A | 192.0.2.9
        lookup ns.a.b. A | 192.0.2.1
        server 192.0.2.9 a.b. NS udp | >a.b. NS ns.a.b.
        server 192.0.2.9 a.b. DS udp aa | 59409 13 2 b890b9a107382a9611e22dbe6a8c92c7415d0c97b485ecb2828fe095ccd2319a
        server 192.0.2.1 a.b. SOA udp aa | ns. h. 1 2 3 4 5
        server 192.0.2.1 a.b. DNSKEY udp aa | 257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw== | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 59409 a.b. AAAA";

    fn judged(from: &str, to: &str) -> KeysNow {
        assert!(SIGNED.contains(from), "{from}");
        now(&facts("a.b.", &format!("lookup a.b. SOA secure | ns. h. 1 2 3 4 5{}", SIGNED.replace(from, to))))
    }

    #[test]
    fn ds_without_signing_key_is_reported() {
        let (ds, key) = (
            "59409 13 2 b890b9a107382a9611e22dbe6a8c92c7415d0c97b485ecb2828fe095ccd2319a",
            "257 3 13 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
        );
        let differs = |from: &str, to: &str| matches!(judged(from, to), KeysNow::Differ(_));
        assert_eq!(judged(ds, ds), KeysNow::Fit);
        assert_eq!(judged(ds, &format!("7 13 2 aa | {ds}")), KeysNow::Fit, "a rollover");
        assert_eq!(judged(ds, "59409 13 1 41d59f29e3f428ec87d96062bd975d68d7a6231a"), KeysNow::Fit);
        assert_eq!(
            judged(
                ds,
                "59409 13 4 c5b2e835778308b3220635c7c0899ef149897418edc9774ea7bf41148fd6843bf8a8ff394fa19dcda15202e4604ae78d"
            ),
            KeysNow::Fit
        );
        assert_eq!(judged(ds, "59409 13 9 aa"), KeysNow::Fit, "a digest that is not known");
        assert!(differs(ds, "59409 13 2 aa"));
        assert!(differs(ds, "59409 8 2 b890b9a107382a9611e22dbe6a8c92c7415d0c97b485ecb2828fe095ccd2319a"));
        assert_eq!(
            judged(ds, "7 13 2 aa"),
            KeysNow::Differ(
                "the DS records at the zone above name the keys 7; the keys that sign at 192.0.2.1 (ns.a.b.) are 59409"
                    .to_owned()
            )
        );
        assert!(differs("1 59409 a.b.", "1 7 a.b."), "the key does not sign");
        assert!(differs(&format!("aa | {key}"), "aa"));
        let second = "lookup ns.a.b. A | 192.0.2.1 | 192.0.2.2\nserver 192.0.2.2 a.b. SOA udp aa | ns. h. 1 2 3 4 5\n\
            server 192.0.2.2 a.b. DNSKEY udp aa";
        let partly = "the DS records at the zone above name the keys 59409; the keys that sign at 192.0.2.2 (ns.a.b.) are none";
        assert_eq!(judged("lookup ns.a.b. A | 192.0.2.1", second), KeysNow::Partly(partly.to_owned()));
        assert_eq!(judged(&format!("DS udp aa | {ds}"), "DS udp aa"), KeysNow::WithoutDs);
        let third = format!(
            "{}\nserver 192.0.2.3 a.b. SOA udp aa | ns. h. 1 2 3 4 5\nserver 192.0.2.3 a.b. DNSKEY udp aa",
            second.replace("192.0.2.2\n", "192.0.2.2 | 192.0.2.3\n")
        );
        let KeysNow::Partly(both) = judged("lookup ns.a.b. A | 192.0.2.1", &third) else { panic!() };
        assert!(both.ends_with("sign at 192.0.2.2 (ns.a.b.) and 192.0.2.3 (ns.a.b.) are none"), "{both}");
        let bare = judged(" | =a.b. RRSIG DNSKEY 13 2 300 4000000000 1 59409 a.b. AAAA", "");
        let KeysNow::Unsigned(bare) = bare else { panic!("{bare:?}") };
        assert!(bare.starts_with("192.0.2.1 (ns.a.b.) gives the keys"), "{bare}");
        // The third server supports EDNS but sends no signatures, so it has an unsigned copy of the zone.
        let third = second.replace("DNSKEY udp aa", &format!("DNSKEY udp aa edns | {key}"));
        assert_eq!(judged("lookup ns.a.b. A | 192.0.2.1", &third), KeysNow::Fit, "`ns_bogus` tells it");
        let plain = third.replace(" edns", "");
        assert!(matches!(judged("lookup ns.a.b. A | 192.0.2.1", &plain), KeysNow::Unsigned(_)));
        for lost in ["DS udp silent", "DS udp aa | >a.b. SOA ns. h. 1 2 3 4 5", "DS udp SERVFAIL"] {
            let words = judged(&format!("DS udp aa | {ds}"), lost);
            assert!(matches!(words, KeysNow::Unknown(_)), "{lost}: {words:?}");
        }
        assert!(matches!(judged("DNSKEY udp aa |", "DNSKEY udp silent |"), KeysNow::Unknown(_)));
    }
}
