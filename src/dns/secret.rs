//! The customer's key for a DNS list: a secret label that a customer of the list must put into the name of each query.
//!
//! Only `exchange` inserts the key into a query, and removes it from the reply. All other code uses names with a placeholder label, so that no log,
//! table, trace or error can contain the key.

use std::fmt;
use std::sync::Arc;

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::{CNAME, NS, TXT};
use hickory_proto::rr::{Name, RData, Record};

use crate::limits::MIN_LIST_KEY;

/// The placeholder label for the key in names. No host name contains it, because it begins with an underscore (RFC 8552). It is never sent.
pub const STANDS_FOR: &[u8] = b"_key";

/// The placeholder for the key in texts, such as the data of TXT records.
const HIDDEN: &[u8] = b"(key)";

/// The secret key of a customer of a DNS list. It is one label of a name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(Arc<[u8]>);

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(hidden)")
    }
}

impl Key {
    /// Parses a key, ignoring white space around it. Returns `None` if it is not one label of letters, digits, `-` and `_`, or if it is so short that
    /// it could occur by chance in other text.
    pub fn read(text: &str) -> Option<Self> {
        let label = text.trim().to_ascii_lowercase();
        let fits = (MIN_LIST_KEY..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        fits.then(|| Self(label.into_bytes().into()))
    }
}

/// A customer's key and its position in names: the key is the label directly before `base`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Secret {
    base: Name,
    key: Key,
}

impl Secret {
    /// Creates a secret from the key and the part of the name after the key.
    pub fn new(base: Name, key: Key) -> Self {
        Self { base, key }
    }

    /// Returns the part of the name after the key. This part is not secret.
    pub fn base(&self) -> &Name {
        &self.base
    }

    /// Returns true if a name contains the key, as a label or as part of a label.
    pub fn is_in(&self, name: &Name) -> bool {
        let is_key = |part: &[u8]| part.eq_ignore_ascii_case(&self.key.0);
        name.iter().any(|label| label.windows(self.key.0.len()).any(is_key))
    }

    /// Returns `name` with the key instead of the placeholder label. A name without placeholder is not changed.
    pub fn put_in(&self, name: &Name) -> Name {
        self.exchanged(name, STANDS_FOR, &self.key.0)
    }

    /// Overwrites the key wherever it occurs in the octets of a DNS message.
    pub fn blot(&self, octets: &mut [u8]) {
        let key = &*self.key.0;
        let mut from = 0_usize;
        while let Some(place) = find(octets.get(from..).unwrap_or_default(), key) {
            let begin = from.saturating_add(place);
            from = begin.saturating_add(key.len());
            for (octet, filler) in
                octets.get_mut(begin..from).into_iter().flatten().zip(STANDS_FOR.iter().cycle())
            {
                *octet = *filler;
            }
        }
    }

    /// Replaces the key by the placeholder in the names and texts of a reply.
    pub fn take_out(&self, message: &mut Message) {
        let hidden = |name: &Name| self.exchanged(name, &self.key.0, STANDS_FOR);
        for query in &mut message.queries {
            let name = hidden(query.name());
            query.set_name(name);
        }
        for section in [&mut message.answers, &mut message.authorities, &mut message.additionals] {
            for record in section.iter_mut() {
                record.name = hidden(&record.name);
                self.hide_in(record);
            }
            // Records that contain the key in other places are removed. No client needs them.
            section.retain(|record| !self.shows(record));
        }
    }

    fn hide_in(&self, record: &mut Record) {
        let hidden = |name: &Name| self.exchanged(name, &self.key.0, STANDS_FOR);
        match &mut record.data {
            RData::CNAME(target) => *target = CNAME(hidden(&target.0)),
            RData::NS(server) => *server = NS(hidden(&server.0)),
            RData::SOA(soa) => {
                soa.mname = hidden(&soa.mname);
                soa.rname = hidden(&soa.rname);
            }
            RData::TXT(text) => {
                let parts: Vec<Vec<u8>> = text.txt_data.iter().map(|part| self.blotted(part)).collect();
                *text = TXT::from_bytes(parts.iter().map(Vec::as_slice).collect());
            }
            _ => {}
        }
    }

