//! The screens about DNS lists.

use crate::render::{both, golden, lines, quantiles};
use dns::question::ListSays;
use dnsbl::batch::Mode;
use dnsbl::entry::ListCounts;
use dnsbl::list::{ListSubject, OnRefusal, Purpose};
use dnsbl::list_way::Way;
use dnsbl::state::{ListStanding, ListState};
use protocol::Reply;
use protocol::lists::{BatchState, CodeFact, KeyUse, ListFacts, ListRow, ListTest};
use resolverctl::refused::QueryAddress;
use resolverctl::render::{Style, lists};

fn state(
    list: &str,
    purpose: Option<Purpose>,
    standing: Option<ListState>,
    questions: u64,
    note: &str,
) -> Reply {
    let misses = questions / 3;
    Reply::ListState(ListRow {
        list: list.to_owned(),
        way: Way::Public,
        purpose,
        standing: standing.map(|state| ListStanding {
            state,
            since: if state == ListState::Untested { 0 } else { 1_795_172_460 },
            why: if state.is_incident() { note.to_owned() } else { String::new() },
        }),
        counts: ListCounts {
            questions,
            hits: questions - misses,
            listed: questions / 7,
            not_listed: questions - questions / 7,
            unknown: 0,
            elapsed: if standing == Some(ListState::Slow) {
                quantiles(misses, [1.2, 1.9, 2.4, 3.1])
            } else {
                quantiles(misses, [0.021, 0.04, 0.132, 2.0])
            },
        },
        today: misses,
        yesterday: misses / 2,
        quota: (questions > 100_000).then_some(if questions > 120_000 { 50_000 } else { 30_000 }),
        quota_full_at: (questions > 120_000).then_some(1_795_179_180),
        free_quota: purpose.map(|purpose| if purpose == Purpose::Allow { 100_000 } else { 300_000 }),
        compared: questions / 100,
        only_this_list: questions / 900,
        batch_used: questions / 11,
        batch_unused: questions / 500,
        batch_saved: questions as f64 / 100.0,
        key: KeyUse::None,
        data_age: None,
        note: note.to_owned(),
    })
}

#[test]
fn lists_in_use() {
    let mut alike = state(
        "_spf.corp.example",
        None,
        None,
        12,
        "clients query this zone like a DNS list, but resolverd does not know such a list, so clients get the answers of the zone unchanged; if it is a DNS list, add a [[list]] for it",
    );
    if let Reply::ListState(row) = &mut alike {
        row.counts = ListCounts { questions: 12, ..ListCounts::default() };
        row.batch_used = 0;
    }
    let mut shut_down = state(
        "dnsbl.sorbs.net",
        Some(Purpose::Block),
        None,
        30,
        "shut down (2024-06-05, its zones were emptied); resolverd answers \"not listed\" (NXDOMAIN) itself and sends it no queries; remove it from the mail software",
    );
    if let Reply::ListState(row) = &mut shut_down {
        row.counts = ListCounts { questions: 30, not_listed: 30, ..ListCounts::default() };
        (row.today, row.free_quota, row.batch_used) = (0, None, 0);
    }
    let by = |way: Way, row: Reply| match row {
        Reply::ListState(row) => {
            let data_age = matches!(way, Way::Stub(_)).then_some(540.0);
            Reply::ListState(ListRow { way, data_age, ..row })
        }
        other => other,
    };
    let servers = |servers: &[&str]| servers.iter().map(|server| server.parse().unwrap()).collect();
    let mirror = Way::Stub(servers(&["127.0.0.1:530"]));
    let forwarders = Way::Forwarders(servers(&["192.0.2.1:53", "[2001:db8::1]:53"]));
    let silent = "zen.spamhaus.org gave no usable answer; its servers: 127.0.0.1 timeout; check whether the program that serves the list runs at the addresses in the `stub` of its [[zone]]";
    let refuses = "list.dnswl.org refuses queries of this host: it returned 127.0.0.255 (more than 100000 queries in 24 hours, or queries through a public resolver); this is not a listing; send it only as many queries as its terms of use permit (https://www.dnswl.org/), buy access, or remove it from the mail software";
    let over = "over quota since 2026-11-20 09:01 UTC: 36666 of 30000 queries today, 79780 a day at this rate; the count resets at 00:00 UTC; the list may refuse or block this host; buy access and set `quota` of its [[list]], or remove it from the mail software";
    let slow = "mail waits for it; if this continues, use a mirror or another list, or remove it from the mail software";
    let rows = [
        state("zen.spamhaus.org", Some(Purpose::Block), Some(ListState::Ok), 128_400, ""),
        state("b.barracudacentral.org", Some(Purpose::Block), Some(ListState::Ok), 110_000, over),
        state("list.dnswl.org", Some(Purpose::Allow), Some(ListState::Refusing), 4_200, refuses),
        by(mirror, state("zen.spamhaus.org", Some(Purpose::Block), Some(ListState::Silent), 90, silent)),
        by(forwarders, state("bl.spamcop.net", Some(Purpose::Block), Some(ListState::Slow), 60, slow)),
        state("psbl.surriel.com", Some(Purpose::Block), Some(ListState::Untested), 7, ""),
        shut_down,
        alike,
        Reply::Batch(BatchState { batch: Mode::Learned, unheard: 17 }),
    ];
    let from = QueryAddress { address: Some("192.0.2.25".parse().unwrap()), names: Some(Vec::new()) };
    let states = |rows: &[Reply], is_verbose| lists::states(rows, &from, is_verbose, Style::Plain);
    both("dnsbl", &states(&rows, false), &lines(&rows));
    golden("dnsbl_verbose.txt", &states(&rows, true));
    let observe = [rows[0].clone(), Reply::Batch(BatchState { batch: Mode::Observe, unheard: 0 })];
    assert!(states(&observe, true).ends_with(
        "dnsbl.batch = \"observe\": resolverd sends no batch queries; it would have sent 11 928 queries before a client asked; clients would have used 11 672 of the answers, and all clients together waited 21 min less\n"
    ));
    let none = "no queries for DNS lists since start\n";
    assert_eq!(states(&[Reply::End], false), none);
}

