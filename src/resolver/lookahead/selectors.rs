//! The DKIM selectors for which clients of this host have asked in each domain (RFC 6376 section 3.6.2.1).
//!
//! A sender usually signs its emails with the same one or two selectors for months.

use std::collections::{HashMap, VecDeque};

use hickory_proto::rr::Name;

use super::rules::AnswerFacts;
use crate::limits::{MAX_SELECTOR_DOMAINS, MAX_SELECTORS};
use dns::hash::Keyed;
use dns::question::{Answer, ViewId, wire_name};

const LABEL: &[u8] = b"_domainkey";

/// The names of the DKIM keys that clients have asked for, by view and domain.
#[derive(Debug)]
pub(super) struct Selectors {
    known: HashMap<(ViewId, Box<[u8]>), Vec<Name>, Keyed>,
    /// The domains in the order in which they were added. If there are too many, the first is removed.
    order: VecDeque<(ViewId, Box<[u8]>)>,
}

impl Selectors {
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { known: HashMap::with_hasher(keyed), order: VecDeque::new() }
    }

    /// Stores the selector of a client's question if the answer contains a DKIM key. Selectors that forged emails invent have no key, even if
    /// a wildcard record answers for them, so they are not stored.
    pub(super) fn note(&mut self, view: ViewId, name: &Name, answer: &Answer) {
        let Some(domain) = domain_of(name) else { return };
        if !AnswerFacts::from_answer(answer).is_some_and(|facts| facts.texts().any(|text| is_key(&text))) {
            return;
        }
        let key = (view, wire_name(&domain).into_boxed_slice());
        if !self.known.contains_key(&key) {
            if self.known.len() >= MAX_SELECTOR_DOMAINS
                && let Some(first) = self.order.pop_front()
            {
                self.known.remove(&first);
            }
            self.order.push_back(key.clone());
        }
        let names = self.known.entry(key).or_default();
        // The name that was asked for last is the first in the list.
        names.retain(|known| known != name);
        names.truncate(MAX_SELECTORS.saturating_sub(1));
        names.insert(0, name.clone());
    }

    /// Returns the names of all known keys with their view, the oldest domain first. The name that was asked for last is the first of its domain.
    pub(super) fn known(&self) -> Vec<(ViewId, Vec<Name>)> {
        let names = |key: &(ViewId, Box<[u8]>)| Some((key.0, self.known.get(key)?.clone()));
        self.order.iter().filter_map(names).collect()
    }

    /// Adds the names of keys of a domain that an earlier process knew.
    pub(super) fn restore(&mut self, view: ViewId, names: &[Name]) {
        let Some(domain) = names.first().and_then(domain_of) else { return };
        let key = (view, wire_name(&domain).into_boxed_slice());
        if self.known.len() < MAX_SELECTOR_DOMAINS && !self.known.contains_key(&key) {
            let same = names.iter().filter(|name| domain_of(name).as_ref() == Some(&domain));
            self.known.insert(key.clone(), same.take(MAX_SELECTORS).cloned().collect());
            self.order.push_back(key);
        }
    }

    pub(super) fn for_domain(&self, view: ViewId, domain: &Name) -> &[Name] {
        let key = (view, wire_name(domain).into_boxed_slice());
        self.known.get(&key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Returns the domain of the name of a DKIM key: the labels after `_domainkey`.
fn domain_of(name: &Name) -> Option<Name> {
    let place = name.iter().position(|label| label == LABEL).filter(|place| *place > 0)?;
    Name::from_labels(name.iter().skip(place.saturating_add(1))).ok()
}

/// Returns true for the record of a DKIM key, which has the tag `p` (RFC 6376 section 3.6.1).
fn is_key(text: &[u8]) -> bool {
    text.split(|octet| *octet == b';').any(|tag| tag.trim_ascii_start().starts_with(b"p="))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::clock::Mono;
    use dns::question::Question;
    use dns::random::Random;
    use dns::stage::name;
    use dns::wire::compose;
    use dns::wire::compose::AnswerParts;
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::rdata::TXT;
    use hickory_proto::rr::{RData, Record, RecordType};

    fn text(text: &str) -> Answer {
        let question = Question::new(&name("key.example."), RecordType::TXT);
        let data = RData::TXT(TXT::new(vec![text.to_owned()]));
        let answers = [Record::from_rdata(question.name.clone(), 300, data)];
        let (rcode, stored) = (ResponseCode::NoError, Mono::START);
        let (extended_error, list) = (None, None);
        let (question, authorities) = (&question, &[]);
        let answers = &answers;
        compose::answer(&AnswerParts { question, rcode, answers, authorities, stored, extended_error, list })
            .unwrap()
    }

    // Only names that hold a DKIM key count, and the oldest domains give way.
    #[test]
    fn recent_dkim_selectors_are_kept() {
        let (view, mut selectors) = (ViewId::default(), Selectors::new(Keyed::new(&Random::seeded(1))));
        for asked in
            ["s1._domainkey.one.example.", "a.b._domainkey.one.example.", "s1._domainkey.one.example."]
        {
            selectors.note(view, &name(asked), &text("v=DKIM1; k=rsa; p=abc"));
        }
        for other in ["_domainkey.one.example.", "mail.one.example.", "s1._domainkey.two.example."] {
            selectors.note(view, &name(other), &text("p=abc"));
        }
        let known = |selectors: &Selectors, domain| -> Vec<String> {
            selectors.for_domain(view, &name(domain)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            known(&selectors, "One.example."),
            ["s1._domainkey.one.example.", "a.b._domainkey.one.example."]
        );
        assert!(known(&selectors, "example.").is_empty());
        // A wildcard of the zone may answer for a forged selector. Its TXT record is no DKIM key, so the selector is not kept.
        selectors.note(view, &name("forged._domainkey.one.example."), &text("v=spf1 -all"));
        assert_eq!(known(&selectors, "one.example.").len(), 2);
        let key = text("v=DKIM1; p=abc");
        (2..9).for_each(|number| {
            selectors.note(view, &name(&format!("s{number}._domainkey.one.example.")), &key)
        });
        assert_eq!(known(&selectors, "one.example.").len(), MAX_SELECTORS);
        assert_eq!(known(&selectors, "one.example.")[0], "s8._domainkey.one.example.");
        (0..MAX_SELECTOR_DOMAINS).for_each(|number| {
            selectors.note(view, &name(&format!("s._domainkey.d{number}.example.")), &key)
        });
        assert!(known(&selectors, "one.example.").is_empty(), "the oldest domains give way");
        assert_eq!(selectors.known.len(), MAX_SELECTOR_DOMAINS);
    }
}
