//! The tables about DNS lists: their states (`dnsbl`), their answers (`dnsbl test`), and the registry of known lists (`dnsbl list`).

use super::columns::{self, Column, count, number, painted, word};
use super::style::{Paint, Style};
use super::words;
use crate::refused::{QueryAddress, is_refused, reasons};
use dns::clock::minute;
use dns::question::ListSays;
use dns::wire::presentation::harmless;
use dnsbl::batch::Mode;
use dnsbl::list::{ListSubject, Purpose};
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use protocol::Reply;
use protocol::lists::{BatchState, ListFacts, ListRow, ListTest};

/// Replaces the share of listings if no answer of the list means "listed" or "not listed".
const UNCOUNTED: &str = "–";

/// The largest width of a list's name, in columns. The table of states then usually fits 100 columns.
const NAME: usize = 26;

const NONE: &str = "none";

/// Shown instead of the number of queries of a day, for a zone that only looks like a DNS list.
const NOT_COUNTED: &str = "–";

/// Returns the advice about the lists in use, and their table. `from`: the address from which queries leave. `is_verbose`: also the codes that lists
/// returned, the advice about lists that work, and the batch queries.
pub fn states(replies: &[Reply], from: &QueryAddress, is_verbose: bool, style: Style) -> String {
    let rows: Vec<&ListRow> = replies
        .iter()
        .filter_map(|reply| if let Reply::ListState(row) = reply { Some(row) } else { None })
        .collect();
    if rows.is_empty() {
        return "no queries for DNS lists since start\n".to_owned();
    }
    let shown: Vec<ShownList> = rows
        .iter()
        .map(|row| {
            let ways = rows.iter().filter(|other| other.list == row.list).count();
            ShownList { called: called(row, ways), row: (*row).clone() }
        })
        .collect();
    let table = columns::table(STATES, &shown, 0);
    let mut text: String = shown.iter().map(|shown| to_do(shown, from)).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&table.text(style, None));
    if is_verbose {
        let notes: String = shown.iter().map(notes).collect();
        text.push_str(&format!("\n{notes}{}", batches(&rows, replies)));
    }
    text
}

/// Returns the line about a list that needs attention; an empty text if it needs none.
fn to_do(shown: &ShownList, from: &QueryAddress) -> String {
    let ShownList { called, row } = shown;
    let standing = row.standing.as_ref().filter(|_| is_refused(row));
    if let Some(standing) = standing {
        let (called, since) = (harmless(called), minute(standing.since));
        return format!("{called} refuses this host since {since}: {}\n", reasons(row, from));
    }
    let works = row.standing.as_ref().is_some_and(|standing| !standing.state.is_incident());
    let is_over = row.quota.is_some_and(|quota| row.today > quota);
    let is_quiet = row.purpose.is_none() || works && !is_over && row.quota_full_at.is_none();
    if is_quiet { String::new() } else { notes(shown) }
}

/// Returns the line for a typed word that is not the zone of a DNS list.
pub fn not_a_list(typed: &str) -> String {
    format!(
        "\"{}\" is not the zone of a DNS list, so all lists in use are shown; `resolverctl dnsbl ZONE` shows one, `dnsbl list` all that are known\n",
        harmless(typed)
    )
}

/// When the quota of the list will be full, and information or advice.
fn notes(ShownList { called, row }: &ShownList) -> String {
    let called = harmless(called);
    let full = row
        .quota_full_at
        .map(|full| format!("{called}: at today's rate, the quota will be full at {}\n", minute(full)));
    let since =
        row.standing.as_ref().filter(|standing| standing.since > 0 && standing.state != ListState::Ok);
    let since = since.map(|standing| format!(" (since {})", minute(standing.since))).unwrap_or_default();
    // A note may begin with the name of the DNS list, which the line already has.
    let note = row.note.strip_prefix(row.list.as_str()).unwrap_or(&row.note);
    let note = note.trim_start_matches([':', ' ']);
    let note = (!note.is_empty()).then(|| format!("{called}{since}: {}\n", harmless(note)));
    [full, note].into_iter().flatten().collect()
}

fn batches(rows: &[&ListRow], replies: &[Reply]) -> String {
    let sum = |part: fn(&ListRow) -> u64| rows.iter().map(|row| part(row)).fold(0, u64::saturating_add);
    let (used, unused) = (sum(|row| row.batch_used), sum(|row| row.batch_unused));
    let (sent, used) = (words::number(used.saturating_add(unused)), words::number(used));
    let saved = words::time(rows.iter().map(|row| row.batch_saved).sum());
    let mode = replies.iter().find_map(|reply| match reply {
        Reply::Batch(BatchState { batch, .. }) => Some(*batch),
        _ => None,
    });
    match mode {
        Some(Mode::Observe) => format!(
            "dnsbl.batch = \"observe\": resolverd sends no batch queries; it would have sent {sent} queries before a client asked; clients would have used {used} of the answers, and all clients together waited {saved} less\n"
        ),
        _ if sent == "0" => String::new(),
        _ => format!(
            "batch queries (dnsbl.batch): resolverd sent {sent} queries before a client asked; clients used {used} of the answers, and all clients together waited {saved} less\n"
        ),
    }
}