/// Returns the result of a test of a DNS list. If there is no answer to the test query, `why` says why.
fn test(
    list: &str,
    purpose: Purpose,
    says: ListSays,
    (codes, text): (&[(&str, &str)], &[&str]),
    why: Option<&str>,
) -> Reply {
    let fact =
        |(code, means): &(&str, &str)| CodeFact { code: (*code).to_owned(), means: (*means).to_owned() };
    Reply::ListTest(ListTest {
        list: list.to_owned(),
        purpose,
        says: Some(says),
        codes: codes.iter().map(fact).collect(),
        text: text.iter().map(|text| (*text).to_owned()).collect(),
        why: why.map(str::to_owned),
        removal: None,
        elapsed: if why.is_some() { 2.0 } else { 0.0231 },
    })
}

#[test]
fn what_lists_say() {
    let not_asked = match test(
        "zen.dq.spamhaus.net",
        Purpose::Block,
        ListSays::Unknown,
        (&[], &[]),
        Some("not queried: this list needs your customer key; set `key` of its [[list]]"),
    ) {
        Reply::ListTest(row) => Reply::ListTest(ListTest { says: None, elapsed: 0.0, ..row }),
        other => other,
    };
    let rows = [
        test(
            "zen.spamhaus.org",
            Purpose::Block,
            ListSays::Listed,
            (
                &[("127.0.0.2", "SBL"), ("127.0.0.10", "PBL (set by the internet provider)")],
                &["https://www.spamhaus.org/query/ip/192.0.2.7"],
            ),
            None,
        ),
        test(
            "list.dnswl.org",
            Purpose::Allow,
            ListSays::Listed,
            (&[("127.0.5.2", "good sender; the last octet is the trust, from 0 (none) to 3 (high)")], &[]),
            None,
        ),
        test("psbl.surriel.com", Purpose::Block, ListSays::NotListed, (&[], &[]), None),
        test(
            "bl.spamcop.net",
            Purpose::Block,
            ListSays::Unknown,
            (&[], &[]),
            Some("bl.spamcop.net gave no usable answer; its servers: 192.0.2.99 timeout"),
        ),
        test(
            "asn.rspamd.com",
            Purpose::Data,
            ListSays::Listed,
            (&[], &["64500|192.0.2.0/24|ZZ|example|"]),
            None,
        ),
        not_asked,
    ];
    both("dnsbl_test", &lists::tests("192.0.2.7", &rows, Style::Plain), &lines(&rows));
}

#[test]
fn what_is_known_of_lists() {
    let fact = |list: &str, shut_down: Option<&str>, configured| {
        Reply::ListFacts(ListFacts {
            list: list.to_owned(),
            purpose: Purpose::Block,
            subjects: if shut_down.is_some() { Vec::new() } else { vec![ListSubject::Ip4, ListSubject::Ip6] },
            shut_down: shut_down.map(str::to_owned),
            listed: vec![CodeFact { code: "127.0.0.2".to_owned(), means: "SBL".to_owned() }],
            refused: Vec::new(),
            on_refusal: OnRefusal::Servfail,
            free_quota: shut_down.is_none().then_some(300_000),
            terms:
                "free below 100000 SMTP connections a day, for non-commercial use, through your own resolver"
                    .to_owned(),
            source: "https://www.spamhaus.org/".to_owned(),
            configured,
        })
    };
    let rows = [
        Reply::Registry { dated: "2026-11-20".to_owned() },
        fact("dnsbl.sorbs.net", Some("2024-06-05, its zones were emptied"), false),
        fact("zen.spamhaus.org", None, true),
    ];
    both("dnsbl_list", &lists::facts(&rows, Style::Plain), &lines(&rows));
}
