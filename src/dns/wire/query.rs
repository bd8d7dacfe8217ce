//! Reads the query of a client: its header, question and OPT. Anything unexpected is rejected.
//!
//! RFC 1035 section 4.1, RFC 6891, RFC 9619 (one question), RFC 8482 (refused types).

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

use super::cursor::Cursor;
use super::edns::{COOKIE, HEADER, KEEPALIVE, OPT, PADDING, PAYLOAD, PLAIN_PAYLOAD};
use super::{MAX_NAME, cookie};
use crate::question::{Apart, ExtendedError, Outcome, Question, QuestionKey, ViewId};

const MAX_QUESTION: usize = MAX_NAME + 4;

/// The maximum length of a question's cache key, in octets. It is rounded up, because `lower_case` works on eight octets at a time.
const MAX_KEY: usize = (MAX_NAME + QuestionKey::TAIL).next_multiple_of(size_of::<u64>());

/// A query of a client. It has its own copy of the octets, so that the buffer with the DNS message can be used again.
#[derive(Clone, Debug)]
pub struct Query {
    /// The DNS message id of the query.
    pub id: u16,
    /// The RD flag: the client asks for recursion.
    pub recursion_desired: bool,
    /// The CD flag: the client validates the answer itself.
    pub checking_disabled: bool,
    /// The AD flag: the client understands AD in the reply (RFC 6840 section 5.7).
    pub authentic_data: bool,
    /// The view of the client, which decides which zones the client sees.
    pub view: ViewId,
    /// The EDNS values in the OPT record of the query; `None` if it has no OPT record.
    pub edns: Option<ClientEdns>,
    /// The cookie for the reply: the client's cookie and the server cookie. The listener sets it.
    pub cookie: Option<[u8; cookie::WHOLE]>,
    /// True if the reply must be padded. This is only useful on encrypted connections.
    pub pads_reply: bool,
    options: ClientOptions,
    question: [u8; MAX_QUESTION],
    key: [u8; MAX_KEY],
    name_length: usize,
    kind: u16,
}

/// The EDNS values in the OPT record of a client's query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientEdns {
    /// The largest UDP reply that the client accepts, in octets; at least 512.
    pub(crate) payload: u16,
    /// The DO flag: the client wants DNSSEC signatures and proofs.
    pub dnssec_ok: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct ClientOptions {
    cookie: Option<[u8; cookie::CLIENT]>,
    is_padded: bool,
    has_keepalive: bool,
}

/// What is done with a DNS message of a client that cannot be answered as a question.
#[derive(Clone, Debug)]
pub enum Unanswerable {
    /// The DNS message is dropped without a reply. The value says how it is counted.
    Dropped(Apart),
    /// The client gets a reply without an answer, such as FORMERR.
    Rejected(Box<Rejection>),
}

/// The data for a reply to a DNS message that resolverd rejects.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// The DNS message id of the query.
    pub id: u16,
    /// The third octet of the query's header. The opcode and RD are copied from it to the reply.
    pub flags: u8,
    /// The question with the upper and lower case of the client; `None` if it could not be read.
    pub question: Option<Box<[u8]>>,
    /// True if the query had an OPT, so that the reply gets one too.
    pub edns: bool,
    /// True if the reply must be padded, because the connection is encrypted and the client padded its query.
    pub pads: bool,
    /// The response code of the reply. BADVERS needs an OPT in the reply for its upper bits.
    pub rcode: ResponseCode,
    /// The outcome under which the rejected question is counted.
    pub outcome: Outcome,
    /// The extended error in the reply, if there is one.
    pub extended_error: Option<ExtendedError>,
}

impl Query {
    /// Creates an empty query for `read_again`.
    pub fn blank() -> Self {
        Self {
            id: 0,
            recursion_desired: false,
            checking_disabled: false,
            authentic_data: false,
            view: ViewId::default(),
            edns: None,
            cookie: None,
            pads_reply: false,
            options: ClientOptions::default(),
            question: [0; MAX_QUESTION],
            key: [0; MAX_KEY],
            name_length: 0,
            kind: 0,
        }
    }

    /// Reads the DNS message of a client that belongs to `view`.
    ///
    /// # Errors
    /// Returns what happens to a DNS message that is not answered as a question.
    pub fn read(message: &[u8], view: ViewId) -> Result<Self, Unanswerable> {
        let mut query = Self::blank();
        query.read_again(message, view)?;
        Ok(query)
    }

