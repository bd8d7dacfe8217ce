//! Removes from a copied DNS message what must not leave the host: the keys of customers of DNS lists, and the parts that `history.redact` excludes.

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, Record};

use super::tapped::TappedMessage;
use dns::question::{label_places, wire_name};
use dns::wire::{HEADER, response};
use record::redact::{Redaction, Secrets, looks_like_a_key};

/// The number of octets of the type and the class, which follow the name in a question.
const QUESTION_END: usize = 4;

pub(super) fn cleaned(mut message: TappedMessage, redaction: Redaction, secrets: &Secrets) -> TappedMessage {
    let shown = |name: &[u8]| {
        let name = redaction.name(name);
        secrets.hidden(&name).unwrap_or(name)
    };
    if redaction.names || has_a_key(&message.octets, secrets) {
        message.octets = question_of(&message.octets, shown);
    }
    if redaction.clients && message.kind.is_of_client() {
        message.asks = None;
        message.octets =
            without_options(&message.octets).unwrap_or_else(|| question_of(&message.octets, shown));
    }
    message
}

/// Returns true if the message contains a customer key, or if it cannot be read and may contain one.
fn has_a_key(octets: &[u8], secrets: &Secrets) -> bool {
    // Most messages contain neither the apex of a DNS list with a key nor a label that looks like a key, so they need not be decoded.
    let labels = |apex: &[u8]| {
        let label = |place: usize| {
            apex.get(place..)?.split_first().map(|(length, rest)| (usize::from(*length), rest))
        };
        let mut labels = label_places(apex).filter_map(label).map(|(length, rest)| rest.get(..length));
        labels.all(|label| label.is_some_and(|label| find(octets, label).is_some()))
    };
    if !secrets.apexes().any(labels) && !has_label_like_a_key(octets) {
        return false;
    }
    let Ok(message) = response::read(octets) else { return true };
    names_of(&message).any(|name| secrets.hidden(&wire_name(name)).is_some())
}

/// Returns the names of questions, the owner names of records, and one name in the data of each record of a common type.
fn names_of(message: &Message) -> impl Iterator<Item = &Name> {
    let sections = [&message.answers, &message.authorities, &message.additionals];
    let records = sections.into_iter().flatten().flat_map(|record: &Record| {
        let target = match &record.data {
            RData::CNAME(name) => Some(&name.0),
            RData::NS(name) => Some(&name.0),
            RData::PTR(name) => Some(&name.0),
            RData::MX(mail) => Some(&mail.exchange),
            RData::SOA(soa) => Some(&soa.mname),
            RData::SRV(service) => Some(&service.target),
            _ => None,
        };
        [Some(&record.name), target].into_iter().flatten()
    });
    message.queries.iter().map(|query| query.name()).chain(records)
}

/// Returns true if `octets` contain, at any position, a length and a label of this length that looks like a customer key.
fn has_label_like_a_key(octets: &[u8]) -> bool {
    let label = |(place, length): (usize, &u8)| octets.get(place..)?.get(1..)?.get(..usize::from(*length));
    octets.iter().enumerate().filter(|(_, length)| **length < 64).filter_map(label).any(looks_like_a_key)
}

/// Returns the header and the question of a DNS message, or only the header if the question cannot be read. `shown` returns the part of the name
/// that may be shown.
fn question_of(octets: &[u8], shown: impl Fn(&[u8]) -> Box<[u8]>) -> Vec<u8> {
    let mut short = octets.get(..HEADER).unwrap_or_default().to_vec();
    // Sets the numbers of questions and records to 0. They follow the id and the flags.
    short.iter_mut().skip(4).for_each(|octet| *octet = 0);
    let question = octets.get(HEADER..).unwrap_or_default();
    let Some((name, rest)) = name_at(question) else { return short };
    let Some(end) = rest.get(..QUESTION_END) else { return short };
    if let Some(count) = short.get_mut(5) {
        *count = 1;
    }
    short.extend_from_slice(&shown(&name.to_ascii_lowercase()));
    short.extend_from_slice(end);
    short
}

/// Divides `octets` into the name in wire form at their beginning, and the rest. Returns `None` if there is no name, or if it has a
/// compression pointer.
fn name_at(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut place = 0_usize;
    loop {
        let length = usize::from(*octets.get(place)?);
        place = place.saturating_add(length).saturating_add(1);
        match length {
            0 => return octets.split_at_checked(place),
            1..=63 => {}
            _ => return None,
        }
    }
}

/// Removes EDNS options that can identify a client: the client network (RFC 7871), cookies (RFC 7873) and all unknown options, because programs put
/// names and hardware addresses of clients into options for local use (65001 to 65534). Returns `None` if the message cannot be read.
fn without_options(octets: &[u8]) -> Option<Vec<u8>> {
    let mut message = response::read(octets).ok()?;
    let Some(edns) = &mut message.edns else { return Some(octets.to_vec()) };
    let left_out =
        |(code, _): &(EdnsCode, EdnsOption)| (!SHOWN_OPTIONS.contains(&u16::from(*code))).then_some(*code);
    let options: Vec<EdnsCode> = edns.options().as_ref().iter().filter_map(left_out).collect();
    options.into_iter().for_each(|code| edns.options_mut().remove(code));
    message.to_vec().ok()
}

/// The codes of the EDNS options that do not identify a client: NSID (RFC 5001), the idle time of TCP (RFC 7828),
/// padding (RFC 7830), and extended errors (RFC 8914).
const SHOWN_OPTIONS: [u16; 4] = [3, 11, 12, 15];

