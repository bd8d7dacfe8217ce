//! Removes the customer keys of DNS lists from everything that is read from the history. Removes the addresses of clients, or also parts of
//! names, from everything that is stored on disk, if `history.redact` says so.
//!
//! A client with a key for a DNS list sends it in each queried name, in the label before the apex of the list. The history in memory
//! contains the names as they came, because a cache hit is recorded without looking at its name; the module `names` removes the keys when
//! entries are read.

use hickory_proto::rr::Name;

use crate::domain::domain_of;
use crate::entry::{Entry, QuestionEntry};
use crate::hidden_clients::ClientNumbers;
use dns::limits::MIN_LIST_KEY;
use dns::question::{label_places, name_of_wire, name_text, wire_name};

/// What is written neither to disk nor to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redaction {
    /// True if addresses, ports and local users of clients are hidden.
    pub clients: bool,
    /// True if queried names are reduced to their domains, and names and addresses in answers are left out.
    pub names: bool,
}

/// Replaces a sentence that may contain a name.
pub(crate) const REDACTED: &str = "redacted (history.redact)";

impl Redaction {
    /// Returns the part of a name that may leave memory, for example to the log: only its domain, if names are hidden. `name` is in
    /// lower-case wire form.
    pub fn name(self, name: &[u8]) -> Box<[u8]> {
        if self.names { domain_of(name) } else { name.into() }
    }

    pub(crate) fn hide_client(self, question: &mut QuestionEntry, numbers: ClientNumbers) {
        if self.clients {
            (question.client, question.port) = (numbers.number(question.client), 0);
            question.user = None;
        }
    }

    /// Returns a sentence for the log. If names are hidden, each name (a word that ends with a dot) is reduced to its domain, except those
    /// in `kept`.
    pub(crate) fn text(self, text: &str, kept: &[&str]) -> String {
        if !self.names {
            return text.to_owned();
        }
        let shortened = |word: &str| {
            let name = word.trim_matches(['(', ')', ',', ';', ':', '`', '"']);
            let is_kept = !name.ends_with('.') || kept.contains(&name);
            let known = Name::from_utf8(name).or_else(|_| Name::from_ascii(name)).ok().filter(|_| !is_kept);
            known.map_or_else(
                || word.to_owned(),
                |known| word.replace(name, &name_text(&self.shortened(&known))),
            )
        };
        text.split(' ').map(shortened).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn shortened(self, name: &Name) -> Name {
        name_of_wire(&self.name(&wire_name(&name.to_lowercase())))
    }

    pub(crate) fn applied(self, mut entry: Entry, numbers: ClientNumbers) -> Entry {
        match &mut entry {
            Entry::Question(question) => {
                self.hide_client(question, numbers);
                if self.names {
                    question.name = domain_of(&question.name).into();
                    hide(&mut question.error);
                }
            }
            Entry::Flight(flight) if self.names => {
                flight.name = domain_of(&flight.name).into();
                flight.links.clear();
                hide(&mut flight.why);
            }
            Entry::Flight(_) | Entry::Outage(..) | Entry::Owner(_) | Entry::Delay(_) => {}
        }
        entry
    }
}

fn hide(text: &mut Box<str>) {
    if !text.is_empty() {
        *text = REDACTED.into();
    }
}

/// Replaces a key in names and texts. `dns::secret` uses the same label.
const STANDS_FOR: &str = "_key";

/// A label of this many octets or more may be the key of an unknown DNS list. Keys of known lists have 26 or 32 octets.
const KEY_LENGTH: usize = 16;

/// Returns true if a label may be a customer key: it is long, and consists of letters and digits, with at least one of each.
pub fn looks_like_a_key(label: &[u8]) -> bool {
    label.len() >= KEY_LENGTH
        && label.iter().all(u8::is_ascii_alphanumeric)
        && label.iter().any(u8::is_ascii_digit)
        && label.iter().any(u8::is_ascii_alphabetic)
}

/// Finds customer keys in names. A key is the label before the apex of a DNS list that expects a key. The apex may be anywhere in the name,
/// because the C library may append a search domain. Below the zone of a known provider of lists, and after a reversed address, every label
/// that looks like a key counts as a key.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    apexes: Vec<KeyedApex>,
    /// Zones of known operators of DNS lists, in lower-case wire form.
    providers: Vec<Box<[u8]>>,
    /// True if every label that looks like a key counts as one, because the lists are not known yet.
    are_unknown: bool,
}