    /// Reads a DNS message like `read`, into the memory of an old query. After an error, the query must not be used.
    ///
    /// # Errors
    /// Fails like `read`.
    pub fn read_again(&mut self, message: &[u8], view: ViewId) -> Result<(), Unanswerable> {
        let Some((&[id_high, id_low, flags, flags_low, ref counts @ ..], _)) =
            message.split_first_chunk::<HEADER>()
        else {
            return Err(Unanswerable::Dropped(Apart::Runt));
        };
        let id = u16::from_be_bytes([id_high, id_low]);
        if flags & 0x80 != 0 {
            return Err(Unanswerable::Dropped(Apart::Response));
        }
        let reject = |rcode, outcome| Rejection {
            id,
            flags,
            question: None,
            edns: false,
            pads: false,
            rcode,
            outcome,
            extended_error: None,
        };
        if flags & 0x78 != 0 {
            return Err(reject(ResponseCode::NotImp, Outcome::NotImplemented).into());
        }
        let malformed = || reject(ResponseCode::FormErr, Outcome::FormError);
        let &[0, 1, 0, 0, 0, 0, ref additional @ ..] = counts else { return Err(malformed().into()) };
        self.id = id;
        self.recursion_desired = flags & 0x01 != 0;
        self.checking_disabled = flags_low & 0x10 != 0;
        self.authentic_data = flags_low & 0x20 != 0;
        self.view = view;
        (self.edns, self.cookie, self.pads_reply) = (None, None, false);
        self.options = ClientOptions::default();
        let class = self.read_question(message).ok_or_else(malformed)?;
        let mut cursor = Cursor::new(message, HEADER.saturating_add(self.question_bytes().len()));
        let additional = u16::from_be_bytes(*additional);
        let version = self.read_additional(&mut cursor, additional).ok_or_else(malformed)?;
        // Octets after the last record are ignored, as in Unbound and BIND, because some clients pad their DNS messages like this.
        self.finish_key();
        self.refuse_unserved(version, class)
    }

