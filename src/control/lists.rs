//! The replies about DNS lists: the state of each list with advice, the registry of known lists, and the answers of lists for an address or domain.
//!
//! Durations are in seconds, points in time in seconds since 1970.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all};
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};

use super::controlled::Controlled;
use super::rows::apex_text;
use super::{believed, rows};
use crate::limits::{JUDGED, LIST_TEST_TIME};
use config::Config;
use dns::clock::{Now, minute};
use dns::question::{ListSays, Question, name_text, wire_name};
use dns::wire::presentation::rcode_text;
use dnsbl::batch::{BatchCounts, ListingCounts};
use dnsbl::codes::Code;
use dnsbl::entry::{ListCounts, ListEntry};
use dnsbl::list::{Life, List, Purpose};
use dnsbl::list_way::Way;
use dnsbl::lookalike::Lookalike;
use dnsbl::quota::ExceededQuota;
use dnsbl::state::{ListStanding, ListState};
use dnsbl::{codes, list};
use doctor::limits::MAX_NAMED_LISTS;
use protocol::lists::{BatchState, CodeFact, KeyUse, ListFacts, ListRow, ListTest};
use protocol::{Blame, Problem, Reply, Severity, Warning, lookup};
use resolver::resolve::list_keys::secrets_of;

#[derive(Clone, Debug, PartialEq, Eq)]
enum LookedUp {
    Address(IpAddr),
    Domain(Name),
}

impl LookedUp {
    /// Returns the name to query in the zone of a DNS list; `None` if the list does not cover addresses or domains of this kind.
    fn name_in(&self, list: &List) -> Option<Name> {
        match self {
            Self::Address(address) => list.name_of(*address),
            Self::Domain(domain) => list.name_of_domain(domain),
        }
    }
}

/// Returns the states of the zones that clients have queried as DNS lists. The lists of the registry and of the configuration
/// come first, sorted by their number of questions. Zones that only look like lists follow.
pub(super) fn states(subject: &impl Controlled) -> Vec<Reply> {
    let config = subject.config();
    let lists = config.lists();
    let key = |list: &List| match &list.rewrite {
        Some(_) => KeyUse::Set,
        None if config.dnsbl.registry.keyed.contains_key(&list.apex) => KeyUse::Missing,
        None => KeyUse::None,
    };
    let (known, now) = (subject.lists(), subject.now());
    let is_down = subject.recorder().troubles().down.is_some();
    let batch = |entry: &ListEntry| {
        let batch = known.batch();
        (batch.counts(entry.number()), batch.listings(entry.number()))
    };
    let mut rows: Vec<ListRow> = known
        .all()
        .iter()
        .filter_map(|entry| {
            let list = lists.get(&entry.apex)?;
            let row = ListRow { key: key(list), ..state(list, entry, batch(entry), now) };
            Some(if is_down && row.way == Way::Public { unreachable(row) } else { row })
        })
        .filter(|row| row.counts.questions > 0 || row.data_age.is_some())
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.counts.questions));
    rows.extend(known.lookalikes().list().iter().map(|alike| {
        let batch = known.batch();
        lookalike(alike, alike.number.map(|number| batch.counts(number)).unwrap_or_default())
    }));
    let mut replies = super::rows::bounded(rows, Reply::ListState);
    let batch = known.batch().mode();
    replies.push(Reply::Batch(BatchState { batch, unheard: known.events.lost() }));
    replies
}

/// Returns the replies of `states` and `facts` about the DNS list with this zone. If `zone` is neither a list nor a domain name,
/// returns the replies of `states` about all lists.
pub(super) fn of_zone(subject: &impl Controlled, zone: &str) -> Result<Vec<Reply>, Problem> {
    let is_it = |list: &str| list.eq_ignore_ascii_case(zone.trim_end_matches('.'));
    let mut replies = [states(subject), facts(subject)].concat();
    replies.retain(|reply| match reply {
        Reply::ListState(row) => is_it(&row.list),
        Reply::ListFacts(row) => is_it(&row.list),
        _ => false,
    });
    if replies.is_empty() && !zone.contains('.') {
        return Ok(states(subject));
    }
    if replies.is_empty() {
        let sentence = "There is no such DNS list; see `resolverctl dnsbl` and `resolverctl dnsbl list`.";
        return Err(Problem { fault: Blame::Request, sentence: sentence.to_owned() });
    }
    Ok(replies)
}

