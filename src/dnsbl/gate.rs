//! The gate: decides what an answer from a DNS list means, and which answer the client gets.
//!
//! Implements RFC 5782 section 2.1 (listings are addresses in 127.0.0.0/8) and RFC 8914 (extended errors). The client gets every listing of a working
//! list, even if the meaning of its code is not known. All functions are pure.

use std::net::Ipv4Addr;

use hickory_proto::rr::{Name, RData, Record, rdata};

use super::codes::{self, ERRORS};
use super::list::{Guard, List, OnRefusal, Purpose, WhenSilent};
use super::state::ListState;
use crate::limits::MAX_REFUSAL_TIME;
use dns::question::{ExtendedError, ListSays};
use record::event::ListFault;

/// The TTL, in seconds, of a "not listed" answer that resolverd makes itself. It equals the TTL of the listings of zen.spamhaus.org, and is short, so
/// that clients soon use a list that works again.
const MADE_HERE_TTL: u32 = 60;

/// The code for a wrong name of the list in the query. This is a convention of Spamhaus, see `codes::ERRORS`.
const TYPING_ERROR: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 252);

/// The meaning of an answer from a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListVerdict {
    /// The answer is a listing: the DNS list has an entry for the name.
    Listed,
    /// The answer says "not listed": the DNS list has no entry for the name.
    NotListed,
    /// The answer is neither a listing nor "not listed".
    Unknown(UnknownReason),
}

/// The reason why an answer of a DNS list is neither a listing nor "not listed".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownReason {
    /// The DNS list refuses to answer this host.
    Refused {
        /// The address in the answer, which is the return code of the refusal.
        code: Ipv4Addr,
        /// The meaning of this return code, in a few words.
        means: String,
    },
    /// The DNS list says that the question is wrong. This is a fault of the client.
    Mistaken {
        /// The address in the answer, which is the return code of the error.
        code: Ipv4Addr,
        /// The meaning of this return code, in a few words.
        means: String,
    },
    /// The answer is an address outside 127.0.0.0/8. The domain of the DNS list probably has a new owner.
    Parked {
        /// The address in the answer.
        address: Ipv4Addr,
    },
    /// The DNS list lists everything, even the test entry that it must not list.
    ListsTheWorld,
    /// The servers of the DNS list answer REFUSED to queries whose names contain the customer's key.
    KeyRefused {
        /// A sentence that says what the servers answered.
        what: String,
    },
    /// The servers of the DNS list answer with the response code REFUSED.
    NotServed {
        /// A sentence that says what the servers answered.
        what: String,
    },
    /// The answer cannot be used: an alias in it leads nowhere, or its DNSSEC signatures are wrong.
    Unusable {
        /// The extended error (RFC 8914) that says what is wrong with the DNS list's answer.
        error: ExtendedError,
    },
    /// The DNS list has a TXT record for the name, but no A record, which alone would be a listing.
    TextAlone,
    /// The servers of the DNS list do not answer queries.
    Silent {
        /// A sentence that says what happened instead of an answer.
        what: String,
    },
}

/// What a client gets as the answer to a question to a DNS list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The client gets the DNS list's own answer, unchanged.
    Answer,
    /// The client gets SERVFAIL, with this extended error.
    Servfail(ExtendedError),
    /// The client gets a "not listed" answer that resolverd makes itself, with this extended error.
    Nxdomain(ExtendedError),
}

/// A listener's settings for answers of DNS lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guarding {
    /// The option `dnsbl` of the listener.
    pub guard: Guard,
    /// The option `on_refusal` of the listener. `None` if the option `on_refusal` of each DNS list applies.
    pub on_refusal: Option<OnRefusal>,
}

impl Guarding {
    /// Returns the answer that a client gets if `list` refuses. With `dnsbl = "pass"`, the client gets the refusal itself. The option `on_refusal` of
    /// the listener replaces that of the list.
    pub fn on_refusal(self, list: &List) -> OnRefusal {
        match self.guard {
            Guard::Pass => OnRefusal::Pass,
            Guard::Guard => self.on_refusal.unwrap_or(list.on_refusal),
        }
    }
}

