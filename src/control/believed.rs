//! Whether the answers of a list are believed: by the state that resolverd knows, or by the list's test entries.
//!
//! RFC 5782 section 5. A list that has ended lists everything or nothing, and its domain may be gone: its "not listed" then
//! says nothing, and its "listed" even less.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};

use super::{Controlled, lookup};
use dns::question::{ListSays, Question};
use resolver::dnsbl::entry::ListEntry;
use resolver::dnsbl::list::{List, Purpose, TestEntries};
use resolver::dnsbl::state::ListState;

/// Why an answer of the list tells nothing about its subject, in words that follow the list's name; none if the answer is
/// believed. Then the number of questions about the list that this has cost. `says`: the answer; `entry`: the state of the list, if it
/// has one.
pub(super) async fn doubt(
    subject: &impl Controlled,
    list: &List,
    (says, entry): (ListSays, Option<&ListEntry>),
) -> (Option<String>, u32) {
    let mut tests = Tests { subject, asked: 0 };
    let why = tests.doubt(list, (says, entry)).await;
    (why, tests.asked)
}

/// Questions about a list, counted.
struct Tests<'s, Subject> {
    subject: &'s Subject,
    asked: u32,
}

impl<Subject: Controlled> Tests<'_, Subject> {
    async fn doubt(&mut self, list: &List, (says, entry): (ListSays, Option<&ListEntry>)) -> Option<String> {
        let standing = entry.map(ListEntry::standing).unwrap_or_default();
        match standing.state {
            ListState::Ok | ListState::Slow => return None,
            ListState::ListsTheWorld | ListState::ListsNothing => return Some(standing.why),
            // Not tested, or tests and answers have shown different things.
            ListState::Untested
            | ListState::TestsDiffer
            | ListState::Refusing
            | ListState::Parked
            | ListState::Silent => {}
        }
        if list.purpose == Purpose::Data {
            return None;
        }
        let answers = entry.map(ListEntry::answers).unwrap_or_default();
        // A list of the operator has test entries only if its `tests` are set. Still, no list lists 127.0.0.1 or INVALID.
        if list.tests.is_none()
            && says == ListSays::Listed
            && let Some(usual) = TestEntries::usual(&list.apex, &list.subjects)
            && let Some(name) = usual.unlisted.first()
            && self.ask(name, RecordType::A).await.says == ListSays::Listed
        {
            return Some(format!(
                "it lists even {}, which no list lists (RFC 5782 section 5); if that is right, set `tests` of the [[list]]",
                text(name)
            ));
        }
        let first = |names: &dyn Fn(&TestEntries) -> Option<&Name>| {
            list.tests.as_ref().and_then(|tests| names(tests).cloned())
        };
        if let Some(name) = first(&|tests| tests.unlisted.first()) {
            match self.ask(&name, RecordType::A).await {
                Said { says: ListSays::Listed, .. } if !answers.show_no_world() => {
                    return Some(format!(
                        "it lists even its test entry {}, which must not be listed",
                        text(&name)
                    ));
                }
                Said { says: ListSays::Untold, why, .. } => return Some(untold(&name, &why)),
                _ => {}
            }
        }
        let listed = first(&|tests| tests.listed.first());
        if let Some(name) = &listed {
            match self.ask(name, RecordType::A).await {
                Said { says: ListSays::NotListed, .. } if !answers.has_listed => {}
                Said { says: ListSays::Untold, why, .. } => return Some(untold(name, &why)),
                _ => return None,
            }
        }
        if self.ask(&list.apex, RecordType::SOA).await.rcode == ResponseCode::NXDomain {
            return Some(format!("the domain {} does not exist (NXDOMAIN)", text(&list.apex)));
        }
        listed.map(|name| format!("it does not list its test entry {}, which must be listed", text(&name)))
    }

    async fn ask(&mut self, name: &Name, kind: RecordType) -> Said {
        self.asked = self.asked.saturating_add(1);
        let answer = self.subject.ask_list(Question::new(name, kind)).await.answer;
        let why = answer.extended_error.as_ref().map(|error| error.text.clone());
        Said {
            says: answer.list.map_or(ListSays::Untold, |mark| mark.says),
            rcode: answer.rcode,
            why: why.unwrap_or_else(|| lookup::rcode_text(answer.rcode)),
        }
    }
}

/// The answer to a question about a name of a list.
struct Said {
    says: ListSays,
    rcode: ResponseCode,
    /// Why it is neither "listed" nor "not listed".
    why: String,
}

fn untold(name: &Name, why: &str) -> String {
    format!("its test entry {} could not be looked up: {why}", text(name))
}

/// A name as it is typed: without its last dot.
fn text(name: &Name) -> String {
    let text = dns::question::name_text(name);
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}
