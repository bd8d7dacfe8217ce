//! Draws the chain of keys of a domain (RFC 4035 section 5): a row of boxes from the trust anchor to the zone of the domain. Each box is a
//! zone with its keys and its DNSSEC status; the text before the box names the DS records with which the keys are validated.

use std::collections::BTreeMap;

use super::escape::escaped;
use crate::limits::MAX_DRAWN_ZONES;
use crate::render::text::is_answer;
use doctor::facts::is_within;
use protocol::{QueryReply, Reply};
use record::SecurityStatus;
use record::event::{DsSource, StepEvent};

/// The zones from the trust anchor to the zone of a domain, with their keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChain {
    domain: String,
    /// The zone of the trust anchor is the first.
    zones: Vec<ChainZone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ChainZone {
    name: String,
    /// The key tags of the DS records or of the trust anchor; none if resolverd did not read them.
    ds: Option<(DsSource, Vec<u16>)>,
    /// The key tags of the DNSKEY records; none if resolverd did not read them.
    keys: Option<Vec<u16>>,
    state: SecurityStatus,
    /// Why the zone is not secure, if the reason is known.
    why: Option<String>,
}

/// The zones that a trace has shown so far. The key is the length of the name, so that the root is the first.
struct Seen<'a> {
    domain: &'a str,
    zones: BTreeMap<usize, ChainZone>,
    /// The result for the SOA record of the domain, or for its denial.
    answer: Option<(SecurityStatus, Option<String>)>,
}

impl KeyChain {
    /// Builds the chain from a trace of the SOA record of `domain`, which is in lower case and ends with a dot.
    ///
    /// # Errors
    /// If the trace shows no zone of the chain, returns the reason.
    pub fn of(domain: &str, trace: &[Reply]) -> Result<Self, String> {
        let mut seen = Seen { domain, zones: BTreeMap::new(), answer: None };
        for reply in trace {
            if let Reply::Step(step) = reply {
                seen.take(&step.event);
            }
        }
        let reply = trace
            .iter()
            .find_map(|reply| if let Reply::Query(reply) = reply { Some(&**reply) } else { None });
        let error = reply.and_then(|reply| reply.extended_error.as_ref()).map(|error| error.text.clone());
        if seen.zones.is_empty() && seen.answer.is_none() {
            return Err(error.unwrap_or_else(|| "resolverd did not validate the answer".to_owned()));
        }
        let answered = reply.filter(|reply| is_answer(reply));
        let end = answered.map_or_else(|| Some(domain.to_owned()), |reply| owner(domain, reply));
        // An answer without an SOA record of the domain or above is an alias.
        let end = end.or_else(|| seen.zones.values().next_back().map(|zone| zone.name.clone()));
        let answer = seen.answer.take();
        if let Some(zone) = seen.zone(end.as_deref().unwrap_or(domain)) {
            match answer {
                // Signatures of the answer may be wrong though the keys of its zone are right.
                Some((state, why)) => (zone.state, zone.why) = (state, why),
                None if zone.state == SecurityStatus::Indeterminate => zone.why = error,
                None => {}
            }
        }
        Ok(Self { domain: domain.to_owned(), zones: seen.zones.into_values().collect() })
    }
}

impl Seen<'_> {
    /// Returns the zone with this name; `None` if the domain is not in this zone.
    fn zone(&mut self, name: &str) -> Option<&mut ChainZone> {
        let name = name.to_ascii_lowercase();
        is_within(self.domain, &name).then(|| {
            self.zones.entry(name.len()).or_insert(ChainZone {
                name,
                ds: None,
                keys: None,
                state: SecurityStatus::Indeterminate,
                why: None,
            })
        })
    }

    fn take(&mut self, step: &StepEvent) {
        match step {
            StepEvent::Ds { zone, records, from } => {
                if let Some(zone) = self.zone(zone) {
                    zone.ds = Some((*from, records.iter().map(|ds| ds.tag).collect()));
                }
            }
            StepEvent::Dnskey { zone, records, .. } => {
                if let Some(zone) = self.zone(zone) {
                    zone.keys = Some(records.iter().map(|key| key.tag).collect());
                }
            }
            StepEvent::Checked { subject, state, why } => {
                let answer = subject.strip_suffix(" SOA");
                if answer.is_some_and(|name| name.eq_ignore_ascii_case(self.domain)) {
                    self.answer = Some((*state, why.clone()));
                } else if let Some(zone) = self.zone(subject) {
                    (zone.state, zone.why) = (*state, why.clone());
                }
            }
            _ => {}
        }
    }
}