/// Returns the meaning of an answer of `list`. `answers` is the answer section, and `state` is the current state of the list.
pub fn judge(list: &List, state: ListState, answers: &[Record]) -> ListVerdict {
    let mut listed = false;
    for record in answers {
        let RData::A(address) = &record.data else { continue };
        match judge_code(list, address.0) {
            ListVerdict::Listed => listed = true,
            ListVerdict::NotListed => {}
            other => return other,
        }
    }
    match (listed, state) {
        (true, ListState::ListsTheWorld) => ListVerdict::Unknown(UnknownReason::ListsTheWorld),
        (true, _) => ListVerdict::Listed,
        (false, _) => ListVerdict::NotListed,
    }
}

/// Limits the TTLs of the answer if the list refuses the query in it, so that the refusal does not outlast its cause.
pub fn shorten_refusal(list: &List, answers: &mut [Record]) {
    let verdict = judge(list, ListState::Untested, answers);
    // An address outside 127.0.0.0/8 may be that of a server of the list.
    if matches!(verdict, ListVerdict::Unknown(UnknownReason::Refused { .. })) {
        let longest = u32::try_from(MAX_REFUSAL_TIME.as_secs()).unwrap_or(u32::MAX);
        answers.iter_mut().for_each(|record| record.ttl = record.ttl.min(longest));
    }
}

fn judge_code(list: &List, code: Ipv4Addr) -> ListVerdict {
    if let Some(mistaken) = codes::find(&list.mistaken, code) {
        return ListVerdict::Unknown(UnknownReason::Mistaken { code, means: mistaken.means.clone() });
    }
    if let Some(refused) = codes::find(&list.refused, code) {
        return ListVerdict::Unknown(refusal(code, &refused.means));
    }
    if codes::find(&list.listed, code).is_some() {
        return ListVerdict::Listed;
    }
    if code.octets().starts_with(&ERRORS) {
        return ListVerdict::Unknown(refusal(code, convention(code)));
    }
    if code.is_loopback() {
        ListVerdict::Listed
    } else {
        ListVerdict::Unknown(UnknownReason::Parked { address: code })
    }
}

/// Returns the meaning that Spamhaus gives to an error code in 127.255.255.0/24. Used for codes that the DNS list itself does not define.
fn convention(code: Ipv4Addr) -> &'static str {
    match code.octets() {
        _ if code == TYPING_ERROR => "typing error in the name of the list",
        [.., 254] => "query came through a public resolver or one without reverse DNS",
        [.., 255] => "too many queries",
        _ => "an error",
    }
}

fn refusal(code: Ipv4Addr, means: &str) -> UnknownReason {
    let means = means.to_owned();
    if code == TYPING_ERROR {
        UnknownReason::Mistaken { code, means }
    } else {
        UnknownReason::Refused { code, means }
    }
}

impl ListVerdict {
    /// Returns the verdict without the reason: "listed", "not listed" or unknown.
    pub const fn says(&self) -> ListSays {
        match self {
            Self::Listed => ListSays::Listed,
            Self::NotListed => ListSays::NotListed,
            Self::Unknown(_) => ListSays::Unknown,
        }
    }
}

impl UnknownReason {
    /// Returns the extended error (RFC 8914) of the answer. Its text is the sentence that describes the reason.
    pub fn extended_error(&self, apex: &Name) -> ExtendedError {
        let code = match self {
            Self::KeyRefused { .. } | Self::NotServed { .. } | Self::Silent { .. } => {
                ExtendedError::NO_REACHABLE_AUTHORITY
            }
            Self::Unusable { error } => error.code,
            _ => ExtendedError::FILTERED,
        };
        ExtendedError::new(code, self.sentence(apex))
    }

    /// Returns the answer for a client that asks `list` at a listener with the settings `guarding`.
    pub fn given(&self, list: &List, guarding: Guarding) -> Given {
        let error = self.extended_error(&list.apex);
        match self {
            Self::Silent { .. } if guarding.guard == Guard::Pass => Given::Answer,
            // The DNS list has a TXT record, but no A record, for the name. So the name is not listed, and the answer for the type TXT must
            // be "not listed" too.
            Self::TextAlone if guarding.on_refusal(list) != OnRefusal::Pass => Given::Nxdomain(error),
            Self::Silent { .. } => match list.when_silent {
                WhenSilent::Servfail => Given::Servfail(error),
                WhenSilent::Nxdomain => Given::Nxdomain(error),
            },
            _ => match guarding.on_refusal(list) {
                OnRefusal::Servfail => Given::Servfail(error),
                OnRefusal::Nxdomain => Given::Nxdomain(error),
                OnRefusal::Pass => Given::Answer,
            },
        }
    }