/// The apex of a DNS list with customer keys.
#[derive(Clone, Debug)]
struct KeyedApex {
    /// In lower-case wire form.
    wire: Box<[u8]>,
    /// The octets of the shortest key. A shorter label before the apex is a part of the name for which the list is queried.
    shortest: usize,
}

impl Secrets {
    /// Creates a filter for which every label before one of these apexes (lower-case wire form) is a key.
    pub fn before<Apex: Into<Box<[u8]>>>(apexes: impl IntoIterator<Item = Apex>) -> Self {
        let mut secrets = Self::default();
        apexes.into_iter().for_each(|apex| secrets.add(apex.into(), 1));
        secrets
    }

    /// Creates a filter for the time before the DNS lists are known: every label that looks like a key counts as one.
    pub(crate) fn unknown() -> Self {
        Self { are_unknown: true, ..Self::default() }
    }

    /// Adds apexes of lists that clients also query without a key: before them, only a label of at least `MIN_LIST_KEY` octets is a key.
    #[must_use]
    pub fn and_keys_before(mut self, apexes: impl IntoIterator<Item = Vec<u8>>) -> Self {
        apexes.into_iter().for_each(|apex| self.add(apex.into(), MIN_LIST_KEY));
        self
    }

    fn add(&mut self, wire: Box<[u8]>, shortest: usize) {
        self.apexes.push(KeyedApex { wire, shortest });
    }

    /// Adds zones of list providers, which may have lists that resolverd does not know: below them, labels that look like a key count as
    /// keys.
    #[must_use]
    pub fn and_below(mut self, providers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        self.providers.extend(providers.into_iter().map(Into::into));
        self
    }

    /// Removes the customer keys from a question for the log or for a watcher. (The module `names` removes them from questions that are read
    /// from the history.)
    pub(crate) fn question(&self, mut question: QuestionEntry) -> QuestionEntry {
        if let Some(hidden) = self.hidden(&question.name) {
            question.name = hidden.into();
        }
        question.error = self.text(question.error);
        question
    }

    pub(crate) fn name(&self, name: &Name) -> Name {
        let hidden = self.hidden(&wire_name(&name.to_lowercase()));
        hidden.map_or_else(|| name.clone(), |hidden| name_of_wire(&hidden))
    }

    /// Returns the name with its customer keys replaced. Returns `None` if it contains no key. Both names are in lower-case wire form.
    pub fn hidden(&self, name: &[u8]) -> Option<Box<[u8]>> {
        let keys = self.places(name);
        if keys.is_empty() {
            return None;
        }
        let mut hidden = Vec::with_capacity(name.len());
        for place in label_places(name) {
            if keys.contains(&place) {
                hidden.push(u8::try_from(STANDS_FOR.len()).ok()?);
                hidden.extend_from_slice(STANDS_FOR.as_bytes());
            } else {
                hidden.push(*name.get(place)?);
                hidden.extend_from_slice(label(name, place));
            }
        }
        hidden.push(0);
        Some(hidden.into())
    }

    /// Returns the apexes of lists and the zones of providers, in lower-case wire form.
    pub fn apexes(&self) -> impl Iterator<Item = &[u8]> {
        self.apexes.iter().map(|apex| &*apex.wire).chain(self.providers.iter().map(|zone| &**zone))
    }

    fn is_of_provider(&self, name: &[u8]) -> bool {
        let mut rests = label_places(name).filter_map(|place| name.get(place..));
        rests.any(|rest| self.providers.iter().any(|zone| begins_with(rest, zone)))
    }

