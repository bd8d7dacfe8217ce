//! The DNS lists in tables.

use super::table::{Align, TextTable};
use super::{Paint, Style, words};
use control::protocol::Reply;
use control::protocol::lists::{BatchState, ListFacts, ListRow, ListTest};
use dns::clock::minute;
use dns::question::ListSays;
use dns::wire::presentation::harmless;
use resolver::dnsbl::batch::Mode;
use resolver::dnsbl::list::{ListSubject, Purpose};
use resolver::dnsbl::list_way::Way;
use resolver::dnsbl::state::ListState;

/// Stands for the figures of a list none of whose answers was judged.
const UNCOUNTED: &str = "not counted";

/// Stands for values without data.
const NONE: &str = "none";

/// The lines below the states of lists.
const LEGEND: &str = "queries: queries of clients for the list since the start of resolverd; from cache, listed: percentage of these queries\n\
    median time: half of the answers of the list's servers took at most this time\n\
    sent today: queries sent to the list since 00:00 UTC\n\
    limit per day: your quota, or the number of queries that the terms of use of the list permit without payment\n";

/// The states of the lists in use; below the table, the notes on each.
pub fn states(replies: &[Reply], style: Style) -> String {
    let rows: Vec<&ListRow> = replies
        .iter()
        .filter_map(|reply| if let Reply::ListState(row) = reply { Some(row) } else { None })
        .collect();
    if rows.is_empty() {
        return "no queries for DNS lists since start\n".to_owned();
    }
    let mut table = TextTable::new(&[
        ("list", Align::Left),
        ("state", Align::Left),
        ("state since", Align::Left),
        ("queries", Align::Right),
        ("from cache", Align::Right),
        ("listed", Align::Right),
        ("median time", Align::Right),
        ("sent today", Align::Right),
        ("limit per day", Align::Right),
    ]);
    let called = |row: &ListRow| {
        let ways = rows.iter().filter(|other| other.list == row.list).count();
        called(row, ways)
    };
    rows.iter().for_each(|row| table.row(state(row, called(row))));
    let mut text = table.text(style, None) + LEGEND;
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        // The note itself may begin with the name of the list.
        let note = row.note.strip_prefix(row.list.as_str()).unwrap_or(&row.note);
        let note = note.trim_start_matches([':', ' ']);
        text.push_str(&format!("{}: {}\n", harmless(&called(row)), harmless(note)));
    }
    text + &batches(&rows, replies)
}

/// The line about batches: queries to lists before a client asks.
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

/// A list, and its servers if they are not its own, or if it is asked in several `ways`.
pub(crate) fn called(row: &ListRow, ways: usize) -> String {
    match (row.way.is_public(), ways) {
        (true, ..=1) => row.list.clone(),
        (true, _) => format!("{} at its own servers", row.list),
        (false, _) => format!("{} {}", row.list, row.way),
    }
}

fn state(row: &ListRow, called: String) -> Vec<(String, Paint)> {
    let plain = |text: String| (text, Paint::Plain);
    let counts = &row.counts;
    let share = |count, total| if total == 0 { NONE.to_owned() } else { words::percent_of(count, total) };
    let time = |seconds| if counts.elapsed.count == 0 { NONE.to_owned() } else { words::time(seconds) };
    let judged = counts.listed.saturating_add(counts.not_listed).saturating_add(counts.unknown);
    let (is, paint) = standing(row);
    let since = row.standing.as_ref().map(|standing| standing.since);
    let since = match since {
        None => NONE.to_owned(),
        Some(0) => "start of resolverd".to_owned(),
        Some(since) => minute(since),
    };
    let is_shut_down = row.standing.is_none() && row.purpose.is_some();
    vec![
        plain(called),
        (is.to_owned(), paint),
        plain(since),
        plain(words::number(counts.questions)),
        plain(match judged {
            _ if is_shut_down => NONE.to_owned(),
            0 => UNCOUNTED.to_owned(),
            _ => share(counts.hits, counts.questions),
        }),
        plain(if judged == 0 { UNCOUNTED.to_owned() } else { words::percent_of(counts.listed, judged) }),
        plain(time(counts.elapsed.p50)),
        plain(words::number(row.today)),
        plain(allowed(row)),
    ]
}

/// The state of a list in words.
pub(crate) fn standing(row: &ListRow) -> (&'static str, Paint) {
    match (&row.standing, row.purpose) {
        (Some(standing), _) => state_words(standing.state),
        (None, Some(_)) => ("shut down", Paint::Bad),
        (None, None) => ("unknown list", Paint::Plain),
    }
}