    /// Returns the fault of the DNS list in the form in which the query history stores it.
    pub const fn fault(&self) -> ListFault {
        match self {
            Self::Refused { .. } => ListFault::Refuses,
            Self::KeyRefused { .. } => ListFault::RefusesKey,
            Self::NotServed { .. } => ListFault::NotServed,
            Self::Mistaken { .. } => ListFault::RejectsQuery,
            Self::Parked { .. } => ListFault::NewOwner,
            Self::ListsTheWorld => ListFault::ListsEverything,
            Self::Unusable { .. } => ListFault::Unusable,
            Self::TextAlone => ListFault::TextAlone,
            Self::Silent { .. } => ListFault::Silent,
        }
    }

    /// Returns the state that this answer shows, or `None` if the answer shows nothing about the DNS list.
    pub const fn state(&self) -> Option<ListState> {
        match self {
            Self::Refused { .. } | Self::KeyRefused { .. } | Self::NotServed { .. } => {
                Some(ListState::Refusing)
            }
            Self::Parked { .. } => Some(ListState::Parked),
            Self::Mistaken { .. }
            | Self::ListsTheWorld
            | Self::Unusable { .. }
            | Self::TextAlone
            | Self::Silent { .. } => None,
        }
    }

    /// Returns a sentence for the operator: what the DNS list with this apex answered, and that this is not a listing.
    pub fn sentence(&self, apex: &Name) -> String {
        let list = apex.to_ascii();
        let list = list.trim_end_matches('.');
        match self {
            Self::Refused { code, means } => {
                format!(
                    "{list} refuses queries of this host: it returned {code} ({means}); this is not a listing"
                )
            }
            Self::Mistaken { code, means } => {
                format!(
                    "{list} rejects the query as invalid: it returned {code} ({means}); this is not a listing"
                )
            }
            Self::Parked { address } => {
                format!(
                    "{list} returned {address}, an address that no DNS list uses, so its domain may have a new owner; this is not a listing"
                )
            }
            Self::ListsTheWorld => {
                format!(
                    "{list} lists everything, even the test entry that must not be listed; this is not a listing"
                )
            }
            Self::KeyRefused { what } => {
                format!("{list} refuses your key, which may be wrong or expired; {what}")
            }
            Self::Unusable { error } => format!("{list} returned no usable answer: {}", error.text),
            Self::TextAlone => {
                format!("{list} has only a TXT record for this name and no address; this is not a listing")
            }
            Self::NotServed { what } | Self::Silent { what } => {
                format!("{list} gave no usable answer; {what}")
            }
        }
    }
}

/// Returns the SOA record of a "not listed" answer that resolverd makes itself (RFC 2308 section 3).
pub fn soa(list: &List) -> Record {
    let contact = Name::from_ascii("nobody.invalid.").unwrap_or_default();
    // The numbers come from RFC 6303 section 3.
    let soa = rdata::SOA::new(list.apex.clone(), contact, 1, 3_600, 1_200, 604_800, MADE_HERE_TTL);
    Record::from_rdata(list.apex.clone(), MADE_HERE_TTL, RData::SOA(soa))
}

