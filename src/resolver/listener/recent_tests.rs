//! Tests that a reply from the table of recent replies equals the reply that would be composed for the query.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query as Asked, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::front::{Front, Handled};
use super::policy::Policy;
use super::recent::{RecentHash, RecentReplies, RecentReply, Terms};
use super::udp::tests::front;
use super::waiting::Occasion;
use crate::cache::AnswerVersion;
use crate::limits::RECENT_REPLIES;
use config::{Config, Listener};
use dns::cached::Flush;
use dns::clock::Mono;
use dns::question::{Answer, Question, ViewId};
use dns::random::Random;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;
use dns::wire::query::Query;
use zones::Views;

const STEPS: u32 = 20_000;

const CLIENT: &str = "127.0.0.1:5000";

fn query(name: &str, id: u16, dnssec_ok: Option<bool>) -> Vec<u8> {
    let mut message = Message::query();
    message.metadata.id = id;
    message.metadata.recursion_desired = true;
    message.add_query(Asked::query(Name::from_ascii(name).unwrap(), RecordType::A));
    if let Some(dnssec_ok) = dnssec_ok {
        let mut edns = Edns::new();
        edns.set_dnssec_ok(dnssec_ok);
        message.set_edns(edns);
    }
    message.to_vec().unwrap()
}

pub(super) fn answer(name: &str, ttl: u32, address: u32, stored: Mono) -> (Question, Arc<Answer>) {
    let name = Name::from_ascii(name).unwrap();
    let question = Question::new(&name, RecordType::A);
    let answers = [Record::from_rdata(name, ttl, RData::A(A(Ipv4Addr::from_bits(address))))];
    let (rcode, authorities) = (ResponseCode::NoError, &[]);
    let answer = compose::answer(&AnswerParts {
        question: &question,
        rcode,
        answers: &answers,
        authorities,
        stored,
        extended_error: None,
        list: None,
    });
    (question, Arc::new(answer.unwrap()))
}

/// Returns the reply to a DNS message at the time `at`, or `None` if the answer is not in the cache.
fn ask(front: &Front, recent: Option<&mut RecentReplies>, message: &[u8], at: Mono) -> Option<Vec<u8>> {
    let (mut room, mut out) = (Query::blank(), Vec::new());
    let mut batch = front.batch(Occasion { shard: 0, at, limit: None }, &mut room, recent);
    let handled = batch.receive(
        CLIENT.parse::<SocketAddr>().unwrap(),
        message,
        Some(RecentHash::without_id(message)),
        &mut out,
    );
    batch.end();
    matches!(handled, Handled::Reply).then_some(out)
}

// Random queries, changed answers and flushes must never make a difference.
#[test]
fn recent_reply_equals_recomputed_reply() {
    let (front, resolver, _) = front();
    let (mut recent, random, memory) = (RecentReplies::default(), Random::seeded(3), resolver.memory());
    let draw = |below: u64| u32::try_from(random.u64() % below).unwrap();
    let (mut now, mut again, mut missed) = (Mono::START.after(Duration::from_secs(10)), 0, 0);
    for step in 0..STEPS {
        let name = format!("n{}.example.", draw(6));
        match draw(100) {
            0..4 => now = now.after(Duration::from_millis(u64::from(draw(900)))),
            4..7 => {
                let (question, answer) = answer(&name, 1 + draw(40), step, now);
                memory.answers.put(question.key(), &answer);
            }
            7 => drop(memory.flush(&Flush::Name { name: Name::from_ascii(&name).unwrap(), kind: None })),
            8 if draw(10) == 0 => drop(memory.flush(&Flush::All)),
            _ => {
                let spelled = if draw(3) == 0 { name.to_uppercase() } else { name };
                let message = query(
                    &spelled,
                    u16::try_from(draw(60_000)).unwrap(),
                    [None, Some(false)][draw(2) as usize],
                );
                let is_current = |version| memory.answers.is_current(version);
                let found = recent.look(
                    (&message, RecentHash::without_id(&message)),
                    ViewId::default(),
                    now,
                    is_current,
                );
                again += u32::from(matches!(found, RecentReply::Reply(_)));
                let with = ask(&front, Some(&mut recent), &message, now);
                missed += u32::from(with.is_none());
                assert_eq!(with, ask(&front, None, &message, now), "step {step}");
            }
        }
    }
    assert!(again > STEPS / 5 && missed > STEPS / 100, "{again} again, {missed} missed");
}