/// Returns the row of a list that cannot be reached, because no server on the internet answers this host: whether the list works is not known.
fn unreachable(row: ListRow) -> ListRow {
    let unknown = |standing: ListStanding| match standing.state {
        ListState::Ok | ListState::Slow => ListStanding {
            state: ListState::Untested,
            why: "no server on the internet answers this host".to_owned(),
            ..standing
        },
        _ => standing,
    };
    ListRow { standing: row.standing.map(unknown), ..row }
}

fn state(
    list: &List,
    entry: &ListEntry,
    (batch, listings): (BatchCounts, ListingCounts),
    now: Now,
) -> ListRow {
    let (today, yesterday, quota) = entry.watch.quota(now.unix);
    let standing = list.is_alive().then(|| entry.standing());
    ListRow {
        list: apex_text(&list.apex),
        way: entry.way.clone(),
        purpose: Some(list.purpose),
        note: note(list, entry, (standing.as_ref(), entry.watch.exceeded_quota(now.unix))),
        standing,
        counts: entry.counts(),
        today,
        yesterday,
        quota,
        quota_full_at: entry.watch.quota_full_at(now.unix),
        free_quota: list.free_quota,
        compared: listings.compared,
        only_this_list: listings.sole,
        batch_used: batch.used,
        batch_unused: batch.wasted,
        // The conversion loses no precision below 2^52 microseconds (more than a hundred years).
        batch_saved: Duration::from_micros(batch.saved_micros).as_secs_f64(),
        key: KeyUse::None,
        data_age: entry
            .data_since()
            .map(|since| Duration::from_secs(now.unix.saturating_sub(since)).as_secs_f64()),
    }
}

fn lookalike(alike: &Lookalike, batch: BatchCounts) -> ListRow {
    ListRow {
        list: apex_text(&alike.zone),
        way: Way::Public,
        // Queries per day are counted only for DNS lists of the registry or the configuration.
        counts: ListCounts { questions: alike.questions, ..ListCounts::default() },
        batch_used: batch.used,
        batch_unused: batch.wasted,
        batch_saved: Duration::from_micros(batch.saved_micros).as_secs_f64(),
        note: "clients query this zone like a DNS list, but resolverd does not know such a list, so clients get the answers of the zone unchanged; if it is a DNS list, add a [[list]] for it"
            .to_owned(),
        ..ListRow::default()
    }
}

/// Queries the test entries of the DNS lists in use, waits until the tests should have ended, and returns the states of the
/// lists.
pub(super) async fn health(subject: &impl Controlled) -> Vec<Reply> {
    let entries = subject.lists().all();
    let now = subject.now().mono;
    entries.iter().for_each(|entry| entry.watch.insist(now));
    subject.lists().wake();
    if !entries.is_empty() {
        tokio::time::sleep(LIST_TEST_TIME).await;
    }
    states(subject)
}

/// Returns information or advice about a DNS list, or an empty text. `exceeded` is the daily quota if the queries exceed it.
fn note(
    list: &List,
    entry: &ListEntry,
    (standing, exceeded): (Option<&ListStanding>, Option<ExceededQuota>),
) -> String {
    let Some(standing) = standing else {
        let Life::ShutDown { how } = &list.life else { return String::new() };
        return format!(
            "shut down ({how}); resolverd answers \"not listed\" (NXDOMAIN) itself and sends it no queries; remove it from the mail software"
        );
    };
    if let Some(exceeded) = exceeded.filter(|_| !standing.state.is_incident()) {
        return over_quota(exceeded);
    }
    match (remedy(list, entry, standing.state), standing.why.as_str()) {
        (None, _) => String::new(),
        (Some(remedy), "") => remedy,
        (Some(remedy), why) => format!("{why}; {remedy}"),
    }
}

fn over_quota(ExceededQuota { today, most, since, per_day }: ExceededQuota) -> String {
    let since = since.map(|since| format!(" since {}", minute(since))).unwrap_or_default();
    format!(
        "over quota{since}: {today} of {most} queries today, {per_day} a day at this rate; the count resets at 00:00 UTC; the list may refuse or block this host; buy access and set `quota` of its [[list]], or remove it from the mail software"
    )
}

