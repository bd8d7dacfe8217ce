use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use hickory_proto::rr::Name;

use super::*;
use dns::question::{Outcome, wire_name};
use record::entry::FlightEntry;

/// The DNS lists that the mails query, and the names and addresses in the answers.
#[derive(Default)]
struct World {
    lists: Vec<Vec<u8>>,
    links: BTreeMap<(Vec<u8>, u16), Vec<Link>>,
}

fn wire(text: &str) -> Vec<u8> {
    wire_name(&Name::from_ascii(text).unwrap())
}

impl World {
    fn list(&self, name: &[u8]) -> Option<ListName> {
        let apex = self.lists.iter().find(|list| dns::question::is_within(name, list))?.len();
        Some(ListName { apex, keyed: name.ends_with(b"\x02dq\x07example\x00"), refuses: false })
    }

    fn of_lists(lists: &[&str]) -> Self {
        Self { lists: lists.iter().map(|list| wire(list)).collect(), links: BTreeMap::new() }
    }

    fn link(&mut self, owner: &str, kind: RecordType, target: &str) {
        let link = match target.parse() {
            Ok(address) => Link::Address(address),
            Err(_) => Link::Name(wire(target).into()),
        };
        self.links.entry((wire(owner), kind.into())).or_default().push(link);
    }
}

fn group(questions: &[QuestionEntry], world: &World) -> Vec<Vec<usize>> {
    let flights = world.links.iter().zip(1..).map(|(((name, kind), links), id)| FlightEntry {
        name: name.as_slice().into(),
        kind: (*kind).into(),
        links: links.clone(),
        ..FlightEntry::blank(id, 0, 1)
    });
    let flights = flights.collect();
    let recorded = Recorded { questions: questions.to_vec(), flights, ..Recorded::default() }.interned();
    super::group(&recorded, &|name| world.list(name)).all.into_iter().map(|one| one.questions).collect()
}

/// `elapsed` is in milliseconds.
fn question(at: u64, elapsed: u64, name: &str, kind: &str) -> QuestionEntry {
    let kind = RecordType::from_str(kind).unwrap();
    let hit = QuestionEntry::hit(wire(name).into(), kind, [127, 0, 0, 1].into(), 0, at * 1_000);
    QuestionEntry { outcome: Outcome::Upstream, elapsed: elapsed * 1_000, ..hit }
}

/// Makes the questions of one mail from a trace in a file. Each takes 30 ms, and begins when the questions on which it depends have ended.
fn trace(file: &str, begin: u64, fill: &[(&str, &str)]) -> Vec<QuestionEntry> {
    let mut ends: BTreeMap<String, u64> = BTreeMap::new();
    let mut drawn = Vec::new();
    let mut latest = begin;
    for line in file.lines().filter(|line| line.starts_with('{')) {
        let node: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| node[key].as_str().unwrap_or_default().to_owned();
        let (id, template) = (text("id"), text("q"));
        let names = |key: &str| -> Vec<String> {
            let names = node[key].as_array().into_iter().flatten();
            names.filter_map(|name| Some(name.as_str()?.to_owned())).collect()
        };
        let after = names("after").into_iter().chain(names("join"));
        let after: Vec<String> = after.collect();
        // The end of DATA (`E`) is an event of SMTP. All questions that depend on it begin at the same time.
        if after.iter().any(|id| id == "E") {
            ends.entry("E".to_owned()).or_insert(latest);
        }
        let ready = after.iter().filter_map(|id| ends.get(id).copied()).max();
        // The field `after` may be a text in words instead of a list of ids of questions. The question then begins when the latest question has
        // ended.
        let at = if node["after"] == serde_json::json!([]) { begin } else { ready.unwrap_or(latest) };
        let zones = node["foreach"]["z"].as_array().cloned().unwrap_or_default();
        let zones: Vec<&str> = zones.iter().filter_map(|zone| zone.as_str()).collect();
        let mut end = at;
        for zone in if zones.is_empty() { vec![""] } else { zones } {
            let name = fill
                .iter()
                .fold(template.replace("{z}", zone), |name, (variable, value)| name.replace(variable, value));
            if name.is_empty() || name.contains(['{', '|', ' ']) {
                continue;
            }
            for kind in text("t").split([' ', '+', ',']).filter(|kind| RecordType::from_str(kind).is_ok()) {
                drawn.push(question(at, 30, &name, kind));
                end = at + 31;
            }
        }
        latest = latest.max(end);
        ends.insert(id, end);
    }
    drawn
}

