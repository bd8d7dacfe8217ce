//! Removes the keys of clients of DNS lists from what is read of the record, and what `history.redact` names from what is
//! stored on disk.
//!
//! A client that has a key sends it in each name, in the label before the apex of the list. The rings have names as
//! they came, because a hit is written without looking at it. No reader gets an entry that did not pass here, so that
//! no screen, reply or file can have a key.

use std::net::Ipv4Addr;
use std::ops::Range;

use super::entry::{Entry, Link};
use super::message::domain_of;
use crate::limits::MIN_LIST_KEY;
use crate::question::{is_within, label_places, name_of_wire};

/// The parts of an entry that are not written to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// The addresses of clients.
    pub clients: bool,
    /// The names asked for, except their domains, and the names and addresses in answers.
    pub names: bool,
}

/// Stands for a sentence that may have a name.
const REDACTED: &str = "redacted (history.redact)";

impl Redaction {
    /// A name in lower-case wire form, as it may be shown outside of the record.
    pub fn name(self, name: &[u8]) -> Box<[u8]> {
        if self.names { domain_of(name) } else { name.into() }
    }

    /// The entry as the disk gets it.
    pub(super) fn applied(self, mut entry: Entry) -> Entry {
        match &mut entry {
            Entry::Question(question) => {
                if self.clients {
                    question.client = Ipv4Addr::UNSPECIFIED.into();
                }
                if self.names {
                    question.name = domain_of(&question.name);
                    hide(&mut question.error);
                }
            }
            Entry::Flight(flight) if self.names => {
                flight.name = domain_of(&flight.name);
                flight.links.clear();
                hide(&mut flight.why);
            }
            Entry::Flight(_) | Entry::Outage(..) => {}
        }
        entry
    }
}

fn hide(text: &mut Box<str>) {
    if !text.is_empty() {
        *text = REDACTED.into();
    }
}

/// Stands for a key in names and in texts, as in `exchange::secret`.
const STANDS_FOR: &str = "_key";

/// The apexes of the lists whose clients send a key.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    apexes: Vec<KeyedApex>,
}

/// An apex before which a key may stand.
#[derive(Clone, Debug)]
struct KeyedApex {
    /// In lower-case wire form.
    wire: Box<[u8]>,
    /// Without the last dot.
    text: String,
    /// Octets of the shortest label that is a key. A shorter one is part of what the list is asked about.
    shortest: usize,
}

impl Secrets {
    /// Keys before these apexes, which are in lower-case wire form.
    pub fn before<Apex: Into<Box<[u8]>>>(apexes: impl IntoIterator<Item = Apex>) -> Self {
        Self { apexes: apexes.into_iter().map(|apex| KeyedApex::new(apex.into(), 1)).collect() }
    }

    /// Also keys before these apexes, which are asked without a key too: labels that are long enough for one.
    #[must_use]
    pub fn and_keys_before(mut self, apexes: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.apexes.extend(apexes.into_iter().map(|apex| KeyedApex::new(apex.into(), MIN_LIST_KEY)));
        self
    }

    /// The entry without keys.
    pub(super) fn removed(&self, mut entry: Entry) -> Entry {
        match &mut entry {
            Entry::Question(question) => {
                self.hide_in_name(&mut question.name);
                self.hide_in_text(&mut question.error);
            }
            Entry::Flight(flight) => {
                self.hide_in_name(&mut flight.name);
                self.hide_in_name(&mut flight.zone);
                self.hide_in_text(&mut flight.why);
                for message in &mut flight.messages {
                    if let Some(hidden) = self.hidden(&message.zone) {
                        message.zone = hidden.into();
                    }
                }
                for link in &mut flight.links {
                    if let Link::Name(name) = link {
                        self.hide_in_name(name);
                    }
                }
            }
            Entry::Outage(..) => {}
        }
        entry
    }

    fn hide_in_name(&self, name: &mut Box<[u8]>) {
        if let Some(hidden) = self.hidden(name) {
            *name = hidden;
        }
    }