/// Returns the owner of the SOA record in the reply, which is the zone of the domain. Returns `None` if the domain is an alias.
fn owner(domain: &str, reply: &QueryReply) -> Option<String> {
    let records = reply.answers.iter().chain(&reply.authority);
    let mut owners = records.filter(|record| record.is("SOA")).map(|record| record.name.to_ascii_lowercase());
    owners.find(|owner| is_within(domain, owner))
}

/// Returns the picture of the chain, or the reason why there is none.
pub(super) fn picture(chain: &Result<KeyChain, String>) -> String {
    let heading = "<h2>Chain of keys</h2>\n";
    let chain = match chain {
        Ok(chain) => chain,
        Err(why) => {
            let why = escaped(why.trim_end_matches('.'));
            return format!("{heading}<p>The chain of keys could not be read: {why}.</p>\n");
        }
    };
    let insecure = chain.zones.iter().position(|zone| zone.state != SecurityStatus::Secure);
    let zones = chain.zones.iter().enumerate().take(MAX_DRAWN_ZONES);
    let boxes: String = zones.map(|(at, zone)| one(zone, insecure == Some(at))).collect();
    format!("{heading}<ol class=\"chain\">\n{boxes}</ol>\n{}", notes(chain))
}

/// Returns notes below the boxes: how many zones are not drawn, and in which zone the domain is if it is not a zone.
fn notes(chain: &KeyChain) -> String {
    let mut text = String::new();
    let further = chain.zones.len().saturating_sub(MAX_DRAWN_ZONES);
    if further > 0 {
        text.push_str(&format!("<p class=\"small\">Zones below them that are not drawn: {further}.</p>\n"));
    }
    if let Some(zone) = chain.zones.last().filter(|zone| zone.name != chain.domain) {
        let (domain, zone) = (shown(&chain.domain), shown(&zone.name));
        text.push_str(&format!("<p class=\"small\">{domain} is a name in the zone {zone}.</p>\n"));
    }
    text
}

/// Draws a zone and the arrow before it. `is_first` is true for the first zone that is not secure: its box has the reason.
fn one(zone: &ChainZone, is_first: bool) -> String {
    let why = zone.why.as_ref().filter(|_| is_first);
    let why = why.map_or_else(String::new, |why| format!("<span>{}</span>", escaped(why)));
    format!(
        "<li>{}<div class=\"zone {}\"><b>{}</b><span>{}</span><span class=\"level\">{}</span>{why}</div></li>\n",
        arrow(zone),
        zone.state.word(),
        shown(&zone.name),
        keys(zone),
        word(zone.state)
    )
}

fn arrow(zone: &ChainZone) -> String {
    let text = match &zone.ds {
        None => "DS not read".to_owned(),
        Some((DsSource::Parent, tags)) if tags.is_empty() => "no DS: not signed from here on".to_owned(),
        Some((DsSource::Parent, tags)) => format!("DS {}", listed(tags)),
        Some((DsSource::Anchor, tags)) => format!("trust anchor {}", listed(tags)),
    };
    format!("<span class=\"arrow\">{text} →</span>")
}

fn keys(zone: &ChainZone) -> String {
    match zone.keys.as_deref() {
        None if zone.state == SecurityStatus::Insecure => "no keys in use".to_owned(),
        None => "keys not read".to_owned(),
        Some([]) => "no keys".to_owned(),
        Some([tag]) => format!("key {tag}"),
        Some(tags) => format!("keys {}", listed(tags)),
    }
}