    fn blotted(&self, text: &[u8]) -> Vec<u8> {
        let (mut hidden, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.first() {
            let here = rest.get(..self.key.0.len());
            if here.is_some_and(|here| here.eq_ignore_ascii_case(&self.key.0)) {
                hidden.extend_from_slice(HIDDEN);
                rest = rest.get(self.key.0.len()..).unwrap_or_default();
            } else {
                hidden.push(*first);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        hidden
    }

    /// Returns true if a record contains the key, in its text or in undecoded data.
    fn shows(&self, record: &Record) -> bool {
        let text = format!("{} {}", record.name, record.data).to_ascii_lowercase();
        let raw = match &record.data {
            RData::Unknown { rdata, .. } => rdata.anything.to_ascii_lowercase(),
            _ => Vec::new(),
        };
        let holds = |text: &[u8]| text.windows(self.key.0.len()).any(|part| *part == *self.key.0);
        holds(text.as_bytes()) || holds(&raw)
    }

    /// Replaces the label directly before `base` by `to` if this label is `from`.
    fn exchanged(&self, name: &Name, from: &[u8], to: &[u8]) -> Name {
        let above = self.base.iter().len();
        let Some(place) = name.iter().len().checked_sub(above.saturating_add(1)) else {
            return name.clone();
        };
        let meant = name.iter().nth(place).is_some_and(|label| label.eq_ignore_ascii_case(from));
        if !meant || !self.base.zone_of(name) {
            return name.clone();
        }
        let labels = name.iter().enumerate().map(|(at, label)| if at == place { to } else { label });
        let mut exchanged = Name::from_labels(labels).unwrap_or_else(|_| name.clone());
        exchanged.set_fqdn(true);
        exchanged
    }
}

/// Returns the first position of `part` in `octets`. Upper and lower case are equal.
fn find(octets: &[u8], part: &[u8]) -> Option<usize> {
    octets.windows(part.len().max(1)).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::name;
    use hickory_proto::op::Query;
    use hickory_proto::rr::RecordType;
    use hickory_proto::rr::rdata::{A, SOA};

    fn secret() -> Secret {
        Secret::new(name("zen.dq.example."), Key::read("  S3cretS3cret\n").unwrap())
    }

    #[test]
    fn key_replaces_placeholder_before_base() {
        let sent = |text| secret().put_in(&name(text)).to_string();
        assert_eq!(sent("4.3.2.1._key.zen.dq.example."), "4.3.2.1.s3crets3cret.zen.dq.example.");
        for same in ["_key.other.", "zen.dq.example.", "_key.4.zen.dq.example.", "4._key.dq.example."] {
            assert_eq!(sent(same), same);
        }
    }

    #[test]
    fn key_in_any_label_is_found() {
        for holds in ["4.s3cretS3cret.zen.dq.example.", "s3crets3cret.other.", "a-S3CRETS3CRET-b."] {
            assert!(secret().is_in(&name(holds)), "{holds}");
        }
        for other in ["4._key.zen.dq.example.", "s3cret.s3cret.", "."] {
            assert!(!secret().is_in(&name(other)), "{other}");
        }
    }

    #[test]
    fn nothing_that_comes_back_tells_it() {
        let owner = name("4.3.2.1.S3cretS3cret.zen.dq.example.");
        let mut message = Message::query();
        message.add_query(Query::query(owner.clone(), RecordType::A));
        let add = |data| Record::from_rdata(owner.clone(), 60, data);
        message.add_answers([
            add(RData::A(A::new(127, 0, 0, 2))),
            add(RData::TXT(TXT::new(vec!["see https://l.example/?k=s3cretS3CRET&x".to_owned()]))),
            add(RData::CNAME(CNAME(name("x.s3crets3cret.elsewhere.")))),
        ]);
        let apex = name("s3crets3cret.zen.dq.example.");
        let soa = SOA::new(apex.clone(), apex.clone(), 1, 2, 3, 4, 5);
        message.add_authority(Record::from_rdata(apex, 60, RData::SOA(soa)));
        secret().take_out(&mut message);
        assert_eq!(message.answers.len(), 2, "an alias that tells it is dropped");
        let text = format!("{message:?}").to_ascii_lowercase();
        assert!(!text.contains("s3crets3cret"), "{text}");
        assert!(message.answers[1].data.to_string().contains("k=(key)&x"), "{message:?}");
        assert!(!format!("{:?}", secret()).to_ascii_lowercase().contains("s3cret"));
        let octets = message.to_vec().unwrap().to_ascii_lowercase();
        assert!(!octets.windows(12).any(|part| part == b"s3crets3cret"));
    }

    #[test]
    fn invalid_labels_are_no_keys() {
        for wrong in ["", "short", "with.dot.in.it", "with space in it", &"x".repeat(64)] {
            assert_eq!(Key::read(wrong), None);
        }
    }

    // The length of no label changes, so the octets stay a DNS message.
    #[test]
    fn key_in_octets_is_overwritten() {
        let mut octets = *b"\x01a\x0cS3cretS3cret\x04list\x00 and k=s3crets3cret!";
        secret().blot(&mut octets);
        assert_eq!(&octets, b"\x01a\x0c_key_key_key\x04list\x00 and k=_key_key_key!");
        let mut short = *b"ab";
        secret().blot(&mut short);
        assert_eq!(&short, b"ab");
    }
}