/// Returns advice for the operator. A list that lists everything should be removed only if its answers to clients show this. Test
/// results do not suffice, because the list may have changed its test entries.
fn remedy(list: &List, entry: &ListEntry, state: ListState) -> Option<String> {
    let remove = "remove it from the mail software";
    Some(match state {
        ListState::Untested | ListState::Ok => return None,
        ListState::Slow => {
            format!("mail waits for it; if this continues, use a mirror or another list, or {remove}")
        }
        ListState::Refusing if list.rewrite.is_some() => {
            "ask the provider whether the key is still valid".to_owned()
        }
        ListState::Refusing if list.terms.is_empty() => format!("check its terms of use, or {remove}"),
        ListState::Refusing => format!(
            "send it only as many queries as its terms of use permit ({}), buy access, or {remove}",
            list.terms
        ),
        ListState::TestsDiffer => {
            "check the website of the list; set `tests` in a [[list]] if its test entries have changed"
                .to_owned()
        }
        ListState::ListsTheWorld if !entry.answers().show_world() => {
            "check the website of the list; resolverd passes on none of its listings meanwhile".to_owned()
        }
        ListState::Parked | ListState::ListsTheWorld | ListState::ListsNothing => remove.to_owned(),
        ListState::DataTooOld => {
            "check whether this host still downloads the data; with when_stale = \"public\", resolverd queries the public servers of the list meanwhile".to_owned()
        }
        ListState::Silent if matches!(entry.way, Way::Stub(_)) => {
            "check whether the program that serves the list runs at the addresses in the `stub` of its [[zone]]"
                .to_owned()
        }
        ListState::Silent => format!("{remove} if this continues"),
    })
}

/// Returns each DNS list in use that has a problem, with a warning. If the public servers of a list refuse queries or do not
/// answer, the warning is only a notice: another operator runs these servers, and mail software works without the list.
pub(super) fn warnings(subject: &impl Controlled) -> Vec<(String, Warning)> {
    let config = subject.config();
    let warning = |entry: &Arc<ListEntry>| {
        // Excludes lists that only the operator has tested.
        let in_use = |list: &Arc<List>| list.configured || entry.questions() > 0;
        let (list, standing) = (config.list(&entry.apex).filter(in_use)?, entry.standing());
        let remedy = remedy(&list, entry, standing.state).filter(|_| standing.state.is_incident())?;
        let problem = match standing.why.as_str() {
            "" => format!("{} has a problem.", apex_text(&list.apex)),
            why => format!("{why}."),
        };
        let is_of_others =
            entry.way.is_public() && matches!(standing.state, ListState::Refusing | ListState::Silent);
        let severity = if is_of_others { Severity::Notice } else { Severity::Warning };
        let warning = Warning::new(problem, &format!("See `resolverctl dnsbl`; {remedy}."));
        Some((name_text(&list.apex), Warning { severity, ..warning }))
    };
    subject.lists().all().iter().filter_map(warning).collect()
}

/// Returns the DNS lists that work since a time within the judged period. Their failures are from the time before.
pub(super) fn recovered(subject: &impl Controlled) -> Vec<String> {
    let began = subject.now().unix.saturating_sub(JUDGED.length().unwrap_or_default().as_secs());
    let works = |entry: &&Arc<ListEntry>| {
        let standing = entry.standing();
        !standing.state.is_incident() && standing.since > began
    };
    subject.lists().all().iter().filter(works).map(|entry| name_text(&entry.apex)).collect()
}

pub(super) fn facts(subject: &impl Controlled) -> Vec<Reply> {
    let config = subject.config();
    let mut replies = vec![Reply::Registry { dated: config.dnsbl.registry.dated.clone() }];
    let facts = |codes: &[Code]| codes.iter().map(fact).collect();
    replies.extend(rows::bounded(config.lists().into_values().collect(), |list: Arc<List>| {
        Reply::ListFacts(ListFacts {
            list: apex_text(&list.apex),
            purpose: list.purpose,
            subjects: list.subjects.clone(),
            shut_down: match &list.life {
                Life::ShutDown { how } => Some(how.clone()),
                Life::Alive => None,
            },
            listed: facts(&list.listed),
            refused: [facts(&list.refused), facts(&list.mistaken)].concat(),
            on_refusal: list.on_refusal,
            free_quota: list.free_quota,
            terms: list.terms.clone(),
            source: list.source.clone(),
            configured: list.configured,
        })
    }));
    replies
}