const INBOUND: &str = include_str!("../../tests/traces/inbound.jsonl");
const OUTBOUND: &str = include_str!("../../tests/traces/outbound.jsonl");

const LISTS: [&str; 17] = [
    "zen.spamhaus.org.",
    "bl.spamcop.net.",
    "b.barracudacentral.org.",
    "bl.mailspike.net.",
    "wl.mailspike.net.",
    "rep.mailspike.net.",
    "list.dnswl.org.",
    "dwl.dnswl.org.",
    "bl.spameatingmonkey.net.",
    "uribl.spameatingmonkey.net.",
    "fresh15.spameatingmonkey.net.",
    "hostkarma.junkemailfilter.com.",
    "dbl.spamhaus.org.",
    "multi.surbl.org.",
    "multi.uribl.com.",
    "asn.rspamd.com.",
    "bip.virusfree.cz.",
];

/// Returns the values for the placeholders in the trace of an inbound mail from sender `n`, which are the names of this sender. Adds to `world`
/// the answers that lead from one of these names to another.
fn inbound(world: &mut World, n: u8) -> Vec<(&'static str, String)> {
    let (host, domain) = (format!("out.host{n}.example"), format!("sender{n}.example"));
    let (link, include) = (format!("shop{n}.test"), format!("_spf.hoster{n}.test"));
    world.link(&format!("{n}.2.0.192.in-addr.arpa."), RecordType::PTR, &format!("{host}."));
    world.link(&format!("{host}."), RecordType::A, &format!("192.0.2.{n}"));
    world.link(&format!("{domain}."), RecordType::MX, &format!("mx.hoster{n}.test."));
    world.link(&format!("{domain}."), RecordType::TXT, &format!("{include}."));
    vec![
        ("{r4}.in", format!("{n}.2.0.192.in")),
        ("{r4_received_k}", format!("{n}.100.51.198")),
        ("{r4}", format!("{n}.2.0.192")),
        ("{ptr}", host.clone()),
        ("{helo}", host),
        ("{mf}", domain.clone()),
        ("{hf}", domain.clone()),
        ("{org}", domain.clone()),
        ("{d}", domain.clone()),
        ("{d_arc}", domain),
        ("{sel}", "s1".to_owned()),
        ("{sel_arc}", "arc".to_owned()),
        ("{inc_1}", include.clone()),
        ("{inc_i}", include),
        ("{u_j}", link),
    ]
}

fn outbound(world: &mut World, n: u8) -> Vec<(&'static str, String)> {
    let (domain, exchanger) = (format!("recipient{n}.example"), format!("mx1.hoster{n}.test"));
    world.link(&format!("{domain}."), RecordType::MX, &format!("{exchanger}."));
    vec![("{dom}", domain), ("{mx_k}", exchanger.clone()), ("{mx_k_expanded}", exchanger)]
}