// The table is full, and its places are used again.
#[test]
fn recent_reply_belongs_to_its_query() {
    let (mut recent, random) = (RecentReplies::default(), Random::seeded(5));
    let until = Mono::START.after(Duration::from_secs(1));
    let draw = |below: u64| usize::try_from(random.u64() % below).unwrap();
    let reply_to = |number: usize| {
        let octet = u8::try_from(number % 251).unwrap();
        vec![octet; 12 + number % 190]
    };
    let mut found = 0;
    for _ in 0..4 * RECENT_REPLIES {
        // There are twice as many different queries as positions in the table. So positions are used again, often for a reply that needs
        // more cache lines of the processor than the reply that it replaces.
        let number = draw(2 * RECENT_REPLIES as u64);
        let message = query(&format!("n{number}.example."), 7, None);
        let hash = RecentHash::without_id(&message);
        match recent.look((&message, hash), ViewId::default(), Mono::START, |_| true) {
            RecentReply::Reply(kept) => {
                let mut out = Vec::new();
                kept.write(&message, &mut out);
                assert_eq!(out[2..], reply_to(number)[2..], "{number}");
                found += 1;
            }
            RecentReply::Free(place) => {
                let (version, view) = (AnswerVersion::default(), ViewId::default());
                let terms = Terms { view, kind: RecordType::A, name: 1, version, until };
                recent.keep(place, &message, &reply_to(number), terms);
            }
            RecentReply::Nothing => {}
        }
    }
    assert!(found > RECENT_REPLIES / 4, "{found}");
}

#[test]
fn recent_reply_keeps_renewal_on_time() {
    let (front, resolver, _) = front();
    let (mut recent, stored) = (RecentReplies::default(), Mono::START.after(Duration::from_millis(10_300)));
    let (question, answer) = answer("mail.example.", 60, 1, stored);
    resolver.memory().answers.put(question.key(), &answer);
    let message = query("mail.example.", 7, None);
    let mut ask_at = |millis| {
        let at = stored.after(Duration::from_millis(millis));
        assert!(ask(&front, Some(&mut recent), &message, at).is_some());
    };
    [53_100, 53_600, 53_999].into_iter().for_each(&mut ask_at);
    let due = stored.after(Duration::from_millis(54_000));
    assert!(answer.renewal.take(due), "it is not renewed yet");
    answer.renewal.give_back(Mono::START);
    ask_at(54_000);
    assert!(!answer.renewal.take(due), "it is being renewed");
}

#[test]
fn reload_refuses_clients_despite_recent_reply() {
    let (front, _, name) = front();
    let (mut recent, at) = (RecentReplies::default(), Mono::START.after(Duration::from_secs(1)));
    let message = query(&name.to_ascii(), 7, None);
    let mut code = || ask(&front, Some(&mut recent), &message, at).unwrap()[3] & 0x0F;
    assert_eq!([code(), code()], [0, 0]);
    let views = Views::new(&Arc::new(Config::default())).unwrap();
    front.set_policy(
        Policy::for_listener(&Listener { allow: Vec::new(), ..Listener::default() }, &views, 0).unwrap(),
    );
    assert_eq!(code(), 5);
}

/// Sends `message` once for each client, all in one batch, and returns the last octet of each reply.
fn ask_together(
    front: &Front,
    recent: &mut RecentReplies,
    clients: &[&str],
    message: &[u8],
    at: Mono,
) -> Vec<u8> {
    let (mut room, mut out, mut last) = (Query::blank(), Vec::new(), Vec::new());
    let mut batch = front.batch(Occasion { shard: 0, at, limit: None }, &mut room, Some(recent));
    for client in clients {
        let hash = Some(RecentHash::without_id(message));
        let handled = batch.receive(client.parse().unwrap(), message, hash, &mut out);
        assert!(matches!(handled, Handled::Reply), "{client}");
        // A reply without an OPT record ends with the octets of the address.
        last.extend(out.last());
    }
    batch.end();
    last
}