    /// The name with the label before an apex replaced; none if there is nothing to hide. Both are in lower-case wire form.
    pub fn hidden(&self, name: &[u8]) -> Option<Box<[u8]>> {
        let key = self.place_of_key(name)?;
        let length = u8::try_from(STANDS_FOR.len()).ok()?;
        let label = [length].into_iter().chain(STANDS_FOR.bytes());
        let (before, apex) = (name.get(..key.start.checked_sub(1)?)?, name.get(key.end..)?);
        Some(before.iter().copied().chain(label).chain(apex.iter().copied()).collect())
    }

    /// The key in a name, which is in lower-case wire form.
    pub fn key_in<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        name.get(self.place_of_key(name)?)
    }

    /// The apexes, in lower-case wire form.
    pub fn apexes(&self) -> impl Iterator<Item = &[u8]> {
        self.apexes.iter().map(|apex| &*apex.wire)
    }

    fn place_of_key(&self, name: &[u8]) -> Option<Range<usize>> {
        let within = |apex: &&KeyedApex| name.ends_with(&apex.wire) && is_within(name, &apex.wire);
        let KeyedApex { wire: apex, shortest, .. } = self.apexes.iter().find(within)?;
        let behind = name.len().checked_sub(apex.len())?;
        let begin = label_places(name).take_while(|place| *place < behind).last()?;
        let is_key = usize::from(*name.get(begin)?) >= *shortest;
        is_key.then_some(begin.saturating_add(1)..behind)
    }

    fn hide_in_text(&self, text: &mut Box<str>) {
        if text.is_empty() {
            return;
        }
        for KeyedApex { text: apex, shortest, .. } in &self.apexes {
            let dotted = format!(".{apex}");
            let mut from = 0;
            while let Some(at) = text.to_ascii_lowercase().get(from..).and_then(|rest| rest.find(&dotted)) {
                let dot = from.saturating_add(at);
                let label = text.get(..dot).unwrap_or_default();
                let begin =
                    label.rfind(['.', ' ', '"', '\'', '(']).map_or(0, |place| place.saturating_add(1));
                if dot.saturating_sub(begin) < *shortest {
                    from = dot.saturating_add(dotted.len());
                    continue;
                }
                let (before, behind) =
                    (text.get(..begin).unwrap_or_default(), text.get(dot..).unwrap_or_default());
                let told = format!("{before}{STANDS_FOR}{behind}");
                from = begin.saturating_add(STANDS_FOR.len()).saturating_add(dotted.len());
                *text = told.into();
            }
        }
    }
}

impl KeyedApex {
    fn new(wire: Box<[u8]>, shortest: usize) -> Self {
        let text = name_of_wire(&wire).to_ascii().trim_end_matches('.').to_owned();
        Self { wire, text, shortest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::wire_name;
    use hickory_proto::rr::Name;

    fn wire(text: &str) -> Box<[u8]> {
        wire_name(&Name::from_ascii(text).unwrap()).into()
    }

    #[test]
    fn the_label_before_the_apex_is_hidden_in_names_and_texts() {
        let secrets =
            Secrets::before([wire("dq.example.")]).and_keys_before([wire("combined.example.").into_vec()]);
        for (name, told) in [
            ("2.0.0.127.s3cret-s3cret.combined.example.", Some("2.0.0.127._key.combined.example.")),
            ("2.0.0.127.combined.example.", None),
            ("2.0.0.127.s3cret.dq.example.", Some("2.0.0.127._key.dq.example.")),
            ("s3cret.dq.example.", Some("_key.dq.example.")),
            ("dq.example.", None),
            ("s3cret.xdq.example.", None),
            ("example.", None),
        ] {
            assert_eq!(secrets.hidden(&wire(name)), told.map(wire), "{name}");
        }
        for (text, told) in [
            ("no server of s3cret.dq.example. answers", "no server of _key.dq.example. answers"),
            (
                "2.0.0.127.S3cret.DQ.example. and \"s3cret.dq.example\" (s3cret.dq.example.)",
                "2.0.0.127._key.DQ.example. and \"_key.dq.example\" (_key.dq.example.)",
            ),
            ("dq.example. is silent", "dq.example. is silent"),
            (
                "2.0.0.127.combined.example. and 127.s3cret-s3cret.combined.example.",
                "2.0.0.127.combined.example. and 127._key.combined.example.",
            ),
            ("", ""),
        ] {
            let mut found: Box<str> = text.into();
            secrets.hide_in_text(&mut found);
            assert_eq!(&*found, told);
        }
    }
}