fn draw(file: &str, begin: u64, fill: &[(&'static str, String)]) -> Vec<QuestionEntry> {
    let fill: Vec<(&str, &str)> = fill.iter().map(|(variable, value)| (*variable, value.as_str())).collect();
    trace(file, begin, &fill)
}

/// Groups the questions of several mails that are in progress at the same time, and returns the number of messages. Asserts that no message
/// has questions of two mails.
fn messages(mails: &[Vec<QuestionEntry>], world: &World) -> usize {
    let mut all: Vec<(usize, QuestionEntry)> = Vec::new();
    for (mail, questions) in mails.iter().enumerate() {
        all.extend(questions.iter().cloned().map(|question| (mail, question)));
    }
    all.sort_by_key(|(_, question)| question.at);
    let questions: Vec<QuestionEntry> = all.iter().map(|(_, question)| question.clone()).collect();
    let groups = group(&questions, world);
    for group in &groups {
        let mails: BTreeSet<usize> = group.iter().map(|place| all[*place].0).collect();
        let names = group.iter().map(|place| dns::question::name_of_wire(&all[*place].1.name).to_string());
        assert_eq!(mails.len(), 1, "{:#?}", names.collect::<Vec<_>>());
    }
    groups.len()
}

// Names in links and in Received headers are messages of their own.
#[test]
fn single_mail_is_one_message() {
    let mut world = World::of_lists(&LISTS);
    let fill = inbound(&mut world, 1);
    let mail = draw(INBOUND, 0, &fill);
    assert!(mail.len() > 35, "{}", mail.len());
    // One further message is about the domain of a link, one about an address in a Received header. No other query of the mail has this domain or
    // this address.
    assert_eq!(messages(&[mail], &world), 3);
    let fill = outbound(&mut world, 1);
    let mail = draw(OUTBOUND, 0, &fill);
    assert!(mail.len() >= 6, "{}", mail.len());
    // The questions for the servers of the root zone share no subject with the email, so they are a second message.
    assert_eq!(messages(&[mail], &world), 2);
}

#[test]
fn alternating_mails_are_not_joined() {
    // A program of the mail server queries the servers of the root zone once, and not for each email. So these queries are removed.
    let delivery = |begin: u64, fill: &[(&'static str, String)]| {
        let mut mail = draw(OUTBOUND, begin, fill);
        mail.retain(|question| *question.name != [0]);
        mail
    };
    for shift in [3, 17, 29, 95, 410, 1_700] {
        let mut world = World::of_lists(&LISTS);
        let (one, two) = (inbound(&mut world, 1), inbound(&mut world, 2));
        messages(&[draw(INBOUND, 0, &one), draw(INBOUND, shift, &two)], &world);
        let (three, four) = (outbound(&mut world, 3), outbound(&mut world, 4));
        messages(&[delivery(0, &three), delivery(shift, &four)], &world);
        messages(&[draw(INBOUND, 0, &one), delivery(shift, &three)], &world);
    }
}

#[test]
fn simultaneous_mails_are_not_joined() {
    let world = World::of_lists(&LISTS);
    let delivery = |domain: &str| vec![question(0, 29, domain, "MX")];
    assert_eq!(messages(&[delivery("one.example."), delivery("two.example.")], &world), 2);
    let host = |host: u8| vec![question(0, 29, &format!("{host}.2.0.192.in-addr.arpa."), "PTR")];
    assert_eq!(messages(&[host(1), host(2)], &world), 2);
}

#[test]
fn mails_of_provider_customers_stay_apart() {
    let mut world = World::of_lists(&LISTS);
    for domain in ["one.provider.test.", "two.provider.test.", "provider.test."] {
        world.link(domain, RecordType::MX, "mx.provider.test.");
    }
    let delivery = |begin: u64, domain: &str| {
        vec![question(begin, 29, domain, "MX"), question(begin + 30, 29, "mx.provider.test.", "A")]
    };
    for shift in [70, 150, 600, 1_900] {
        for next in ["two.provider.test.", "provider.test."] {
            assert_eq!(messages(&[delivery(0, "one.provider.test."), delivery(shift, next)], &world), 2);
        }
    }
}

#[test]
fn time_joins_to_single_message_only() {
    let world = World::default();
    let first = question(0, 30, "a.one.test.", "A");
    let near = question(60, 10, "b.two.test.", "A");
    assert_eq!(group(&[first.clone(), near.clone()], &world), [vec![0, 1]]);
    let late = question(200, 10, "b.two.test.", "A");
    assert_eq!(group(&[first.clone(), late.clone()], &world), [vec![0], vec![1]]);
    let other = question(210, 10, "c.three.test.", "A");
    assert_eq!(group(&[first, late, other], &world), [vec![0], vec![1], vec![2]]);
}

#[test]
fn pause_or_client_ends_message() {
    let world = World::default();
    let (first, then, later) = (
        question(0, 500, "mail.example.", "MX"),
        question(2_400, 10, "mail.example.", "A"),
        question(4_500, 10, "mail.example.", "A"),
    );
    let elsewhere = QuestionEntry { client: [192, 0, 2, 1].into(), ..then.clone() };
    assert_eq!(group(&[first, then, elsewhere, later], &world), [vec![0, 1], vec![2], vec![3]]);
}

#[test]
fn names_have_their_subjects() {
    let world = World::of_lists(&["dbl.example.", "zen.example.", "dq.example."]);
    let shown = |name: &str| {
        let wire = wire(name);
        match subject(&wire, |name| world.list(name)) {
            Some(Subject::Address(address)) => address.to_string(),
            Some(Subject::Domain(name)) => dns::question::name_of_wire(&name).to_string(),
            None => String::new(),
        }
    };
    for (name, subject) in [
        ("9.2.0.192.in-addr.arpa.", "192.0.2.9"),
        ("9.2.0.192.zen.example.", "192.0.2.9"),
        ("9.2.0.192.unknown.list.test.", "192.0.2.9"),
        ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::1"),
        ("www.shop.test.dbl.example.", "www.shop.test."),
        ("0123abcd.zen.example.", ""),
        ("www.shop.test._key.dq.example.", "www.shop.test."),
        ("9.2.0.192._key.dq.example.", "192.0.2.9"),
        ("s1._domainkey.mail.sender.co.uk.", "mail.sender.co.uk."),
        ("_25._tcp.mx.sender.org.", "mx.sender.org."),
        ("_dmarc.sender.org.", "sender.org."),
        ("_spf.customer.sender.org.", "_spf.customer.sender.org."),
        ("com.", "com."),
        (".", ""),
    ] {
        assert_eq!(shown(name), subject, "{name}");
    }
}

/// Returns the number of emails in `mails`, and the median of the times that they waited, in milliseconds.
fn counted(mails: &[Vec<QuestionEntry>], world: &World) -> (usize, u64) {
    let mut questions = mails.concat();
    questions.sort_by_key(|question| question.at);
    let flights = world.links.iter().zip(1..).map(|(((name, kind), links), id)| FlightEntry {
        name: name.as_slice().into(),
        kind: (*kind).into(),
        links: links.clone(),
        ..FlightEntry::blank(id, 0, 1)
    });
    let recorded = Recorded { questions, flights: flights.collect(), ..Recorded::default() }.interned();
    let groups = super::group(&recorded, &|name| world.list(name)).all;
    let emails = crate::emails::emails(groups.iter(), &recorded);
    let mut times: Vec<u64> = emails.iter().map(|email| email.waited(&recorded) / 1_000).collect();
    times.sort_unstable();
    (emails.len(), times[times.len() / 2])
}

#[test]
fn message_count_is_independent_of_load() {
    const MAILS: u8 = 200;
    let mut alone = None;
    for pause in [20_000, 1_013, 207, 103, 37] {
        let mut world = World::of_lists(&LISTS);
        let mails = (1..=MAILS).flat_map(|n| {
            let begin = u64::from(n) * pause;
            let fill = inbound(&mut world, n);
            let received = draw(INBOUND, begin, &fill);
            let handed = received.iter().map(QuestionEntry::end).max().unwrap() / 1_000 + 40;
            let fill = outbound(&mut world, n);
            let mut delivered = draw(OUTBOUND, handed, &fill);
            // A program of the mail server queries the servers of the root zone once, and not for each email. So these queries are removed.
            delivered.retain(|question| *question.name != [0]);
            [received, delivered]
        });
        let mails: Vec<Vec<QuestionEntry>> = mails.collect();
        let (count, median) = counted(&mails, &world);
        assert!((190..=210).contains(&count), "{count} emails at a pause of {pause} ms");
        let usual = *alone.get_or_insert(median);
        assert!((usual * 2 / 3..=usual * 4 / 3).contains(&median), "{median} ms, alone {usual} ms");
    }
}

#[test]
fn deliveries_to_domains_are_counted() {
    let mut world = World::of_lists(&LISTS);
    let fill = inbound(&mut world, 1);
    let received = draw(INBOUND, 0, &fill);
    let end = received.iter().map(QuestionEntry::end).max().unwrap() / 1_000;
    let mut mails = vec![received];
    for n in 2..=21 {
        mails.push(vec![question(end + 20, 30, &format!("recipient{n}.example."), "MX")]);
    }
    // One of the 20 queries for an MX belongs to the received mail. An email has one sender and one recipient, so the others are emails of
    // their own.
    assert_eq!(counted(&mails, &world).0, 20);
}

#[test]
fn greet_delay_keeps_one_message() {
    let world = World::of_lists(&LISTS);
    let screened = vec![question(0, 30, "1.2.0.192.zen.spamhaus.org.", "A")];
    let received = vec![
        question(6_100, 30, "1.2.0.192.in-addr.arpa.", "PTR"),
        question(6_140, 30, "mail.sender.example.", "A"),
    ];
    let other = vec![question(7_000, 30, "2.2.0.192.zen.spamhaus.org.", "A")];
    assert_eq!(counted(&[screened.clone(), received], &world).0, 1);
    assert_eq!(counted(&[screened, other], &world).0, 2);
}