// Clients of several views ask in one batch.
#[test]
fn recent_replies_differ_by_view() {
    let text = "version = 1\n[listen]\nallow = [\"0.0.0.0/0\"]\nopen_resolver = true\n[[view]]\nname = \"office\"\nclients = [\"10.1.0.0/16\"]\n[[zone]]\nname = \"corp.example\"\nview = \"office\"\nrecords = []\n";
    let config = Config::read_over(Config::default(), text, std::path::Path::new("/")).unwrap();
    let (front, resolver, _) = front();
    let views = Views::new(&Arc::new(config.clone())).unwrap();
    front.set_policy(Policy::for_listener(&config.listen, &views, 0).unwrap());
    let (mut recent, at) = (RecentReplies::default(), Mono::START.after(Duration::from_secs(1)));
    for (address, view) in (1..).zip(views.all()) {
        let (question, answer) = answer("mail.example.", 60, address, at);
        let question = Question { view: view.id, ..question };
        resolver.memory().answers.put(question.key(), &answer);
    }
    let message = query("mail.example.", 7, None);
    // At a socket for both address families, an IPv4 client has an IPv6 address (`::ffff:a.b.c.d`).
    let clients =
        ["127.0.0.1:5", "10.1.0.1:5", "10.1.0.1:6", "10.2.0.1:5", "[::ffff:10.1.0.9]:5", "127.0.0.1:5"];
    for _ in 0..3 {
        assert_eq!(ask_together(&front, &mut recent, &clients, &message, at), [1, 2, 2, 1, 2, 1]);
    }
    let kept = views.all().iter().filter(|view| {
        let is_current = |version| resolver.memory().answers.is_current(version);
        let found = recent.look((&message, RecentHash::without_id(&message)), view.id, at, is_current);
        matches!(found, RecentReply::Reply(_))
    });
    assert_eq!(kept.count(), 2, "both replies are sent again");
}

// An older recent reply must not hide the first use of the new answer.
#[test]
fn lookahead_answer_use_is_marked_once() {
    let (front, resolver, _) = front();
    let (mut recent, at) = (RecentReplies::default(), Mono::START.after(Duration::from_secs(1)));
    let message = query("mail.example.", 7, None);
    for address in 1..4 {
        let (question, answer) = answer("mail.example.", 60, address, at);
        answer.ahead.set(3);
        resolver.memory().answers.put(question.key(), &answer);
        let mut used = || {
            assert!(ask(&front, Some(&mut recent), &message, at).is_some());
            !answer.ahead.is_set()
        };
        assert_eq!([used(), used()], [true, true]);
    }
}

// Reading places ahead changes no reply.
#[test]
fn recent_table_keeps_most_replies() {
    let (front, resolver, _) = front();
    let (mut recent, at) = (RecentReplies::default(), Mono::START.after(Duration::from_secs(1)));
    let names: Vec<String> = (0..1_000).map(|number| format!("mail{number}.example.")).collect();
    let queries: Vec<Vec<u8>> = names.iter().map(|name| query(name, 7, None)).collect();
    for name in &names {
        let (question, answer) = answer(name, 60, 1, at);
        resolver.memory().answers.put(question.key(), &answer);
    }
    assert!(queries.iter().all(|query| ask(&front, Some(&mut recent), query, at).is_some()));
    let is_current = |version| resolver.memory().answers.is_current(version);
    let again = |query: &&Vec<u8>| {
        let found = recent.look((query, RecentHash::without_id(query)), ViewId::default(), at, is_current);
        matches!(found, RecentReply::Reply(_))
    };
    let kept = queries.iter().filter(again).count();
    assert!(kept >= 950, "{kept}");
    let odd: [&[u8]; 3] = [&[], &[0], &[0; 4_096]];
    let mut hashes = Vec::new();
    recent.fetch(queries.iter().map(Vec::as_slice).chain(odd), &mut hashes, is_current);
    assert_eq!(hashes.len(), 1_003);
    assert_eq!(queries.iter().filter(again).count(), kept);
}
