use super::*;
use crate::subject::{Subject, subject};
use dns::question::{Outcome, wire_name};
use hickory_proto::rr::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::str::FromStr;

#[path = "connection_tests.rs"]
mod connections;

/// Lists of the traces, and the answers that their questions get.
#[derive(Default)]
struct World {
    lists: Vec<Vec<u8>>,
    links: BTreeMap<(Vec<u8>, u16), Vec<Link>>,
}

fn wire(text: &str) -> Vec<u8> {
    wire_name(&Name::from_ascii(text).unwrap())
}

impl Known for World {
    fn list(&self, name: &[u8]) -> Option<ListName> {
        let apex = self.lists.iter().find(|list| dns::question::is_within(name, list))?.len();
        Some(ListName { apex, keyed: name.ends_with(b"\x02dq\x07example\x00") })
    }

    fn links(&self, name: &[u8], kind: RecordType) -> &[Link] {
        self.links.get(&(name.to_vec(), kind.into())).map(Vec::as_slice).unwrap_or_default()
    }
}

impl World {
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

/// A question that begins at `at` and takes `elapsed` milliseconds.
fn question(at: u64, elapsed: u64, name: &str, kind: &str) -> QuestionEntry {
    QuestionEntry {
        name: wire(name).into(),
        kind: RecordType::from_str(kind).unwrap(),
        client: [127, 0, 0, 1].into(),
        port: 0,
        transport: None,
        view: 0,
        at: at * 1_000,
        outcome: Outcome::Upstream,
        elapsed: elapsed * 1_000,
        flight: None,
        error: Box::default(),
        code: None,
        user: None,
    }
}

/// Draws the questions of a trace: each begins when the questions that it waits for have ended, and takes 30 ms.
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
        // The end of DATA is no question. All that wait for it begin together.
        if after.iter().any(|id| id == "E") {
            ends.entry("E".to_owned()).or_insert(latest);
        }
        let ready = after.iter().filter_map(|id| ends.get(id).copied()).max();
        // Nodes whose condition is told in words follow the last question.
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

/// The fields of an inbound mail of sender `n`, and the answers that join its names.
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

/// Plays drawn messages together; each must be a group of its own.
fn is_told_apart(mails: &[Vec<QuestionEntry>], world: &World) {
    let mut all: Vec<(usize, QuestionEntry)> = Vec::new();
    for (mail, questions) in mails.iter().enumerate() {
        all.extend(questions.iter().cloned().map(|question| (mail, question)));
    }
    all.sort_by_key(|(_, question)| question.at);
    // As in a reading, equal names are one.
    let mut names: BTreeMap<Vec<u8>, std::sync::Arc<[u8]>> = BTreeMap::new();
    for (_, question) in &mut all {
        question.name = names.entry(question.name.to_vec()).or_insert_with(|| question.name.clone()).clone();
    }
    let questions: Vec<QuestionEntry> = all.iter().map(|(_, question)| question.clone()).collect();
    let groups = group(&questions, world);
    let mixed =
        |group: &&Vec<usize>| group.iter().map(|place| all[*place].0).collect::<BTreeSet<usize>>().len() > 1;
    let told: Vec<Vec<String>> = groups
        .iter()
        .map(|group| {
            let told = |place: &usize| {
                let question = &questions[*place];
                format!("{} {} {}", question.at, dns::question::name_of_wire(&question.name), question.kind)
            };
            group.iter().map(told).collect()
        })
        .collect();
    assert!(!groups.iter().any(|group| mixed(&group)), "{told:#?}");
    assert_eq!(groups.len(), mails.len(), "{told:#?}");
}

#[test]
fn each_mail_of_the_traces_is_one_message() {
    let mut world = World::of_lists(&LISTS);
    let fill = inbound(&mut world, 1);
    let mail = draw(INBOUND, 0, &fill);
    assert!(mail.len() > 35, "{}", mail.len());
    is_told_apart(&[mail], &world);
    let fill = outbound(&mut world, 1);
    let mail = draw(OUTBOUND, 0, &fill);
    assert!(mail.len() >= 6, "{}", mail.len());
    is_told_apart(&[mail], &world);
}

#[test]
fn mails_of_one_client_are_told_apart_although_their_questions_alternate() {
    for shift in [3, 17, 29, 95, 410, 1_700] {
        let mut world = World::of_lists(&LISTS);
        let (one, two) = (inbound(&mut world, 1), inbound(&mut world, 2));
        is_told_apart(&[draw(INBOUND, 0, &one), draw(INBOUND, shift, &two)], &world);
        let (three, four) = (outbound(&mut world, 3), outbound(&mut world, 4));
        // A process asks for the servers of the root once.
        let mut next = draw(OUTBOUND, shift, &four);
        next.retain(|question| *question.name != [0]);
        is_told_apart(&[draw(OUTBOUND, 0, &three), next], &world);
        let mut next = draw(OUTBOUND, shift, &three);
        next.retain(|question| *question.name != [0]);
        is_told_apart(&[draw(INBOUND, 0, &one), next], &world);
    }
}

/// When the last question of a mail ends, in milliseconds.
fn end(mail: &[QuestionEntry]) -> u64 {
    mail.iter().map(QuestionEntry::end).max().unwrap() / 1_000
}

#[test]
fn mails_of_one_sender_from_one_host_are_told_apart_behind_a_pause() {
    for pause in [150, 700, 1_900] {
        let mut world = World::of_lists(&LISTS);
        let one = inbound(&mut world, 1);
        let first = draw(INBOUND, 0, &one);
        let mail = |number: u64| draw(INBOUND, number * (end(&first) + pause), &one);
        is_told_apart(&[mail(0), mail(1), mail(2)], &world);
        let two = outbound(&mut world, 2);
        let mail = |begin: u64| {
            let mut mail = draw(OUTBOUND, begin, &two);
            mail.retain(|question| *question.name != [0]);
            mail
        };
        let next = end(&mail(0)) + pause;
        is_told_apart(&[mail(0), mail(next)], &world);
    }
}

#[test]
fn a_filter_that_asks_again_behind_a_pause_begins_no_mail() {
    for pause in [150, 700, 1_900] {
        let mut world = World::of_lists(&LISTS);
        let fill = inbound(&mut world, 1);
        let mut mail = draw(INBOUND, 0, &fill);
        let content =
            mail.iter().position(|question| question.name.ends_with(b"\x06rspamd\x03com\x00")).unwrap();
        let begin = mail[content].at;
        for question in mail.iter_mut().filter(|question| question.at >= begin) {
            question.at += pause * 1_000;
        }
        // A content filter behind the queue looks at the host and the sender once more.
        let end = end(&mail);
        for (step, (name, kind)) in (0..).zip([
            ("1.2.0.192.in-addr.arpa.", "PTR"),
            ("sender1.example.", "MX"),
            ("1.2.0.192.zen.spamhaus.org.", "A"),
        ]) {
            mail.push(question(end + pause + 30 * step, 29, name, kind));
        }
        mail.sort_by_key(|question| question.at);
        is_told_apart(&[mail], &world);
    }
}

#[test]
fn mails_that_begin_at_once_are_told_apart() {
    let mut world = World::of_lists(&LISTS);
    for host in 1..=2 {
        let out = format!("out{host}.hosts{host}.test.");
        world.link(&format!("{host}.2.0.192.in-addr.arpa."), RecordType::PTR, &out);
        world.link(&out, RecordType::A, &format!("192.0.2.{host}"));
    }
    let of_host = |begin: u64, host: u8, sender: &str| {
        let mut mail = from_host(begin, host, sender);
        mail[1].name = wire(&format!("out{host}.hosts{host}.test.")).into();
        mail
    };
    // Behind the opening only time joins, and each goes on in its own part; the begins are two messages.
    let count = |mails: &[Vec<QuestionEntry>]| {
        let mut all = mails.concat();
        all.sort_by_key(|question| question.at);
        group(&all, &world).len()
    };
    let opening = |begin: u64, host: u8| of_host(begin, host, "sender.example.")[..3].to_vec();
    assert_eq!(count(&[opening(0, 1), opening(0, 2)]), 2);
    let delivery = |domain: &str| vec![question(0, 29, domain, "MX")];
    assert_eq!(count(&[delivery("one.example."), delivery("two.example.")]), 2);
}

/// The questions of a mail of a sender from a host, 30 ms apart.
fn from_host(begin: u64, host: u8, sender: &str) -> Vec<QuestionEntry> {
    let asked = [
        (format!("{host}.2.0.192.in-addr.arpa."), "PTR"),
        (format!("out{host}.hosts.test."), "A"),
        (format!("{host}.2.0.192.zen.spamhaus.org."), "A"),
        (sender.to_owned(), "MX"),
        (sender.to_owned(), "TXT"),
        (format!("_dmarc.{sender}"), "TXT"),
    ];
    (0..).zip(asked).map(|(step, (name, kind))| question(begin + 30 * step, 29, &name, kind)).collect()
}

#[test]
fn mails_of_one_sender_from_several_hosts_are_told_apart() {
    let mut world = World::of_lists(&LISTS);
    for host in 1..=4 {
        world.link(
            &format!("{host}.2.0.192.in-addr.arpa."),
            RecordType::PTR,
            &format!("out{host}.hosts.test."),
        );
        world.link(&format!("out{host}.hosts.test."), RecordType::A, &format!("192.0.2.{host}"));
    }
    let mail = |host: u8| from_host(u64::from(host) * 1_200, host, "sender.example.");
    is_told_apart(&[mail(1), mail(2), mail(3), mail(4)], &world);
    // The filter of a message of another sender may ask again, while a host connects.
    let mut first = mail(1);
    first.push(question(2_435, 29, "sender.example.", "TXT"));
    is_told_apart(&[first, from_host(2_400, 2, "other.example.")], &world);
}

#[test]
fn the_sender_of_the_next_host_is_not_certainly_of_a_quiet_mail_of_the_same_provider() {
    let mut world = World::of_lists(&LISTS);
    for (host, owner) in [(1, "provider"), (2, "other")] {
        let out = format!("out{host}.{owner}.test.");
        world.link(&format!("{host}.2.0.192.in-addr.arpa."), RecordType::PTR, &out);
        world.link(&out, RecordType::A, &format!("192.0.2.{host}"));
    }
    let opening = |begin: u64, host: u8, owner: &str| {
        let mut opening = from_host(begin, host, "unused.test.")[..3].to_vec();
        opening[1].name = wire(&format!("out{host}.{owner}.test.")).into();
        opening
    };
    // The parts of the questions, which are in the order of time.
    let parts = |mails: &[Vec<QuestionEntry>]| {
        let mut all = mails.concat();
        all.sort_by_key(|question| question.at);
        let asked: Vec<_> = all.iter().map(|question| (&*question.name, question.kind)).collect();
        let names = NamesOfEntries { asked, known: &world };
        let asking = |place: usize| {
            let question = all.get(place)?;
            let (at, end, client) = (question.at, question.end(), question.client);
            Some(Asking { at, end, client, asked: place, sparse: false })
        };
        let grouped = group_numbered(all.len(), asking, &names);
        (0..u32::try_from(all.len()).unwrap()).map(|place| grouped.part(place)).collect::<Vec<_>>()
    };
    let customer = from_host(1_990, 0, "customer.provider.test.")[3..].to_vec();
    let first = opening(0, 1, "provider");
    assert_eq!(parts(&[first.clone(), customer.clone()]), [0; 6], "a pause in the mail");
    let next = opening(1_950, 2, "other");
    assert_eq!(parts(&[first.clone(), next.clone(), customer.clone()]), [0, 0, 0, 3, 3, 3, 6, 6, 6]);
    let mut known = next;
    known.push(question(2_040, 29, "sender.test.", "MX"));
    assert_eq!(
        parts(&[first, known, customer]),
        [0, 0, 0, 3, 3, 3, 6, 0, 0, 0],
        "the next mail has its sender"
    );
}

#[test]
fn a_name_that_was_never_asked_is_no_second_question_whatever_its_number_is() {
    let world = World::of_lists(&LISTS);
    let mut asked = vec![(wire("unused.test."), RecordType::A); 65];
    asked[0] = (wire("a.sender.example."), RecordType::MX);
    asked[1] = (wire("2.2.0.192.in-addr.arpa."), RecordType::PTR);
    asked[64] = (wire("b.sender.example."), RecordType::MX);
    let asked = asked.iter().map(|(name, kind)| (&**name, *kind)).collect();
    let names = NamesOfEntries { asked, known: &world };
    let grouped = |last: usize| {
        let asking = [(0, 0), (300, 1), (600, last)].map(|(at, asked)| {
            let (at, end) = (at * 1_000, (at + 10) * 1_000);
            Asking { at, end, client: [127, 0, 0, 1].into(), asked, sparse: false }
        });
        let grouped = group_numbered(asking.len(), |place| asking.get(place).copied(), &names);
        grouped.iter().map(<[u32]>::to_vec).collect::<Vec<_>>()
    };
    assert_eq!(grouped(64), [vec![0], vec![1], vec![2]]);
    // The same name again is the first question of the next host's message.
    assert_eq!(grouped(0), [vec![0], vec![1, 2]]);
}

#[test]
fn a_question_without_its_neighbours_follows_only_what_was_just_before() {
    let world = World::default();
    let asked = [
        question(0, 1_100, "a.one.test.", "A"),
        question(1_150, 10, "b.two.test.", "A"),
        question(2_400, 10, "c.three.test.", "A"),
    ];
    assert_eq!(group(&asked, &world), [vec![0, 1, 2]]);
    let mut names = NamesOfEntries { asked: Vec::new(), known: &world };
    names.asked.extend(asked.iter().map(|question| (&*question.name, question.kind)));
    let asking = |(place, question): (usize, &QuestionEntry)| Asking {
        at: question.at,
        end: question.end(),
        client: question.client,
        asked: place,
        sparse: true,
    };
    let grouped = group_numbered(
        asked.len(),
        |place| asked.get(place).map(|question| asking((place, question))),
        &names,
    );
    assert_eq!(grouped.iter().collect::<Vec<_>>(), [&[0, 1][..], &[2]]);
}

#[test]
fn a_pause_ends_a_message_and_clients_are_apart() {
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
fn without_clients_only_the_name_joins() {
    let world = World::default();
    let mut asked = [
        question(0, 10, "a.one.test.", "A"),
        question(1, 10, "b.example.", "A"),
        question(2, 10, "c.one.test.", "A"),
    ];
    assert_eq!(group(&asked, &world), [vec![0, 1, 2]]);
    asked.iter_mut().for_each(|question| question.client = Ipv4Addr::UNSPECIFIED.into());
    assert_eq!(group(&asked, &world), [vec![0, 2], vec![1]]);
}

#[test]
fn names_have_their_subjects() {
    let world = World::of_lists(&["dbl.example.", "zen.example.", "dq.example."]);
    let text = |name: &[u8]| dns::question::name_of_wire(name).to_string();
    let told = |name: &str| {
        let wire = wire(name);
        let Some(subject) = subject(&wire, |name| world.list(name)) else { return Default::default() };
        let owner = subject.owner().map(text).unwrap_or_default();
        match subject {
            Subject::Address(address) => (address.to_string(), owner),
            Subject::Domain(name) => (text(&name), owner),
        }
    };
    for (name, subject, owner) in [
        ("9.2.0.192.in-addr.arpa.", "192.0.2.9", ""),
        ("9.2.0.192.zen.example.", "192.0.2.9", ""),
        ("9.2.0.192.unknown.list.test.", "192.0.2.9", ""),
        ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::1", ""),
        ("www.shop.test.dbl.example.", "www.shop.test.", "shop.test."),
        ("0123abcd.zen.example.", "", ""),
        ("www.shop.test._key.dq.example.", "www.shop.test.", "shop.test."),
        ("9.2.0.192._key.dq.example.", "192.0.2.9", ""),
        ("s1._domainkey.mail.sender.co.uk.", "mail.sender.co.uk.", "sender.co.uk."),
        ("_25._tcp.mx.sender.org.", "mx.sender.org.", "sender.org."),
        ("_dmarc.sender.org.", "sender.org.", "sender.org."),
        ("_spf.customer.sender.org.", "_spf.customer.sender.org.", "sender.org."),
        ("com.", "com.", "com."),
        (".", "", ""),
    ] {
        assert_eq!(told(name), (subject.to_owned(), owner.to_owned()), "{name}");
    }
}

/// The mail of a customer of a provider, from one of its hosts: without content if the sender is rejected.
fn of_customer(begin: u64, host: u8, customer: &str, is_rejected: bool) -> Vec<QuestionEntry> {
    let domain = format!("{customer}.provider.test.");
    let asked = [
        (format!("{host}.2.0.192.in-addr.arpa."), "PTR"),
        (format!("out{host}.provider.test."), "A"),
        (format!("{host}.2.0.192.zen.spamhaus.org."), "A"),
        (domain.clone(), "MX"),
        (domain.clone(), "TXT"),
        ("_spf.provider.test.".to_owned(), "TXT"),
        (format!("_dmarc.{domain}"), "TXT"),
        ("_dmarc.provider.test.".to_owned(), "TXT"),
    ];
    let asked = asked.into_iter().take(if is_rejected { 4 } else { 8 });
    (0..).zip(asked).map(|(step, (name, kind))| question(begin + 30 * step, 29, &name, kind)).collect()
}

/// The answers that the mails of a provider's customers have in common.
fn provider() -> World {
    let mut world = World::of_lists(&LISTS);
    for host in 1..=2 {
        let out = format!("out{host}.provider.test.");
        world.link(&format!("{host}.2.0.192.in-addr.arpa."), RecordType::PTR, &out);
        world.link(&out, RecordType::A, &format!("192.0.2.{host}"));
    }
    for domain in ["one.provider.test.", "two.provider.test.", "provider.test."] {
        world.link(domain, RecordType::MX, "mx.provider.test.");
        world.link(domain, RecordType::TXT, "_spf.provider.test.");
    }
    world
}

#[test]
fn mails_of_customers_of_one_provider_are_told_apart() {
    let world = provider();
    for shift in [400, 600, 1_000, 1_900] {
        for is_rejected in [false, true] {
            let one = || of_customer(0, 1, "one", is_rejected);
            for host in 1..=2 {
                is_told_apart(&[one(), of_customer(shift, host, "two", false)], &world);
            }
            let delivery = |domain: &str| {
                vec![question(shift, 29, domain, "MX"), question(shift + 30, 29, "mx.provider.test.", "A")]
            };
            is_told_apart(&[one(), delivery("provider.test.")], &world);
            is_told_apart(&[one(), delivery("two.provider.test.")], &world);
        }
    }
    let delivery = |begin: u64, domain: &str| {
        vec![question(begin, 29, domain, "MX"), question(begin + 30, 29, "mx.provider.test.", "A")]
    };
    for shift in [10, 150, 1_900] {
        is_told_apart(
            &[delivery(0, "one.provider.test."), delivery(shift + 60, "two.provider.test.")],
            &world,
        );
        is_told_apart(&[delivery(0, "one.provider.test."), delivery(shift + 60, "provider.test.")], &world);
    }
}

#[test]
fn a_host_that_is_looked_up_again_for_the_same_sender_begins_no_mail() {
    let world = provider();
    let mut mail = of_customer(0, 1, "one", false);
    // A content filter.
    mail.extend(
        of_customer(700, 1, "one", false).into_iter().filter(|question| question.kind != RecordType::A),
    );
    is_told_apart(&[mail], &world);
}

#[test]
fn a_host_that_another_program_asks_for_is_of_no_delivery_whose_mail_hosts_are_known() {
    let mut world = World::of_lists(&LISTS);
    world.link("one.example.", RecordType::MX, "mx.hoster.test.");
    let delivery = || vec![question(0, 29, "one.example.", "MX"), question(30, 29, "mx.hoster.test.", "A")];
    for at in [1, 45, 62, 150, 900] {
        is_told_apart(&[delivery(), vec![question(at, 29, "www.other.test.", "A")]], &world);
    }
    // A mail host may be named by an answer that the record does not have.
    let unknown = [question(0, 0, "two.example.", "MX"), question(1, 29, "mx.other.test.", "A")];
    is_told_apart(&[unknown.to_vec()], &world);
    // A program that examines a mail may ask for the hosts of its links.
    let mut examined = delivery();
    examined.push(question(60, 29, "one.example.", "TXT"));
    examined.push(question(95, 29, "www.other.test.", "A"));
    is_told_apart(&[examined], &world);
}