fn word(state: SecurityStatus) -> &'static str {
    match state {
        SecurityStatus::Indeterminate => "not known",
        known => known.word(),
    }
}

fn listed(tags: &[u16]) -> String {
    let tags: Vec<String> = tags.iter().map(u16::to_string).collect();
    tags.join(", ")
}

/// Returns the name of a zone without its last dot, safe for the page.
fn shown(name: &str) -> String {
    match name.trim_end_matches('.') {
        "" => "root zone".to_owned(),
        name => escaped(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::{ExtendedError, Outcome, Security};
    use doctor::facts::Record;
    use record::event::{DsFact, KeyFact, Step};

    fn step(event: StepEvent) -> Reply {
        Reply::Step(Step { at: 0.0, depth: 0, event })
    }

    fn ds(zone: &str, tags: &[u16]) -> Reply {
        let records = tags.iter().map(|tag| DsFact { tag: *tag, algorithm: 13, digest: 2 }).collect();
        let from = if zone == "." { DsSource::Anchor } else { DsSource::Parent };
        step(StepEvent::Ds { zone: zone.to_owned(), records, from })
    }

    fn keys(zone: &str, tags: &[u16]) -> Reply {
        let records = tags.iter().map(|tag| KeyFact { tag: *tag, algorithm: 13, flags: 257 }).collect();
        step(StepEvent::Dnskey { zone: zone.to_owned(), records, server: None })
    }

    fn checked(subject: &str, state: SecurityStatus, why: Option<&str>) -> Reply {
        step(StepEvent::Checked { subject: subject.to_owned(), state, why: why.map(str::to_owned) })
    }

    /// Returns the end of a trace. `owner` is the owner of the SOA record; the trace failed if it is empty.
    fn end(owner: &str) -> Reply {
        let soa = Record::read(owner, 300, "SOA", "ns.example.com. h.example.com. 1 7200 900 1209600 300");
        Reply::Query(Box::new(QueryReply {
            name: "example.com.".to_owned(),
            kind: "SOA".to_owned(),
            rcode: if owner.is_empty() { "SERVFAIL" } else { "NOERROR" }.to_owned(),
            outcome: Outcome::Upstream,
            elapsed: 0.1,
            flags: Vec::new(),
            security: Security::Unchecked,
            answers: soa.into_iter().filter(|_| !owner.is_empty()).collect(),
            authority: Vec::new(),
            extended_error: owner
                .is_empty()
                .then(|| ExtendedError { code: 22, text: "no server answered".to_owned() }),
            configured: None,
            views: Vec::new(),
        }))
    }

    /// Returns the steps for the root and `com.`, and then these steps.
    fn below_com(steps: &[Reply]) -> Vec<Reply> {
        let secure = |zone: &str, tag| {
            [ds(zone, &[tag]), keys(zone, &[tag, 7]), checked(zone, SecurityStatus::Secure, None)]
        };
        [&secure(".", 1)[..], &secure("com.", 2), steps].concat()
    }

    /// Returns the texts of the boxes and arrows, one line for each zone.
    fn drawn(domain: &str, trace: &[Reply]) -> Vec<String> {
        let picture = picture(&KeyChain::of(domain, trace));
        let words = |line: &str| {
            let pieces = line.split('<').filter_map(|piece| piece.split_once('>'));
            let texts: Vec<&str> = pieces.map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
            texts.join(" | ")
        };
        picture.lines().map(words).filter(|line| !line.is_empty()).skip(1).collect()
    }

    const ABOVE: [&str; 2] =
        ["trust anchor 1 → | root zone | keys 1, 7 | secure", "DS 2 → | com | keys 2, 7 | secure"];

    #[test]
    fn secure_chain_has_key_tags() {
        use SecurityStatus::{Bogus, Secure};
        let trace = below_com(&[
            // The steps for the address of a name server.
            ds("host.net.", &[9]),
            checked("host.net.", Bogus, Some("not of this chain")),
            ds("example.com.", &[3, 4]),
            keys("example.com.", &[3]),
            checked("example.com.", Secure, None),
            // The answer of one server was bogus, and that of the next one was not.
            checked("example.com. SOA", Bogus, Some("expired")),
            checked("answer of 192.0.2.1 for example.com.", Bogus, Some("expired")),
            checked("example.com. SOA", Secure, None),
            end("Example.com."),
        ]);
        let last = "DS 3, 4 → | example.com | key 3 | secure";
        assert_eq!(drawn("example.com.", &trace), [ABOVE[0], ABOVE[1], last]);
        let named = [last, "www.example.com is a name in the zone example.com."];
        assert_eq!(drawn("www.example.com.", &trace)[2..], named);
    }

    #[test]
    fn insecure_chain_shows_first_unsigned_zone() {
        use SecurityStatus::Insecure;
        let unsigned = |zone| [ds(zone, &[]), checked(zone, Insecure, None)];
        let below = [checked("b.a.com.", Insecure, None), checked("b.a.com. SOA", Insecure, None)];
        let trace = below_com(&[&unsigned("a.com.")[..], &below, &[end("b.a.com.")]].concat());
        let unsigned = "no DS: not signed from here on → | a.com | no keys in use | insecure";
        let last = "DS not read → | b.a.com | no keys in use | insecure";
        assert_eq!(drawn("b.a.com.", &trace), [ABOVE[0], ABOVE[1], unsigned, last]);
    }

    #[test]
    fn first_bogus_zone_has_reason() {
        use SecurityStatus::{Bogus, Secure};
        let bogus = |subject| checked(subject, Bogus, Some("no <DNSKEY> matches"));
        let below = [bogus("a.com."), bogus("b.a.com."), bogus("b.a.com. SOA"), end("")];
        let trace = below_com(&[&[ds("a.com.", &[3]), keys("a.com.", &[])][..], &below].concat());
        let broken = "DS 3 → | a.com | no keys | bogus | no &lt;DNSKEY&gt; matches";
        let last = "DS not read → | b.a.com | keys not read | bogus";
        assert_eq!(drawn("b.a.com.", &trace), [ABOVE[0], ABOVE[1], broken, last]);
        // The keys of the zone are right, and the signatures of its records are wrong.
        let keyed = [ds("a.com.", &[3]), keys("a.com.", &[3]), checked("a.com.", Secure, None)];
        let trace = below_com(&[&keyed[..], &[bogus("a.com. SOA"), end("")]].concat());
        let broken = "DS 3 → | a.com | key 3 | bogus | no &lt;DNSKEY&gt; matches";
        assert_eq!(drawn("a.com.", &trace)[2..], [broken]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let unread = "The chain of keys could not be read: no server answered.";
        assert_eq!(drawn("a.com.", &[end("")]), [unread]);
        let unread = "The chain of keys could not be read: resolverd did not validate the answer.";
        assert_eq!(drawn("a.com.", &[end("a.com.")]), [unread]);
        let last = "DS not read → | a.com | keys not read | not known | no server answered";
        assert_eq!(drawn("a.com.", &below_com(&[end("")]))[2..], [last]);
    }

    #[test]
    fn a_long_chain_is_cut() {
        let names = (1..=MAX_DRAWN_ZONES).map(|labels| "a.".repeat(labels)).collect::<Vec<_>>();
        let steps: Vec<Reply> = names.iter().map(|name| ds(name, &[5])).collect();
        let trace = [&[ds(".", &[1])][..], &steps, &[end("")]].concat();
        let drawn = drawn(names.last().unwrap(), &trace);
        assert_eq!(drawn.len(), MAX_DRAWN_ZONES + 1, "{drawn:#?}");
        assert_eq!(drawn[MAX_DRAWN_ZONES], "Zones below them that are not drawn: 1.");
    }
}