    /// Returns the positions of the labels that are customer keys, in octets.
    fn places(&self, name: &[u8]) -> Vec<usize> {
        let mut keys = Vec::new();
        let (mut before, mut numbers) = (None, Address::default());
        let mut alike = Vec::new();
        for place in label_places(name) {
            let rest = name.get(place..).unwrap_or_default();
            for apex in &self.apexes {
                if let Some(before) = before.filter(|_| begins_with(rest, &apex.wire))
                    && label(name, before).len() >= apex.shortest
                {
                    keys.push(before);
                }
            }
            let label = label(name, place);
            if looks_like_a_key(label) {
                alike.push((place, numbers.is_whole()));
            }
            numbers.add(label);
            before = Some(place);
        }
        let of_provider = !alike.is_empty() && (self.are_unknown || self.is_of_provider(name));
        keys.extend(alike.into_iter().filter(|(_, follows)| of_provider || *follows).map(|(place, _)| place));
        keys
    }

    /// Returns a text, for instance a line of JSON, without customer keys.
    pub fn without_keys(&self, text: String) -> String {
        if self.is_empty() {
            return text;
        }
        self.text(text.into()).into()
    }

    /// Returns true if this filter changes no name.
    pub const fn is_empty(&self) -> bool {
        self.apexes.is_empty() && self.providers.is_empty() && !self.are_unknown
    }

    pub(crate) fn text(&self, mut text: Box<str>) -> Box<str> {
        if !text.is_empty() {
            self.hide_in_text(&mut text);
        }
        text
    }

    /// Replaces the customer keys in the names of a text. A name is a word that contains dots.
    fn hide_in_text(&self, text: &mut Box<str>) {
        let is_sign = |letter: char| {
            letter.is_whitespace() || matches!(letter, '"' | '\'' | '`' | '(' | ')' | ',' | ';' | ':' | '/')
        };
        let mut hidden = String::with_capacity(text.len());
        for word in text.split_inclusive(is_sign) {
            let (word, sign) = match word.char_indices().next_back().filter(|(_, last)| is_sign(*last)) {
                Some((at, _)) => word.split_at_checked(at).unwrap_or((word, "")),
                None => (word, ""),
            };
            hidden.push_str(&self.hidden_word(word).unwrap_or_else(|| word.to_owned()));
            hidden.push_str(sign);
        }
        if *hidden != **text {
            *text = hidden.into();
        }
    }

    fn hidden_word(&self, word: &str) -> Option<String> {
        let labels: Vec<&str> = word.split('.').collect();
        if labels.len() < 2 || labels.iter().any(|label| label.len() > MAX_LABEL) {
            return None;
        }
        let mut wire = Vec::with_capacity(word.len().saturating_add(2));
        let mut places = Vec::new();
        for label in &labels {
            // The label after the last dot is the root, which has no position.
            places.push(if label.is_empty() { None } else { Some(wire.len()) });
            if !label.is_empty() {
                wire.push(u8::try_from(label.len()).ok()?);
                wire.extend(label.bytes().map(|octet| octet.to_ascii_lowercase()));
            }
        }
        wire.push(0);
        let keys = self.places(&wire);
        if keys.is_empty() {
            return None;
        }
        let shown = labels.iter().zip(places).map(|(label, place)| {
            if place.is_some_and(|place| keys.contains(&place)) { STANDS_FOR } else { label }
        });
        Some(shown.collect::<Vec<_>>().join("."))
    }
}

/// In octets (RFC 1035 section 2.3.4).
const MAX_LABEL: usize = 63;

/// Returns the label at the octet `place` of a name in wire form.
fn label(name: &[u8], place: usize) -> &[u8] {
    let length = name.get(place).copied().unwrap_or(0).into();
    name.get(place.saturating_add(1)..).and_then(|rest| rest.get(..length)).unwrap_or_default()
}

/// Returns true if a name begins with the labels of a zone (without the root label).
fn begins_with(name: &[u8], zone: &[u8]) -> bool {
    // The first octet, the length of the first label, differs in most cases.
    name.first() == zone.first()
        && zone.split_last().is_some_and(|(_, labels)| !labels.is_empty() && name.starts_with(labels))
}

#[derive(Default)]
struct Address {
    four: u8,
    six: u8,
}

impl Address {
    fn add(&mut self, label: &[u8]) {
        let is_octet = (1..=3).contains(&label.len()) && label.iter().all(u8::is_ascii_digit);
        let is_digit = label.len() == 1 && label.iter().all(u8::is_ascii_hexdigit);
        self.four = if is_octet { self.four.saturating_add(1) } else { 0 };
        self.six = if is_digit { self.six.saturating_add(1) } else { 0 };
    }