    /// Returns the key under which the cache stores the answer to the question.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.name_length.saturating_add(QuestionKey::TAIL)).unwrap_or_default()
    }

    /// Returns the name in the question, in lower-case wire form.
    pub fn name(&self) -> &[u8] {
        self.key.get(..self.name_length).unwrap_or_default()
    }

    /// Returns the octets of the question (name, type and class) in the client's spelling.
    pub fn question_bytes(&self) -> &[u8] {
        self.question.get(..self.name_length.saturating_add(4)).unwrap_or_default()
    }

    /// Returns the record type in the question.
    pub fn kind(&self) -> RecordType {
        RecordType::from(self.kind)
    }

    /// Returns the client's own cookie (RFC 7873), without a server cookie.
    pub fn client_cookie(&self) -> Option<[u8; cookie::CLIENT]> {
        self.options.cookie
    }

    /// Returns true if the query has the EDNS option for padding (RFC 7830).
    pub fn is_padded(&self) -> bool {
        self.options.is_padded
    }

    /// Returns true if the client asks how long its TCP connection may be idle (option edns-tcp-keepalive, RFC 7828).
    pub fn has_keepalive(&self) -> bool {
        self.options.has_keepalive
    }

    /// Returns true if the client has set the DO flag.
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Returns the question in the form that resolution needs after a cache miss. Returns `None` if the DNS library does not accept the name.
    pub fn to_question(&self) -> Option<Question> {
        let name = self.key.get(..self.name_length)?;
        let name = Name::read(&mut BinDecoder::new(name)).ok()?;
        Some(Question {
            name,
            kind: self.kind(),
            dnssec_ok: self.dnssec_ok(),
            checking_disabled: self.checking_disabled,
            view: self.view,
        })
    }

    /// Returns the maximum size of a UDP reply for this client, in octets.
    pub fn udp_limit(&self) -> usize {
        usize::from(self.edns.map_or(PLAIN_PAYLOAD, |edns| edns.payload.min(PAYLOAD)))
    }

    /// Creates a reply that rejects this query.
    pub fn rejection(&self, rcode: ResponseCode, outcome: Outcome, error: ExtendedError) -> Rejection {
        Rejection {
            id: self.id,
            flags: u8::from(self.recursion_desired),
            question: Some(self.question_bytes().into()),
            edns: self.edns.is_some(),
            pads: self.pads_reply,
            rcode,
            outcome,
            extended_error: Some(error),
        }
    }

    /// Reads name and type of the question, and returns its class.
    fn read_question(&mut self, message: &[u8]) -> Option<u16> {
        let question = message.get(HEADER..)?;
        let mut length = 0_usize;
        loop {
            let size = usize::from(*question.get(length)?);
            // A compression pointer is not valid here, because no name precedes the question. A label has at most 63 octets.
            if size > 63 {
                return None;
            }
            length = length.checked_add(size)?.checked_add(1)?;
            if length > MAX_NAME {
                return None;
            }
            if size == 0 {
                break;
            }
        }
        let question = question.get(..length.checked_add(4)?)?;
        let &[kind_high, kind_low, class_high, class_low] = question.last_chunk()?;
        self.name_length = length;
        self.question.get_mut(..question.len())?.copy_from_slice(question);
        self.kind = u16::from_be_bytes([kind_high, kind_low]);
        Some(u16::from_be_bytes([class_high, class_low]))
    }

    /// Reads the additional section of the query and stores the values of its OPT. Returns the version of EDNS.
    fn read_additional(&mut self, cursor: &mut Cursor<'_>, count: u16) -> Option<u8> {
        let mut version = 0;
        for _ in 0..count {
            let start = cursor.offset();
            cursor.skip_name()?;
            let at_root = cursor.offset() == start.checked_add(1)?;
            let kind = cursor.u16()?;
            let class = cursor.u16()?;
            let ttl = cursor.u32()?.to_be_bytes();
            let length = cursor.u16()?;
            let data = cursor.take(usize::from(length))?;
            if kind != OPT {
                continue;
            }
            if self.edns.is_some() || !at_root {
                return None;
            }
            self.options = read_options(data)?;
            let [_, its_version, flags, _] = ttl;
            version = its_version;
            self.edns = Some(ClientEdns { payload: class.max(PLAIN_PAYLOAD), dnssec_ok: flags & 0x80 != 0 });
        }
        Some(version)
    }

    fn finish_key(&mut self) {
        let name = self.question.get(..self.name_length).unwrap_or_default();
        if let Some(place) = self.key.get_mut(..name.len()) {
            place.copy_from_slice(name);
        }
        // Eight octets are converted at a time. This may change some octets after the name too; they are overwritten later. The lengths of
        // labels are below 64, so they are not letters.
        let (words, _) = self.key.as_chunks_mut();
        words.iter_mut().take(name.len().div_ceil(size_of::<u64>())).for_each(lower_case);
        let flags = u8::from(self.dnssec_ok()) | u8::from(self.checking_disabled) << 1;
        let question = self.question.get(self.name_length..).and_then(<[u8]>::first_chunk);
        let place: Option<&mut [u8; QuestionKey::TAIL]> =
            self.key.get_mut(self.name_length..).and_then(<[u8]>::first_chunk_mut);
        if let (Some([one, two, three, four]), Some(place)) = (question, place) {
            let [six, seven, eight, nine] = self.view.octets();
            *place = [*one, *two, *three, *four, flags, six, seven, eight, nine];
        }
    }

    fn refuse_unserved(&self, version: u8, class: u16) -> Result<(), Unanswerable> {
        let (rcode, outcome, why) = match self.kind {
            _ if version > 0 => {
                (ResponseCode::BADVERS, Outcome::BadVersion, "only EDNS version 0 is supported")
            }
            0 | OPT => (ResponseCode::FormErr, Outcome::FormError, "this type cannot be queried"),
            _ if class != 1 => (ResponseCode::Refused, Outcome::Refused, "only class IN is supported"),
            // The types TKEY, TSIG, IXFR, AXFR, MAILB and MAILA (RFC 6895 section 3.1), which are for transfers or have no records.
            249..=254 => (ResponseCode::Refused, Outcome::Refused, "zone transfers are not supported"),
            _ => return Ok(()),
        };
        Err(self.rejection(rcode, outcome, ExtendedError::new(ExtendedError::NOT_SUPPORTED, why)).into())
    }
}

impl From<Rejection> for Unanswerable {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(Box::new(rejection))
    }
}

fn lower_case(octets: &mut [u8; 8]) {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    let word = u64::from_ne_bytes(*octets);
    // The highest bit of each octet shows in `from_a` whether its lower seven bits are at least "A", and in `above_z` whether they are
    // above "Z".
    let low = word & (EACH * 0x7f);
    let (from_a, above_z) = (low + EACH * 0x3f, low + EACH * 0x25);
    let upper = (from_a ^ above_z) & !word & (EACH * 0x80);
    *octets = (word | upper >> 2).to_ne_bytes();
}