fn fact(code: &Code) -> CodeFact {
    CodeFact { code: code.span.to_string(), means: code.means.clone() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListChoice<'n> {
    /// The lists that clients have queried, and those that the configuration names.
    InUse,
    /// The lists with these zones. A name below such a zone also selects its list.
    Named(&'n [String]),
    /// Blocklists in use. If most of a list's daily quota is used, the list is left out, because mail needs the rest.
    InUseWithinQuota,
    /// Like `InUseWithinQuota`, with the large lists of the registry: those that many receivers of mail use. A large list that is not in use and
    /// gives no usable answer is left out, because this host may not be allowed to query it.
    OwnMail,
    /// All DNS lists that are not shut down.
    All,
}

pub(super) async fn test(
    subject: &impl Controlled,
    typed: &str,
    choice: ListChoice<'_>,
) -> Result<Vec<Reply>, Problem> {
    let wanted = match typed.parse::<IpAddr>() {
        Ok(address) => LookedUp::Address(address),
        Err(_) => LookedUp::Domain(lookup::read_name(typed)?.to_lowercase()),
    };
    if let LookedUp::Domain(domain) = &wanted {
        without_key(subject, domain)?;
    }
    let (config, entries, unix) = (subject.config(), subject.lists().all(), subject.now().unix);
    let of_list = |list: &List, is_it: &dyn Fn(&ListEntry) -> bool| {
        entries.iter().any(|entry| entry.apex == list.apex && is_it(entry))
    };
    let in_use = |list: &List| {
        list.is_alive() && (list.configured || of_list(list, &|entry| entry.counts().questions > 0))
    };
    let is_chosen = |list: &List| match choice {
        ListChoice::All => list.is_alive(),
        ListChoice::InUse => in_use(list),
        ListChoice::InUseWithinQuota => list.purpose == Purpose::Block && in_use(list),
        ListChoice::OwnMail => {
            let is_asked = in_use(list) || list.is_large && list.is_alive() && !list.keyed;
            list.purpose == Purpose::Block && is_asked
        }
        ListChoice::Named(names) => is_named(&config, list, names),
    };
    let is_spent = |list: &List| {
        matches!(choice, ListChoice::InUseWithinQuota | ListChoice::OwnMail)
            && of_list(list, &|entry| entry.watch.is_spent(unix))
    };
    let lists = config.lists();
    let asked = lists.values().filter(|list| is_chosen(list)).filter_map(|list| {
        let name = wanted.name_in(list);
        let kept = match (&list.life, unasked(list, &wanted)) {
            (Life::ShutDown { how }, _) => Some((format!("shut down: {how}"), Some(ListSays::Unknown))),
            // resolverd cannot ask this list. If the operator has named the list, the reply has a row for it nevertheless.
            (_, Some(why)) => {
                let says = matches!(choice, ListChoice::Named(_)).then_some(ListSays::Unknown);
                Some((why.to_owned(), says))
            }
            (_, None) => (name.is_some() && is_spent(list)).then(|| {
                let why = "not queried: most of its quota of the day is used";
                (why.to_owned(), Some(ListSays::Unknown))
            }),
        };
        Some(match kept {
            Some((why, says)) => Either::Left(std::future::ready(not_asked(list, why, says))),
            None => Either::Right(ask(subject, list, name?)),
        })
    });
    let is_named = matches!(choice, ListChoice::Named(_));
    let tests = join_all(asked.take(if is_named { MAX_NAMED_LISTS } else { usize::MAX })).await;
    let tests = told(tests, choice, lists.values().filter(|list| in_use(list)));
    if tests.is_empty() && !is_named {
        let sentence =
            "No list in use covers this kind of name; --all also queries the lists that are not in use."
                .to_owned();
        return Err(Problem { fault: Blame::Request, sentence });
    }
    Ok(rows::bounded(tests, Reply::ListTest))
}

/// For own mail, leaves out the tests without a usable answer, except those of the lists in use.
fn told<'l>(
    mut tests: Vec<ListTest>,
    choice: ListChoice<'_>,
    in_use: impl Iterator<Item = &'l Arc<List>>,
) -> Vec<ListTest> {
    if choice == ListChoice::OwnMail {
        let in_use: BTreeSet<String> = in_use.map(|list| apex_text(&list.apex)).collect();
        tests.retain(|test| test.says != Some(ListSays::Unknown) || in_use.contains(&test.list));
    }
    tests
}

/// Returns true if the operator has named the DNS list: one of `names` is its zone or a name below it. The operator may have copied
/// a query of a mail server, so names in the zone for queries with a customer key count too.
fn is_named(config: &Config, list: &List, names: &[String]) -> bool {
    let keyed = &config.dnsbl.registry.keyed;
    let with_key = keyed.get(&list.apex);
    let has_other_name = keyed.iter().any(|(apex, zone)| *zone == list.apex && *apex != list.apex);
    let is_it = |name: Name| list.apex.zone_of(&name) || with_key.is_some_and(|zone| zone.zone_of(&name));
    !(list.keyed && has_other_name) && names.iter().filter_map(|name| lookup::read_name(name).ok()).any(is_it)
}

/// Returns an error if the domain contains a customer key of a DNS list, as links in emails may do. Otherwise resolverd would
/// send the key to other lists.
fn without_key(subject: &impl Controlled, domain: &Name) -> Result<(), Problem> {
    if secrets_of(&subject.config()).hidden(&wire_name(domain)).is_none() {
        return Ok(());
    }
    let sentence = "The name has a customer's key of a DNS list; no list is asked about it.".to_owned();
    Err(Problem { fault: Blame::Request, sentence })
}

/// Returns why resolverd cannot ask the DNS list about this address or domain; `None` if it can.
fn unasked(list: &List, wanted: &LookedUp) -> Option<&'static str> {
    let subject = match wanted {
        LookedUp::Address(IpAddr::V4(_)) => list::ListSubject::Ip4,
        LookedUp::Address(IpAddr::V6(_)) => list::ListSubject::Ip6,
        LookedUp::Domain(_) => list::ListSubject::Domain,
    };
    if list.keyed && list.subjects.contains(&subject) {
        return Some("not queried: this list needs your customer key; set `key` of its [[list]]");
    }
    let hashes = list.subjects.as_slice() == [list::ListSubject::Hash];
    hashes.then_some("not queried: this list is queried by hash")
}