    fn is_whole(&self) -> bool {
        self.four >= 4 || self.six >= 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_sentence_keeps_zones_and_lists() {
        let redaction = Redaction { clients: true, names: true };
        for (text, shown) in [
            ("timeout at ns.mail.one.test. (after 2 s)", "timeout at one.test. (after 2 s)"),
            ("the chain of a.b.one.test., of x", "the chain of one.test., of x"),
            ("192.0.2.1 timeout, 2001:db8::1 SERVFAIL", "192.0.2.1 timeout, 2001:db8::1 SERVFAIL"),
            ("no server of a.list.test. or of .", "no server of a.list.test. or of ."),
            ("`resolverctl check mail.one.test.`", "`resolverctl check one.test.`"),
        ] {
            assert_eq!(redaction.text(text, &["a.list.test."]), shown);
            assert_eq!(Redaction::default().text(text, &[]), text);
        }
    }

    fn wire(text: &str) -> Box<[u8]> {
        wire_name(&Name::from_ascii(text).unwrap()).into()
    }

    #[test]
    fn misplaced_list_key_is_hidden() {
        const KEY: &str = "a1b2c3d4e5f6a7b8c9d0e1f2g3";
        let secrets = Secrets::before([wire("zen.dq.example.")]).and_below([wire("dq.example.").into_vec()]);
        for (name, shown) in [
            ("2.0.0.127.KEY.zen.dq.example.corp.test.", Some("2.0.0.127._key.zen.dq.example.corp.test.")),
            ("2.0.0.127.s3cret.zen.dq.example.corp.test.", Some("2.0.0.127._key.zen.dq.example.corp.test.")),
            ("2.0.0.127.KEY.new.dq.example.", Some("2.0.0.127._key.new.dq.example.")),
            ("KEY.2.0.0.127.zen.dq.example.", Some("_key.2.0.0._key.zen.dq.example.")),
            ("KEY.dq.example.", Some("_key.dq.example.")),
            ("shop.test.KEY.new.dq.example.", Some("shop.test._key.new.dq.example.")),
            ("2.0.0.127.KEY.stranger.test.", Some("2.0.0.127._key.stranger.test.")),
            // In these names, no label counts as a key: none looks like a key, or the label comes neither after a whole reversed address nor in a
            // zone of the provider.
            ("2.0.0.127.new.dq.example.", None),
            ("0.127.KEY.stranger.test.", None),
            ("KEY.cdn.test.", None),
        ] {
            let [name, shown] = [Some(name), shown].map(|text| text.map(|text| text.replace("KEY", KEY)));
            let name = name.unwrap();
            assert_eq!(secrets.hidden(&wire(&name)), shown.as_deref().map(wire), "{name}");
            let mut text: Box<str> =
                format!("no server of {name} answers: 192.0.2.1 timeout (\"{name}\")").into();
            secrets.hide_in_text(&mut text);
            let shown = shown.as_ref().unwrap_or(&name);
            assert_eq!(*text, *format!("no server of {shown} answers: 192.0.2.1 timeout (\"{shown}\")"));
        }
    }

    #[test]
    fn label_before_apex_is_hidden() {
        let secrets =
            Secrets::before([wire("dq.example.")]).and_keys_before([wire("combined.example.").into_vec()]);
        for (name, shown) in [
            ("2.0.0.127.s3cret-s3cret.combined.example.", Some("2.0.0.127._key.combined.example.")),
            ("2.0.0.127.combined.example.", None),
            ("2.0.0.127.s3cret.dq.example.", Some("2.0.0.127._key.dq.example.")),
            ("s3cret.dq.example.", Some("_key.dq.example.")),
            ("dq.example.", None),
            ("s3cret.xdq.example.", None),
            ("example.", None),
        ] {
            assert_eq!(secrets.hidden(&wire(name)), shown.map(wire), "{name}");
        }
        for (text, shown) in [
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
            assert_eq!(&*found, shown);
        }
    }
}