/// Reads the options of an OPT. Returns `None` if they do not fill its data exactly (RFC 6891 section 6.1.2).
fn read_options(data: &[u8]) -> Option<ClientOptions> {
    let mut cursor = Cursor::new(data, 0);
    let mut options = ClientOptions::default();
    while !cursor.is_at_end() {
        let code = cursor.u16()?;
        let length = usize::from(cursor.u16()?);
        let option = cursor.take(length)?;
        if code == COOKIE {
            if !cookie::is_sound(length) {
                return None;
            }
            options.cookie = option.first_chunk().copied();
        }
        options.is_padded |= code == PADDING;
        options.has_keepalive |= code == KEEPALIVE;
    }
    Some(options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{Edns, Message, Query as Asked};
    use proptest::prelude::*;

    fn message(name: &str, edns: bool) -> Vec<u8> {
        let mut message = Message::query();
        message.metadata.id = 77;
        message.metadata.recursion_desired = true;
        message.add_query(Asked::query(Name::from_ascii(name).unwrap(), RecordType::MX));
        if edns {
            let mut edns = Edns::new();
            edns.set_max_payload(4_096).set_dnssec_ok(true);
            message.set_edns(edns);
        }
        message.to_vec().unwrap()
    }

    fn rcode(result: Result<Query, Unanswerable>) -> Option<ResponseCode> {
        match result {
            Err(Unanswerable::Rejected(rejection)) => Some(rejection.rcode),
            _ => None,
        }
    }

    #[test]
    fn query_keeps_case_key_does_not() {
        let query = Query::read(&message("Mail.EXAMPLE.", true), ViewId::default()).unwrap();
        assert_eq!(query.id, 77);
        assert!(query.recursion_desired);
        assert_eq!(query.edns, Some(ClientEdns { payload: 4_096, dnssec_ok: true }));
        assert_eq!(query.udp_limit(), 1_232);
        assert!(query.question_bytes().starts_with(b"\x04Mail\x07EXAMPLE\x00"));
        let question = query.to_question().unwrap();
        assert_eq!(question.key().as_bytes(), query.key());
        assert_eq!(query.name(), b"\x04mail\x07example\x00");
        assert_eq!(question.name.to_ascii(), "mail.example.");
        assert_eq!(
            Query::read(&message("mail.example.", false), ViewId::default()).unwrap().udp_limit(),
            512
        );
    }

    #[test]
    fn name_of_255_octets_is_read() {
        let labels = [63, 63, 63].map(|length| "X".repeat(length)).join(".");
        // The labels with their lengths, and the root label, have 255 octets together.
        let longest =
            Query::read(&message(&format!("{labels}.{}.", "y".repeat(61)), true), ViewId::default());
        let longest = longest.unwrap();
        assert_eq!(longest.question_bytes().len(), 255 + 4);
        assert_eq!(longest.to_question().unwrap().key().as_bytes(), longest.key());
        let mut longer = message(&format!("{labels}.{}.", "y".repeat(61)), false);
        let last = 12 + 3 * 64;
        longer[last] = 62;
        longer.insert(last + 1, b'y');
        assert_eq!(rcode(Query::read(&longer, ViewId::default())), Some(ResponseCode::FormErr));
    }

    #[test]
    fn invalid_queries_are_dropped_or_rejected() {
        let good = message("a.example.", true);
        assert!(matches!(
            Query::read(&good[..11], ViewId::default()),
            Err(Unanswerable::Dropped(Apart::Runt))
        ));
        let mut response = good.clone();
        response[2] |= 0x80;
        assert!(matches!(
            Query::read(&response, ViewId::default()),
            Err(Unanswerable::Dropped(Apart::Response))
        ));
        let mut update = good.clone();
        update[2] = 0x28;
        assert_eq!(rcode(Query::read(&update, ViewId::default())), Some(ResponseCode::NotImp));
        let mut two = good.clone();
        two[5] = 2;
        assert_eq!(rcode(Query::read(&two, ViewId::default())), Some(ResponseCode::FormErr));
        let mut trailing = good.clone();
        trailing.push(0);
        assert_eq!(rcode(Query::read(&trailing, ViewId::default())), None, "octets behind it are ignored");
        let mut pointer = good.clone();
        pointer[12] = 0xC0;
        assert_eq!(rcode(Query::read(&pointer, ViewId::default())), Some(ResponseCode::FormErr));
        let version_at = good.len() - 5;
        let mut version = good.clone();
        version[version_at] = 1;
        assert_eq!(rcode(Query::read(&version, ViewId::default())), Some(ResponseCode::BADVERS));
        let class_at = 12 + 11 + 3;
        let mut chaos = message("a.example.", false);
        chaos[class_at] = 3;
        assert_eq!(rcode(Query::read(&chaos, ViewId::default())), Some(ResponseCode::Refused));
        let mut transfer = message("a.example.", false);
        transfer[class_at - 2] = 252;
        assert_eq!(rcode(Query::read(&transfer, ViewId::default())), Some(ResponseCode::Refused));
    }

    // Flags that change the answer are part of its key.
    #[test]
    fn each_query_flag_is_read() {
        let plain = message("a.example.", true);
        // The positions of the octets with RD, with AD and CD, and with DO.
        let (rd, low, dnssec_ok) = (2, 3, plain.len() - 4);
        for flags in 0..16_u8 {
            let on = |flag: u8| flags & 1 << flag != 0;
            let mut octets = plain.clone();
            octets[rd] = u8::from(on(0));
            octets[low] = u8::from(on(1)) << 5 | u8::from(on(2)) << 4;
            octets[dnssec_ok] = u8::from(on(3)) << 7;
            let query = Query::read(&octets, ViewId::default()).unwrap();
            assert_eq!((query.recursion_desired, query.authentic_data), (on(0), on(1)), "{flags:04b}");
            assert_eq!((query.checking_disabled, query.dnssec_ok()), (on(2), on(3)), "{flags:04b}");
            assert_eq!(query.to_question().unwrap().key().as_bytes(), query.key(), "{flags:04b}");
        }
    }

    #[test]
    fn block_lower_case_matches_single_octets() {
        for (octet, place) in (0..=u8::MAX).flat_map(|octet| (0..8).map(move |place| (octet, place))) {
            let mut octets = *b"@AZ[`az{";
            octets[place] = octet;
            let expected = octets.to_ascii_lowercase();
            lower_case(&mut octets);
            assert_eq!(octets.as_slice(), expected, "{octet} at {place}");
        }
    }

    // Meta types are refused.
    #[test]
    fn misplaced_opt_is_form_error() {
        let plain = message("a.example.", false);
        let opt: &[u8] = &[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0];
        let with = |records: &[&[u8]]| {
            let mut octets = [&[plain.as_slice()], records].concat().concat();
            octets[11] = u8::try_from(records.len()).unwrap();
            Query::read(&octets, ViewId::default())
        };
        assert!(with(&[opt]).unwrap().edns.is_some());
        assert_eq!(rcode(with(&[opt, opt])), Some(ResponseCode::FormErr));
        let below = [&[1, b'a'], opt].concat();
        assert_eq!(rcode(with(&[&below])), Some(ResponseCode::FormErr));
        let address = [0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1];
        assert!(with(&[&address]).unwrap().edns.is_none(), "what else came along is stepped over");
        for (kind, code) in [(0, Some(ResponseCode::FormErr)), (41, Some(ResponseCode::FormErr)), (1, None)] {
            let mut octets = plain.clone();
            octets[12 + 11 + 1] = kind;
            assert_eq!(rcode(Query::read(&octets, ViewId::default())), code, "type {kind}");
        }
    }

    // A cookie of a wrong length is an error (RFC 7873).
    #[test]
    fn cookie_is_read_among_options() {
        let with = |options: &[u8]| {
            let length = u16::try_from(options.len()).unwrap().to_be_bytes();
            let opt = [&[0, 0, 41, 16, 0, 0, 0, 0, 0], length.as_slice(), options].concat();
            let mut octets = [message("a.example.", false), opt].concat();
            octets[11] = 1;
            Query::read(&octets, ViewId::default())
        };
        let (padding, cookie) = ([0, 12, 0, 2, 0, 0], [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(with(&padding).unwrap().client_cookie(), None);
        assert!(with(&padding).unwrap().is_padded() && !with(&cookie).unwrap().is_padded());
        let both = with(&[padding.as_slice(), &cookie, &padding].concat()).unwrap();
        assert_eq!(both.client_cookie(), Some([1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(rcode(with(&[0, 10, 0, 3, 1, 2, 3])), Some(ResponseCode::FormErr));
        assert_eq!(rcode(with(&[0, 12, 0, 9])), Some(ResponseCode::FormErr), "shorter than it says");
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = Query::read(&octets, ViewId::default());
        }

        #[test]
        fn broken_query_causes_no_panic(at in 0_usize..60, octet: u8, cut in 0_usize..60) {
            let mut octets = message("some.name.example.", true);
            if let Some(place) = octets.get_mut(at) { *place = octet; }
            octets.truncate(octets.len().saturating_sub(cut));
            if let Ok(query) = Query::read(&octets, ViewId::default()) {
                prop_assert!(query.to_question().is_some());
            }
        }
    }
}