/// Returns true if a TXT record of a name in `list` counts only if the name has an A record too. DNS lists that give data have TXT records without A
/// records.
pub fn text_follows_address(list: &List) -> bool {
    list.purpose != Purpose::Data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::ListSubject;
    use crate::registry::Registry;
    use proptest::prelude::*;

    fn answer(list: &List, codes: &[Ipv4Addr]) -> Vec<Record> {
        let record = |code: &Ipv4Addr| Record::from_rdata(list.apex.clone(), 60, RData::A(rdata::A(*code)));
        codes.iter().map(record).collect()
    }

    fn block() -> List {
        List::new(Name::from_ascii("bl.example.").unwrap(), Purpose::Block, vec![ListSubject::Ip4])
    }

    #[test]
    fn wrong_question_code_is_no_refusal() {
        let of = |last| refusal(Ipv4Addr::new(127, 255, 255, last), "an error");
        assert!(matches!(of(252), UnknownReason::Mistaken { .. }));
        assert!(matches!(of(254), UnknownReason::Refused { .. }));
        let dbl = &Registry::built_in().lists[&Name::from_ascii("dbl.spamhaus.org.").unwrap()];
        let asked = judge(dbl, ListState::Ok, &answer(dbl, &[Ipv4Addr::new(127, 0, 1, 255)]));
        assert!(matches!(asked, ListVerdict::Unknown(UnknownReason::Mistaken { .. })), "{asked:?}");
    }

    #[test]
    fn registry_codes_are_judged_as_written() {
        for list in Registry::built_in().lists.values() {
            for code in &list.listed {
                for address in code.span.first().to_bits()..=code.span.last().to_bits() {
                    let address = Ipv4Addr::from_bits(address);
                    let verdict = judge(list, ListState::Ok, &answer(list, &[address]));
                    assert_eq!(verdict, ListVerdict::Listed, "{} {address}", list.apex);
                }
            }
            for code in list.refused.iter().chain(&list.mistaken) {
                for address in code.span.first().to_bits()..=code.span.last().to_bits() {
                    let address = Ipv4Addr::from_bits(address);
                    let verdict = judge(list, ListState::Ok, &answer(list, &[address]));
                    assert_eq!(verdict.says(), ListSays::Unknown, "{} {address}", list.apex);
                }
            }
            let parked = judge(list, ListState::Ok, &answer(list, &[Ipv4Addr::new(203, 0, 113, 7)]));
            assert_eq!(parked.says(), ListSays::Unknown, "{}", list.apex);
            assert_eq!(judge(list, ListState::Ok, &[]), ListVerdict::NotListed);
        }
    }

    #[test]
    fn code_meaning_depends_on_list() {
        let registry = Registry::built_in();
        let of = |apex: &str, code: [u8; 4]| {
            let list = &registry.lists[&Name::from_ascii(apex).unwrap()];
            judge(list, ListState::Ok, &answer(list, &[code.into()])).says()
        };
        assert_eq!(of("multi.uribl.com.", [127, 0, 0, 1]), ListSays::Unknown);
        assert_eq!(of("multi.surbl.org.", [127, 0, 0, 1]), ListSays::Unknown);
        assert_eq!(of("multi.surbl.org.", [127, 0, 0, 65]), ListSays::Listed);
        assert_eq!(of("hostkarma.junkemailfilter.com.", [127, 0, 0, 1]), ListSays::Listed);
        assert_eq!(of("list.dnswl.org.", [127, 0, 0, 255]), ListSays::Unknown);
        assert_eq!(of("dnsbl.dronebl.org.", [127, 0, 0, 255]), ListSays::Listed);
        assert_eq!(of("psbl.surriel.com.", [127, 255, 255, 254]), ListSays::Unknown);
    }

    #[test]
    fn conventional_error_codes_have_words() {
        let list = block();
        let verdict =
            |last| judge(&list, ListState::Ok, &answer(&list, &[Ipv4Addr::new(127, 255, 255, last)]));
        let ListVerdict::Unknown(UnknownReason::Mistaken { means, .. }) = verdict(252) else {
            panic!("{:?}", verdict(252))
        };
        assert_eq!(means, "typing error in the name of the list");
        for (last, words) in [
            (254, "query came through a public resolver or one without reverse DNS"),
            (255, "too many queries"),
            (250, "an error"),
        ] {
            let ListVerdict::Unknown(why @ UnknownReason::Refused { .. }) = verdict(last) else {
                panic!("{:?}", verdict(last))
            };
            assert!(why.sentence(&list.apex).contains(&format!("127.255.255.{last} ({words})")), "{why:?}");
        }
    }

    #[test]
    fn listed_world_is_no_listing() {
        let list = block();
        let listing = answer(&list, &[Ipv4Addr::new(127, 0, 0, 2)]);
        assert_eq!(
            judge(&list, ListState::ListsTheWorld, &listing),
            ListVerdict::Unknown(UnknownReason::ListsTheWorld)
        );
        assert_eq!(judge(&list, ListState::ListsTheWorld, &[]), ListVerdict::NotListed);
        for state in [
            ListState::Untested,
            ListState::Slow,
            ListState::Refusing,
            ListState::Parked,
            ListState::ListsNothing,
        ] {
            assert_eq!(judge(&list, state, &listing), ListVerdict::Listed, "{state:?}");
        }
    }

    #[test]
    fn listener_choice_precedes_list_choice() {
        use OnRefusal::{Nxdomain, Pass, Servfail};
        let why = UnknownReason::Refused { code: Ipv4Addr::new(127, 255, 255, 254), means: "no".to_owned() };
        let given = |guard, listener, list| {
            let list = List { on_refusal: list, ..block() };
            why.given(&list, Guarding { guard, on_refusal: listener })
        };
        let shape = |given: &Given| match given {
            Given::Answer => Pass,
            Given::Servfail(error) if error.code == ExtendedError::FILTERED => Servfail,
            Given::Nxdomain(error) if error.code == ExtendedError::FILTERED => Nxdomain,
            other => panic!("{other:?}"),
        };
        for list in [Servfail, Nxdomain, Pass] {
            for listener in [None, Some(Servfail), Some(Nxdomain), Some(Pass)] {
                let guarded = given(Guard::Guard, listener, list);
                assert_eq!(shape(&guarded), listener.unwrap_or(list), "{listener:?} over {list:?}");
                assert_eq!(given(Guard::Pass, listener, list), Given::Answer, "{listener:?} over {list:?}");
            }
        }
    }

    // Lists of data may have TXT records alone.
    #[test]
    fn txt_alone_is_no_listing() {
        let list = block();
        let given =
            |on_refusal| UnknownReason::TextAlone.given(&list, Guarding { guard: Guard::Guard, on_refusal });
        for on_refusal in [None, Some(OnRefusal::Servfail), Some(OnRefusal::Nxdomain)] {
            assert!(
                matches!(given(on_refusal), Given::Nxdomain(error) if error.code == ExtendedError::FILTERED)
            );
        }
        for (purpose, follows) in [(Purpose::Block, true), (Purpose::Allow, true), (Purpose::Data, false)] {
            let list = List::new(list.apex.clone(), purpose, vec![ListSubject::Ip4]);
            assert_eq!(text_follows_address(&list), follows, "{purpose:?}");
        }
    }

    #[test]
    fn refusal_and_parking_are_states() {
        let (code, what) = (Ipv4Addr::new(127, 255, 255, 254), "REFUSED".to_owned());
        let error = ExtendedError::new(6, "bogus");
        for (why, state, number) in [
            (UnknownReason::Refused { code, means: what.clone() }, Some(ListState::Refusing), 17),
            (UnknownReason::KeyRefused { what: what.clone() }, Some(ListState::Refusing), 22),
            (UnknownReason::NotServed { what: what.clone() }, Some(ListState::Refusing), 22),
            (UnknownReason::Parked { address: code }, Some(ListState::Parked), 17),
            (UnknownReason::Mistaken { code, means: what.clone() }, None, 17),
            (UnknownReason::ListsTheWorld, None, 17),
            (UnknownReason::Unusable { error }, None, 6),
            (UnknownReason::TextAlone, None, 17),
            (UnknownReason::Silent { what }, None, 22),
        ] {
            assert_eq!((why.state(), why.extended_error(&Name::root()).code), (state, number), "{why:?}");
        }
    }

    #[test]
    fn silent_list_answer_follows_configuration() {
        let silent = UnknownReason::Silent { what: "no server answered".to_owned() };
        let guarded = Guarding { guard: Guard::Guard, on_refusal: Some(OnRefusal::Pass) };
        let passing = Guarding { guard: Guard::Pass, on_refusal: None };
        let allow = List::new(block().apex, Purpose::Allow, vec![ListSubject::Ip4]);
        assert!(matches!(silent.given(&block(), guarded), Given::Servfail(error) if error.code == 22));
        assert!(matches!(silent.given(&allow, guarded), Given::Nxdomain(error) if error.code == 22));
        let refused = UnknownReason::NotServed { what: "REFUSED".to_owned() };
        assert!(matches!(refused.given(&allow, Guarding::default()), Given::Nxdomain(_)));
        for list in [block(), allow] {
            assert_eq!(silent.given(&list, passing), Given::Answer);
        }
        let forged = UnknownReason::Unusable { error: ExtendedError::new(6, "bogus") };
        assert!(
            matches!(forged.given(&block(), Guarding::default()), Given::Servfail(error) if error.code == 6)
        );
        let whole = Guarding { guard: Guard::Guard, on_refusal: Some(OnRefusal::Pass) };
        assert_eq!(
            UnknownReason::TextAlone.given(&block(), whole),
            Given::Answer,
            "refusals pass, and so does this"
        );
    }

    proptest! {
        /// All addresses in 127.0.0.0/8 are listings, except the error codes.
        #[test]
        fn no_listing_is_lost(low in any::<[u8; 3]>()) {
            let list = block();
            let code = Ipv4Addr::new(127, low[0], low[1], low[2]);
            let verdict = judge(&list, ListState::Ok, &answer(&list, &[code]));
            prop_assert_eq!(verdict == ListVerdict::Listed, !code.octets().starts_with(&ERRORS));
        }
    }
}