/// Returns the name of a DNS list for the table. The name includes the queried servers if they are not the list's own, or if the
/// list has several rows (`ways`) with different servers.
pub(crate) fn called(row: &ListRow, ways: usize) -> String {
    match (row.way.is_public(), ways) {
        (true, ..=1) => row.list.clone(),
        (true, _) => format!("{} at its own servers", row.list),
        (false, _) => format!("{} {}", row.list, row.way),
    }
}

struct ShownList {
    called: String,
    row: ListRow,
}

impl ShownList {
    /// Returns the number of answers that mean listed, not listed or unknown; 0 if all are unknown, because the list is silent or refuses queries.
    fn judged(&self) -> u64 {
        let counts = &self.row.counts;
        match counts.listed.saturating_add(counts.not_listed) {
            0 => 0,
            said => said.saturating_add(counts.unknown),
        }
    }
}

const STATES: &[Column<ShownList>] = &[
    Column("list", 0, |shown, _| word(&words::cut(&shown.called, NAME))),
    Column("state", 0, |shown, _| painted(standing(&shown.row))),
    Column("queries", 0, |shown, _| count(shown.row.counts.questions)),
    Column("listed", 0, |shown, _| {
        let (listed, judged) = (shown.row.counts.listed, shown.judged());
        number((judged > 0).then(|| words::percent_of(listed, judged)), UNCOUNTED)
    }),
    Column("only this list", 0, |shown, _| {
        let (sole, compared) = (shown.row.only_this_list, shown.row.compared);
        number((compared > 0).then(|| words::percent_of(sole, compared)), UNCOUNTED)
    }),
    Column("median", 0, |shown, _| {
        let elapsed = &shown.row.counts.elapsed;
        number((elapsed.count > 0).then(|| words::time(elapsed.p50)), NONE)
    }),
    Column("age", 0, |shown, _| number(shown.row.data_age.map(words::age), "–")),
    Column("sent today", 0, |shown, _| number(sent(&shown.row, shown.row.today), NOT_COUNTED)),
    Column("yesterday", 0, |shown, _| number(sent(&shown.row, shown.row.yesterday), NOT_COUNTED)),
    Column("limit", 0, |shown, _| number(Some(allowed(&shown.row)), NONE)),
];

/// Returns the number of queries as text. `None` for a list that resolverd does not know: its queries per day are not counted.
fn sent(row: &ListRow, queries: u64) -> Option<String> {
    row.purpose.map(|_| words::number(queries))
}

pub(crate) fn standing(row: &ListRow) -> (&'static str, Paint) {
    let is_over = row.quota.is_some_and(|quota| row.today > quota);
    match (&row.standing, row.purpose) {
        (Some(standing), _) if is_over && !standing.state.is_incident() => ("over quota", Paint::Bad),
        (Some(standing), _) => state_words(standing.state),
        (None, Some(_)) => ("shut down", Paint::Bad),
        (None, None) => ("unknown list", Paint::Plain),
    }
}

/// Returns the number of queries per day that may be sent to the list: the quota of the configuration, or the free queries by the terms of the list.
/// The operator's own copy of a list has no limit.
fn allowed(row: &ListRow) -> String {
    match (row.quota, row.free_quota) {
        (Some(quota), _) => words::number(quota),
        (None, _) if matches!(row.way, Way::Stub(_)) => "no limit".to_owned(),
        (None, Some(free)) => words::number(free),
        (None, None) if row.standing.is_none() && row.purpose.is_some() => NOT_COUNTED.to_owned(),
        (None, None) => "not known".to_owned(),
    }
}

fn state_words(state: ListState) -> (&'static str, Paint) {
    match state {
        ListState::Untested => ("not tested yet", Paint::Plain),
        ListState::Ok => ("ok", Paint::Good),
        ListState::Slow => ("slow", Paint::Plain),
        ListState::Refusing => ("refuses queries", Paint::Bad),
        ListState::Parked => ("parked", Paint::Bad),
        ListState::ListsTheWorld => ("lists everything", Paint::Bad),
        ListState::ListsNothing => ("lists nothing", Paint::Bad),
        ListState::TestsDiffer => ("tests differ", Paint::Plain),
        ListState::DataTooOld => ("data too old", Paint::Bad),
        ListState::Silent => ("does not answer", Paint::Bad),
    }
}