fn not_asked(list: &List, why: String, says: Option<ListSays>) -> ListTest {
    ListTest {
        list: apex_text(&list.apex),
        purpose: list.purpose,
        says,
        codes: Vec::new(),
        text: Vec::new(),
        why: Some(why),
        removal: None,
        elapsed: 0.0,
    }
}

async fn ask(subject: &impl Controlled, list: &List, name: Name) -> ListTest {
    let found = subject.ask_list(Question::new(&name, RecordType::A)).await;
    let said = found.answer.list.map_or(ListSays::Unknown, |mark| mark.says);
    let entry = found.answer.list.and_then(|mark| subject.lists().numbered(mark.list));
    let doubt = believed::doubt(subject, list, (said, entry.as_deref())).await;
    let says = if doubt.is_some() { ListSays::Unknown } else { said };
    let why = doubt.or_else(|| found.answer.extended_error.as_ref().map(|error| error.text.clone()));
    let codes = data(&found.answer.wire, |data| match data {
        RData::A(address) => Some(CodeFact { code: address.0.to_string(), means: meaning(list, address.0) }),
        _ => None,
    });
    let text_of = |data: &RData| match data {
        RData::TXT(text) => {
            let parts = text.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned());
            Some(parts.collect::<String>())
        }
        _ => None,
    };
    // Lists with the purpose `Data` may have TXT records for a name, but no address. So resolverd looks up their TXT records in
    // each case.
    let tells = list.purpose == Purpose::Data && why.is_none();
    let text = if says == ListSays::Listed || tells {
        let found = subject.ask_list(Question::new(&name, RecordType::TXT)).await;
        data(&found.answer.wire, text_of)
    } else {
        Vec::new()
    };
    let says = if tells && !text.is_empty() { ListSays::Listed } else { says };
    let why = why.or_else(|| (says == ListSays::Unknown).then(|| rcode_text(found.answer.rcode)));
    let elapsed = found.elapsed.as_secs_f64();
    let removal = list.removal.clone().filter(|_| says == ListSays::Listed);
    let (says, purpose) = (Some(says), list.purpose);
    ListTest { list: apex_text(&list.apex), purpose, says, codes, text, why, removal, elapsed }
}

/// Returns the meaning of a return code: of its bits if the registry describes bits, otherwise of the whole code.
fn meaning(list: &List, code: std::net::Ipv4Addr) -> String {
    let [.., last] = code.octets();
    let bits = list.bits.iter().filter(|(bit, _)| last & bit != 0).map(|(_, means)| means.clone());
    let bits: Vec<String> = bits.collect();
    if !bits.is_empty() {
        return bits.join(", ");
    }
    let known = codes::find(&list.listed, code).or_else(|| codes::find(&list.refused, code));
    known.map_or_else(String::new, |code| code.means.clone())
}

fn data<Read>(wire: &[u8], read: impl Fn(&RData) -> Option<Read>) -> Vec<Read> {
    let Ok(message) = Message::from_vec(wire) else { return Vec::new() };
    message.answers.iter().filter_map(|record| read(&record.data)).collect()
}