/// Returns the first position of `part` in `octets`. Upper and lower case are equal.
fn find(octets: &[u8], part: &[u8]) -> Option<usize> {
    octets.windows(part.len().max(1)).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Edns, Message, Query};
    use hickory_proto::rr::rdata::{A, CNAME, TXT};
    use hickory_proto::rr::{Name, RData, Record, RecordType};

    use super::super::tapped::{TapKind, TapTransport};
    use super::*;
    use dns::clock::Mono;
    use dns::question::wire_name;

    const KEY: &str = "s3crets3cret";

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn secrets() -> Secrets {
        Secrets::before([wire_name(&name("dq.example."))])
            .and_keys_before([wire_name(&name("zen.dq.combined.example."))])
    }

    fn tapped(message: &Message) -> TappedMessage {
        TappedMessage {
            kind: TapKind::ClientResponse,
            transport: TapTransport::Udp,
            asks: Some(("10.0.0.1".parse().unwrap(), 4)),
            answers: None,
            queried: Mono::START,
            responded: None,
            octets: message.to_vec().unwrap(),
        }
    }

    fn response(owner: &str) -> Message {
        let mut message = Message::response(7, hickory_proto::op::OpCode::Query);
        let owner = name(owner);
        message.add_query(Query::query(owner.clone(), RecordType::A));
        let text = TXT::new(vec![format!("see https://l.example/?k={KEY}")]);
        message.add_answer(Record::from_rdata(owner.clone(), 60, RData::A(A::new(127, 0, 0, 2))));
        message.add_answer(Record::from_rdata(owner.clone(), 60, RData::TXT(text)));
        message
    }

    fn has(octets: &[u8], part: &str) -> bool {
        find(octets, part.as_bytes()).is_some()
    }

    #[test]
    fn tapped_list_key_leaves_question_only() {
        let key = "abcdefsecretkey123";
        let secrets = secrets().and_below([wire_name(&name("provider.example."))]);
        for (owner, hidden) in [
            ("2.0.0.127.S3cretS3cret.zen.dq.combined.example.", KEY),
            ("2.S3cretS3cret.DQ.example.", KEY),
            ("2.k3y.dq.example.", "k3y"),
            ("4.3.2.10.abcdefsecretkey123.bl.example.", key),
            ("a.abcdefsecretkey123.new.provider.example.", key),
        ] {
            let octets = cleaned(tapped(&response(owner)), Redaction::default(), &secrets).octets;
            assert!(!has(&octets, hidden), "{owner}");
            let read = Message::from_vec(&octets).unwrap();
            assert!(read.queries[0].name().to_ascii().contains("_key") && read.metadata.id == 7, "{owner}");
            assert!(read.answers.is_empty(), "{owner}");
        }
        let mut broken = tapped(&response(&format!("2.{KEY}.dq.example.")));
        broken.octets.truncate(broken.octets.len() - 3);
        let octets = cleaned(broken, Redaction::default(), &secrets).octets;
        assert!(!has(&octets, KEY) && Message::from_vec(&octets).is_ok());
        let mut alias = response("www.example.");
        let target = RData::CNAME(CNAME(name(&format!("2.{KEY}.dq.example."))));
        alias.add_answer(Record::from_rdata(name("www.example."), 60, target));
        assert!(!has(&cleaned(tapped(&alias), Redaction::default(), &secrets).octets, KEY));
    }

    #[test]
    fn tapped_message_without_key_stays() {
        let message = tapped(&response("www.example."));
        let octets = message.octets.clone();
        assert_eq!(cleaned(message, Redaction::default(), &secrets()).octets, octets);
        // A digit in a text, read as the length of a label, can make the next octets look like a key. This text must not be removed.
        let mut signed = response("mail._domainkey.example.");
        let text = TXT::new(vec![format!(
            "v=DKIM1; k=rsa; p=0{}",
            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7".repeat(5)
        )]);
        signed.add_answer(Record::from_rdata(name("mail._domainkey.example."), 60, RData::TXT(text)));
        let message = tapped(&signed);
        let octets = message.octets.clone();
        assert!(has_label_like_a_key(&octets));
        assert_eq!(cleaned(message, Redaction::default(), &secrets()).octets, octets);
    }

    #[test]
    fn tapped_message_follows_redaction() {
        let mut asked = response("mail.customer.example.");
        let mut edns = Edns::new();
        edns.options_mut().insert(EdnsOption::Unknown(EdnsCode::Cookie.into(), b"c00kiec0".to_vec()));
        for (code, data) in
            [(65_001, b"h4rdware"), (65_073, b"d3vice_1"), (26_946, b"t4gged_1"), (15, b"\0\x16 error")]
        {
            edns.options_mut().insert(EdnsOption::Unknown(code, data.to_vec()));
        }
        asked.set_edns(edns);
        let clients = cleaned(tapped(&asked), Redaction { clients: true, names: false }, &secrets());
        assert_eq!(clients.asks, None);
        assert!(has(&clients.octets, "customer") && has(&clients.octets, " error"));
        for hidden in ["c00kiec0", "h4rdware", "d3vice_1", "t4gged_1"] {
            assert!(!has(&clients.octets, hidden), "{hidden}");
        }
        assert_eq!(Message::from_vec(&clients.octets).unwrap().answers.len(), 2);
        let names = cleaned(tapped(&asked), Redaction { clients: true, names: true }, &secrets());
        let read = Message::from_vec(&names.octets).unwrap();
        assert_eq!(read.queries[0].name(), &name("customer.example."));
        assert!(!has(&names.octets, "mail") && read.answers.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let message = TappedMessage { octets, ..tapped(&Message::query()) };
            cleaned(message, Redaction { clients: true, names: true }, &secrets());
        }
    }
}
