//! Decides if an answer of a DNS list is believed.
//!
//! A list that was shut down may list everything or nothing. Then neither "listed" nor "not listed" means anything. The test entries of the
//! list (RFC 5782 section 5) show this.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::controlled::Controlled;
use super::rows::apex_text;
use dns::question::{ListSays, Question};
use dns::wire::presentation::rcode_text;
use dnsbl::entry::ListEntry;
use dnsbl::list::{List, Purpose, TestEntries};
use dnsbl::state::ListState;

/// Returns why an answer of the list about an address or domain is not believed; `None` if the answer is believed. In messages,
/// the reason follows the name of the list. `says` is the answer; `entry` has the state of the list, if that is known.
pub(super) async fn doubt(
    subject: &impl Controlled,
    list: &List,
    (says, entry): (ListSays, Option<&ListEntry>),
) -> Option<String> {
    let standing = entry.map(ListEntry::standing).unwrap_or_default();
    match standing.state {
        _ if says == ListSays::Unknown => return None,
        ListState::Ok | ListState::Slow | ListState::DataTooOld => return None,
        ListState::ListsTheWorld | ListState::ListsNothing => return Some(standing.why),
        // In the other states, the list was not tested, or its test results contradict its answers to clients. So it is tested
        // below, unless it returns data and does not judge senders.
        _ if list.purpose == Purpose::Data => return None,
        _ => {}
    }
    let answers = entry.map(ListEntry::answers).unwrap_or_default();
    let is_listed = says == ListSays::Listed;
    // A list that the operator has added has test entries only if its `tests` is set. For the answer "listed", the usual test entries are
    // enough: a list that also lists 127.0.0.1 or INVALID lists everything.
    let usual = || TestEntries::usual(&list.apex, &list.subjects).filter(|_| is_listed);
    let tests = list.tests.clone().or_else(usual);
    let name = tests.as_ref().and_then(
        |tests| {
            if is_listed { tests.unlisted.first() } else { tests.listed.first() }
        },
    );
    let Some(name) = name else {
        if is_listed {
            return None;
        }
        // The zone of a list without test entries may be misspelt in the configuration, so this query checks that the domain
        // exists.
        let zone = subject.ask_list(Question::new(&list.apex, RecordType::SOA)).await.answer;
        let is_missing = zone.rcode == ResponseCode::NXDomain;
        return is_missing.then(|| format!("the domain {} does not exist (NXDOMAIN)", apex_text(&list.apex)));
    };
    let answer = subject.ask_list(Question::new(name, RecordType::A)).await.answer;
    let name = apex_text(name);
    match answer.list.map_or(ListSays::Unknown, |mark| mark.says) {
        ListSays::Listed if is_listed && !answers.show_no_world() => Some(format!(
            "it lists even its test entry {name}, which must not be listed (RFC 5782 section 5); if that is right, set `tests` of the [[list]]"
        )),
        ListSays::NotListed if !is_listed && !answers.has_listed => {
            Some(format!("it does not list its test entry {name}, which must be listed"))
        }
        ListSays::Listed | ListSays::NotListed => None,
        ListSays::Unknown => {
            let why = answer.extended_error.as_ref().map(|error| error.text.clone());
            let why = why.unwrap_or_else(|| rcode_text(answer.rcode));
            Some(format!("its test entry {name} could not be looked up: {why}"))
        }
    }
}