const TESTS: &[Column<ListTest>] = &[
    Column("list", 0, |row, _| word(&row.list)),
    Column("kind", 0, |row, _| word(purpose_words(row.purpose))),
    Column("result", 0, |row, _| {
        painted(match (row.says, row.purpose) {
            (Some(ListSays::Listed), Purpose::Block) => ("listed", Paint::Bad),
            (Some(ListSays::Listed), Purpose::Allow) => ("listed", Paint::Good),
            (Some(ListSays::Listed), Purpose::Data) => ("has data", Paint::Plain),
            (Some(ListSays::NotListed), _) => ("not listed", Paint::Plain),
            (Some(ListSays::Unknown), _) => ("unknown", Paint::Bad),
            (None, _) => ("not queried", Paint::Plain),
        })
    }),
    Column("time", 0, |row, _| number(row.says.map(|_| words::time(row.elapsed)), NONE)),
    Column("codes and TXT of the list, or reason", 0, |row, _| {
        let codes = row.codes.iter().map(|code| match code.means.as_str() {
            "" => code.code.clone(),
            means => format!("{} {means}", code.code),
        });
        let removal = row.removal.iter().map(|page| format!("removal: {page}"));
        let texts = row.text.iter().map(|text| format!("TXT: {text}")).chain(removal);
        let why = row.why.iter().map(|why| why.strip_prefix("not queried: ").unwrap_or(why).to_owned());
        let reasons: Vec<String> = why.chain(codes).chain(texts).collect();
        let reasons = reasons.join("; ");
        word(if reasons.is_empty() { NONE } else { &reasons })
    }),
];

/// Returns the answers of all DNS lists about `subject`, an address or a domain.
pub fn tests(subject: &str, replies: &[Reply], style: Style) -> String {
    let rows =
        replies.iter().filter_map(|reply| if let Reply::ListTest(row) = reply { Some(row) } else { None });
    format!("{} in DNS lists\n", harmless(subject)) + &columns::table(TESTS, rows, 0).text(style, None)
}

/// Returns what a list says about its test entry, after a key for it was set.
pub fn key_test(replies: &[Reply], _: Style) -> String {
    let test =
        replies.iter().find_map(|reply| if let Reply::ListTest(row) = reply { Some(row) } else { None });
    match test.map(|test| (test.says, test.why.as_deref())) {
        Some((Some(ListSays::Listed), _)) => {
            "test entry: listed, so the list answers with this key\n".to_owned()
        }
        Some((Some(ListSays::NotListed), _)) => {
            "test entry: not listed: check the key, with which the list lists nothing\n".to_owned()
        }
        Some((_, Some(why))) => format!("test entry: {}\n", harmless(why)),
        _ => "test entry: could not be tested; `resolverctl dnsbl health` tests it again\n".to_owned(),
    }
}

const fn purpose_words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Block => "blocklist",
        Purpose::Allow => "allowlist",
        Purpose::Data => "data",
    }
}

const fn subject_words(subject: ListSubject) -> &'static str {
    match subject {
        ListSubject::Ip4 => "IPv4",
        ListSubject::Ip6 => "IPv6",
        ListSubject::Domain => "domains",
        ListSubject::Hash => "hashes",
    }
}

const FACTS: &[Column<ListFacts>] = &[
    Column("list", 0, |row, _| word(&row.list)),
    Column("kind", 0, |row, _| word(purpose_words(row.purpose))),
    Column("what it lists", 0, |row, _| {
        let subjects: Vec<&str> = row.subjects.iter().map(|subject| subject_words(*subject)).collect();
        let subjects = subjects.join(", ");
        word(if subjects.is_empty() { "nothing" } else { &subjects })
    }),
    Column("free queries per day", 0, |row, _| {
        let none = if row.shut_down.is_some() { NONE } else { "not known" };
        number(row.free_quota.map(words::number), none)
    }),
    Column("remarks", 0, |row, _| {
        let configured = if row.configured { "; you have a [[list]] for it" } else { "" };
        let terms = if row.terms.is_empty() { "not known" } else { row.terms.as_str() };
        match &row.shut_down {
            Some(how) => painted((&format!("shut down: {how}"), Paint::Faint)),
            None => word(&format!("terms of use: {terms}{configured}")),
        }
    }),
];

/// Returns the lists that resolverd knows, with their purposes and their terms of use.
pub fn facts(replies: &[Reply], style: Style) -> String {
    let dated = replies.iter().filter_map(|reply| match reply {
        Reply::Registry { dated } => Some(format!(
            "DNS lists that resolverd knows (table of {}), and those of your [[list]] entries\n",
            harmless(dated)
        )),
        _ => None,
    });
    let rows =
        replies.iter().filter_map(|reply| if let Reply::ListFacts(row) = reply { Some(row) } else { None });
    let table = columns::table(FACTS, rows, 0);
    if table.is_empty() { String::new() } else { dated.collect::<String>() + &table.text(style, None) }
}