/// The limit per day: the operator's quota, or the free queries by the terms of the list. An own server has no terms.
fn allowed(row: &ListRow) -> String {
    match (row.quota, row.free_quota) {
        (Some(quota), _) => format!("{} (quota)", words::number(quota)),
        (None, _) if matches!(row.way, Way::Stub(_)) => "no limit".to_owned(),
        (None, Some(free)) => format!("{} (free use)", words::number(free)),
        (None, None) if row.standing.is_none() && row.purpose.is_some() => NONE.to_owned(),
        (None, None) => "not known".to_owned(),
    }
}

fn state_words(state: ListState) -> (&'static str, Paint) {
    match state {
        ListState::Untested => ("not tested yet", Paint::Plain),
        ListState::Ok => ("ok", Paint::Good),
        ListState::Slow => ("slow (1 s or more)", Paint::Plain),
        ListState::Refusing => ("refuses queries", Paint::Bad),
        ListState::Parked => ("parked", Paint::Bad),
        ListState::ListsTheWorld => ("lists everything", Paint::Bad),
        ListState::ListsNothing => ("lists nothing", Paint::Bad),
        ListState::TestsDiffer => ("tests differ", Paint::Plain),
        ListState::Silent => ("does not answer", Paint::Bad),
    }
}

/// The answer of each list for an address or domain, the `subject`.
pub fn tests(subject: &str, replies: &[Reply], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("list", Align::Left),
        ("kind", Align::Left),
        ("result", Align::Left),
        ("time", Align::Right),
        ("codes and TXT of the list, or reason", Align::Left),
    ]);
    for reply in replies {
        if let Reply::ListTest(row) = reply {
            table.row(test(row));
        }
    }
    format!("{} in DNS lists\n", harmless(subject)) + &table.text(style, None)
}

fn test(row: &ListTest) -> Vec<(String, Paint)> {
    let plain = |text: String| (text, Paint::Plain);
    let (says, paint) = match (row.says, row.purpose) {
        (Some(ListSays::Listed), Purpose::Block) => ("listed", Paint::Bad),
        (Some(ListSays::Listed), Purpose::Allow) => ("listed", Paint::Good),
        (Some(ListSays::Listed), Purpose::Data) => ("has data", Paint::Plain),
        (Some(ListSays::NotListed), _) => ("not listed", Paint::Plain),
        (Some(ListSays::Unknown), _) => ("unknown", Paint::Bad),
        (None, _) => ("not queried", Paint::Plain),
    };
    let codes = row.codes.iter().map(|code| match code.means.as_str() {
        "" => code.code.clone(),
        means => format!("{} {means}", code.code),
    });
    let removal = row.removal.iter().map(|page| format!("removal: {page}"));
    let texts = row.text.iter().map(|text| format!("TXT: {text}")).chain(removal);
    let why = row.why.iter().map(|why| why.strip_prefix("not queried: ").unwrap_or(why).to_owned());
    let reasons: Vec<String> = why.chain(codes).chain(texts).collect();
    vec![
        plain(row.list.clone()),
        plain(purpose_words(row.purpose).to_owned()),
        (says.to_owned(), paint),
        plain(if row.says.is_some() { words::time(row.elapsed) } else { NONE.to_owned() }),
        plain(if reasons.is_empty() { NONE.to_owned() } else { reasons.join("; ") }),
    ]
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

/// The registry.
pub fn facts(replies: &[Reply], style: Style) -> String {
    let mut text = String::new();
    let mut table = TextTable::new(&[
        ("list", Align::Left),
        ("kind", Align::Left),
        ("what it lists", Align::Left),
        ("free queries per day", Align::Right),
        ("remarks", Align::Left),
    ]);
    for reply in replies {
        match reply {
            Reply::Registry { dated } => text.push_str(&format!(
                "DNS lists that resolverd knows (table of {}), and those of your [[list]] entries\n",
                harmless(dated)
            )),
            Reply::ListFacts(row) => table.row(fact(row)),
            _ => {}
        }
    }
    text + &table.text(style, None)
}

fn fact(row: &ListFacts) -> Vec<(String, Paint)> {
    let plain = |text: String| (text, Paint::Plain);
    let subjects: Vec<&str> = row.subjects.iter().map(|subject| subject_words(*subject)).collect();
    let configured = if row.configured { "; you have a [[list]] for it" } else { "" };
    let terms = if row.terms.is_empty() { "not known" } else { row.terms.as_str() };
    let (terms, paint) = match &row.shut_down {
        Some(how) => (format!("shut down: {how}"), Paint::Faint),
        None => (format!("terms of use: {terms}{configured}"), Paint::Plain),
    };
    vec![
        plain(row.list.clone()),
        plain(purpose_words(row.purpose).to_owned()),
        plain(if subjects.is_empty() { "nothing".to_owned() } else { subjects.join(", ") }),
        plain(match row.free_quota {
            Some(free) => words::number(free),
            None if row.shut_down.is_some() => NONE.to_owned(),
            None => "not known".to_owned(),
        }),
        (terms, paint),
    ]
}
