use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::rdata::{A, MX, TXT};
use hickory_proto::rr::{RData, Record};

use super::*;
use crate::limits::{AHEAD_MIN_JUDGED, MAX_AHEAD_FLIGHTS, MAX_AHEAD_OF_ZONE, MAX_EXPECTED};
use crate::lookahead::account::RuleCounts;
use dns::random::Random;
use dns::stage::name;
use dns::wire::compose;
use dns::wire::compose::AnswerParts;

/// The fake resolver of the tests. At the start, its cache is empty and it has room for look-ahead questions.
struct World {
    known: RefCell<BTreeMap<String, Arc<Answer>>>,
    has_room: Cell<bool>,
    messages: Cell<u64>,
    config: RefCell<Arc<Config>>,
    unmarked: RefCell<Vec<Question>>,
}

impl World {
    fn new() -> Self {
        Self {
            known: RefCell::default(),
            has_room: Cell::new(true),
            messages: Cell::new(1_000),
            config: RefCell::default(),
            unmarked: RefCell::default(),
        }
    }
}

impl Outside for World {
    fn known(&self, question: &Question) -> KnownAhead {
        match self.known.borrow().get(&question.to_string()) {
            Some(answer) => KnownAhead::Answer(Arc::clone(answer)),
            None => KnownAhead::Nothing,
        }
    }

    fn zone(&self, question: &Question) -> Name {
        let labels = question.name.iter().len();
        Name::from_labels(question.name.iter().skip(labels.saturating_sub(2))).unwrap()
    }

    fn failed_zone(&self, question: &Question) -> Name {
        self.zone(question)
    }

    fn has_room(&self) -> bool {
        self.has_room.get()
    }

    fn messages(&self) -> u64 {
        self.messages.get()
    }

    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.borrow())
    }

    fn unmark(&self, question: &Question) {
        self.unmarked.borrow_mut().push(question.clone());
    }
}

fn at(millis: u64) -> Mono {
    Mono::START.after(Duration::from_millis(millis))
}

fn state() -> LookaheadTables {
    LookaheadTables::new(Keyed::new(&Random::seeded(1)), Mono::START)
}

fn question(text: &str, kind: RecordType) -> Question {
    Question::new(&name(text), kind)
}

fn answer(question: &Question, ttl: u32, data: &[RData]) -> Answer {
    let record = |data: &RData| Record::from_rdata(question.name.clone(), ttl, data.clone());
    let answers: Vec<Record> = data.iter().map(record).collect();
    let (rcode, stored) = (ResponseCode::NoError, Mono::START);
    let (extended_error, list) = (None, None);
    let parts =
        AnswerParts { question, rcode, answers: &answers, authorities: &[], stored, extended_error, list };
    compose::answer(&parts).unwrap()
}

fn exchanger(host: &str) -> RData {
    RData::MX(MX::new(10, name(host)))
}

/// Simulates that a client's question is answered at the time `millis` (in milliseconds), in the mode "rules".
fn client(
    state: &mut LookaheadTables,
    world: &World,
    question: &Question,
    answer: &Answer,
    millis: u64,
) -> Vec<Start> {
    let (mode, arrived) = (LookaheadMode::Rules, at(millis));
    state.answered(ClientAnswered { question, mode, arrived, answer }, world, at(millis)).0
}

fn shown(start: &[Start]) -> Vec<String> {
    start.iter().map(|start| start.question.to_string()).collect()
}

fn ended(answer: &Answer, messages: u32) -> AskedAhead {
    AskedAhead { answer: Some(Arc::new(answer.clone())), blamed: None, messages }
}

fn failed(blamed: Option<&str>) -> AskedAhead {
    AskedAhead { answer: None, blamed: blamed.map(name), messages: 1 }
}

#[test]
fn busy_clients_pause_lookahead() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let found = answer(&mx, 300, &[exchanger("mx.one.example.")]);
    world.has_room.set(false);
    assert!(client(&mut state, &world, &mx, &found, 0).is_empty());
    assert_eq!(state.take_refused(), 4);
    world.has_room.set(true);
    assert_eq!(client(&mut state, &world, &mx, &found, 0).len(), 4);
    assert!(client(&mut state, &world, &mx, &found, 1).is_empty(), "all of them are expected already");
}

// Look-ahead asks no question for what the cache holds, but follows its answer.
#[test]
fn cached_answer_continues_chain() {
    let (mut state, world) = (state(), World::new());
    let txt = question("one.example.", RecordType::TXT);
    let record = |text: &str| RData::TXT(TXT::new(vec![text.to_owned()]));
    let include = question("_spf.two.example.", RecordType::TXT);
    let known = answer(&include, 300, &[record("v=spf1 include:three.example -all")]);
    world.known.borrow_mut().insert(include.to_string(), Arc::new(known));
    let found = answer(&txt, 300, &[record("v=spf1 include:_spf.two.example -all")]);
    let start = client(&mut state, &world, &txt, &found, 0);
    assert_eq!(shown(&start), ["_dmarc.one.example. TXT", "three.example. TXT"]);
}

// A subject has twelve questions, and 64 are in progress at most.
#[test]
fn lookahead_questions_are_bounded() {
    let (mut state, world) = (state(), World::new());
    let deep = question("a.b.c.d.e.f.example.", RecordType::MX);
    let hosts: Vec<RData> = (0..4).map(|host| exchanger(&format!("mx{host}.example."))).collect();
    let found = answer(&deep, 300, &hosts);
    let start = client(&mut state, &world, &deep, &found, 0);
    assert_eq!(start.len(), 10);
    // The DMARC tree walk of this name has six levels. With the other questions, these are more than one chain may ask.
    let (mut asked, mut next) = (start.len(), start);
    while let Some(dmarc) = next.iter().find(|start| matches!(start.rule, Rule::Dmarc | Rule::DmarcWalk)) {
        let nothing = answer(&dmarc.question, 300, &[]);
        next = state.ended(&dmarc.clone(), Some(&ended(&nothing, 1)), &world, at(1));
        asked += next.len();
    }
    assert_eq!(asked, usize::from(MAX_AHEAD_OF_SUBJECT));
    let mut all = asked - 3;
    for number in 0..100 {
        let mx = question(&format!("d{number}.example."), RecordType::MX);
        let found = answer(&mx, 300, &[exchanger(&format!("m{number}.example."))]);
        all += client(&mut state, &world, &mx, &found, 20).len();
    }
    assert!((48..=MAX_AHEAD_FLIGHTS).contains(&all), "{all}");
}

// So is a zone whose TTLs are too short for the next question of a client.
#[test]
fn failing_zone_is_avoided_for_while() {
    let (mut state, world) = (state(), World::new());
    let mx = |text: &str| question(text, RecordType::MX);
    let failed = Answer { rcode: ResponseCode::ServFail, ..answer(&mx("one.example."), 300, &[]) };
    assert!(client(&mut state, &world, &mx("one.example."), &failed, 0).is_empty());
    let found = |text: &str| answer(&mx(text), 300, &[exchanger("mx.one.example.")]);
    let start = client(&mut state, &world, &mx("two.example."), &found("two.example."), 10);
    assert_eq!(shown(&start), ["two.example. TXT", "_dmarc.two.example. TXT"]);
    // A client asks for the SPF record four seconds after the MX. So an SPF record with a TTL of two seconds expires before a client asks
    // for it, and look-ahead asks no further questions in its zone.
    let txt = &start[0];
    let text = |ttl| answer(&txt.question, ttl, &[RData::TXT(TXT::new(vec!["v=spf1 -all".to_owned()]))]);
    state.ended(txt, Some(&ended(&text(300), 1)), &world, at(50));
    client(&mut state, &world, &txt.question, &text(300), 4_010);
    assert_eq!(state.account(Rule::Spf).unwrap().gap(), Duration::from_secs(4));
    let three = question("three.example.", RecordType::MX);
    let start = client(&mut state, &world, &three, &answer(&three, 300, &[]), 5_000);
    let spf = start.iter().find(|start| start.rule == Rule::Spf).unwrap();
    state.ended(spf, Some(&ended(&text(2), 1)), &world, at(5_050));
    let below = question("sub.three.example.", RecordType::MX);
    assert!(client(&mut state, &world, &below, &answer(&below, 300, &[]), 6_000).is_empty());
}

// It counts before the answer, after it and after it was judged unused.
#[test]
fn lookahead_use_is_counted_once() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger("mx.one.example.")]), 0);
    let host = &start[0];
    let found = answer(&host.question, 300, &[RData::A(A::new(192, 0, 2, 1))]);
    // After 10 ms, a client asks the same question with DO. Look-ahead's question ends after 30 ms.
    let signed = Question { dnssec_ok: true, ..host.question.clone() };
    client(&mut state, &world, &signed, &found, 10);
    state.ended(host, Some(&ended(&found, 1)), &world, at(30));
    let counts = |state: &LookaheadTables| state.account(Rule::MxA).unwrap().counts;
    assert_eq!((counts(&state).asked, counts(&state).used, counts(&state).saved_micros), (1, 1, 10_000));
    assert_eq!(
        *world.unmarked.borrow(),
        std::slice::from_ref(&host.question),
        "the answer without DO has no mark any more"
    );
    assert!(!state.used_mark(&host.question, Rule::MxA, &world, at(40)));
    client(&mut state, &world, &host.question, &found, 50);
    assert_eq!(counts(&state).used, 1);
    state.settle(at(30_000));
    assert_eq!((counts(&state).used, counts(&state).unused), (1, 0));
    // A client uses an answer after its question was judged as unused.
    assert_eq!(state.account(Rule::Spf).unwrap().counts.unused, 1);
    assert!(state.used_mark(&start[2].question, Rule::Spf, &world, at(60_000)));
    assert_eq!(state.account(Rule::Spf).unwrap().counts.unused, 0);
}

#[test]
fn unneeded_questions_are_not_counted() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger("mx.one.example.")]), 0);
    for start in &start {
        state.ended(start, None, &world, at(1));
    }
    state.settle(at(60_000));
    let counts =
        [Rule::MxA, Rule::MxAaaa, Rule::Spf, Rule::Dmarc].map(|rule| state.account(rule).unwrap().counts);
    assert_eq!(counts, [RuleCounts::default(); 4]);
    assert!(state.in_progress.is_empty());
}

// The MX question of a delegated domain expects SPF and DMARC before its answer.
#[test]
fn list_query_expects_ptr() {
    let (mut state, world) = (state(), World::new());
    let ask = |state: &mut LookaheadTables, question: &Question, list: AskedAbout| {
        let client = ClientAsked { question, mode: LookaheadMode::Rules, list: &list };
        shown(&state.asked(client, &world, at(0)))
    };
    let first = question("25.2.0.192.list.example.", RecordType::A);
    let address = || AskedAbout::Address([192, 0, 2, 25].into());
    assert_eq!(ask(&mut state, &first, address()), ["25.2.0.192.in-addr.arpa. PTR"]);
    assert!(ask(&mut state, &first, address()).is_empty(), "the next list about the same address");
    let known = question("one.example.", RecordType::MX);
    let receiver = ["one.example. TXT", "_dmarc.one.example. TXT"];
    assert_eq!(shown(&state.delegated((&known, LookaheadMode::Rules), &world, at(0))), receiver);
    assert!(state.delegated((&known, LookaheadMode::Off), &world, at(0)).is_empty(), "they are expected");
    // The answer to the MX question continues the chain that `delegated` began; it begins no new chain.
    let chains = state.chains.len();
    let start = client(&mut state, &world, &known, &answer(&known, 300, &[exchanger("mx.one.example.")]), 30);
    assert_eq!(shown(&start), ["mx.one.example. A", "mx.one.example. AAAA"]);
    assert_eq!(state.chains.len(), chains);
}

#[test]
fn known_dkim_keys_follow_mx() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let key = question("s1._domainkey.one.example.", RecordType::TXT);
    let text = answer(&key, 300, &[RData::TXT(TXT::new(vec!["v=DKIM1; p=abc".to_owned()]))]);
    assert!(client(&mut state, &world, &key, &text, 0).is_empty());
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 10);
    assert_eq!(
        shown(&start),
        ["one.example. TXT", "_dmarc.one.example. TXT", "s1._domainkey.one.example. TXT"]
    );
}

/// Simulates that a client's question is answered at the time `millis` (in milliseconds), in the mode "learned".
fn learn(
    state: &mut LookaheadTables,
    world: &World,
    question: &Question,
    answer: &Answer,
    millis: u64,
) -> Vec<Start> {
    let (mode, arrived) = (LookaheadMode::Learned, at(millis));
    state.answered(ClientAnswered { question, mode, arrived, answer }, world, at(millis)).0
}

/// Returns a state in which clients use only the questions of these rules.
fn state_with(used: &[Rule]) -> LookaheadTables {
    let mut state = state();
    for rule in Rule::ALL {
        (0..AHEAD_MIN_JUDGED).for_each(|_| state.accounts[rule.index()].judge(used.contains(&rule), false));
    }
    state
}

#[test]
fn resting_rules_take_no_room() {
    let (mut state, world) = (state_with(&[Rule::Spf, Rule::SpfChain]), World::new());
    let mx = question("one.example.", RecordType::MX);
    let hosts: Vec<RData> = (0..4).map(|host| exchanger(&format!("mx{host}.example."))).collect();
    let start = learn(&mut state, &world, &mx, &answer(&mx, 300, &hosts), 0);
    assert_eq!(shown(&start), ["one.example. TXT"]);
    let includes: String = (0..9).map(|number| format!(" include:i{number}.example")).collect();
    let record = RData::TXT(TXT::new(vec![format!("v=spf1{includes}")]));
    let found = answer(&start[0].question, 300, &[record]);
    let next = state.ended(&start[0], Some(&ended(&found, 1)), &world, at(30));
    assert_eq!(next.len(), 9, "the hosts and DMARC are only counted");
}

// Questions that are only counted take no more than half of the table.
#[test]
fn observed_questions_leave_half_room() {
    let (mut state, world) = (state_with(&[]), World::new());
    for number in 0..MAX_EXPECTED {
        let mx = question(&format!("d{number}.example."), RecordType::MX);
        learn(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0);
    }
    assert!(!state.expected.has_room_to_observe() && state.expected.has_room());
    (0..2 * AHEAD_MIN_JUDGED).for_each(|_| state.accounts[Rule::Spf.index()].judge(true, false));
    let mx = question("one.example.", RecordType::MX);
    let start = learn(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0);
    assert_eq!(shown(&start), ["one.example. TXT"]);
}

#[test]
fn lists_about_address_share_chain() {
    let (mut state, world) = (state(), World::new());
    for list in 0..30 {
        let asked = question(&format!("25.2.0.192.list{list}.example."), RecordType::A);
        let list = &AskedAbout::Address([192, 0, 2, 25].into());
        state.asked(ClientAsked { question: &asked, mode: LookaheadMode::Rules, list }, &world, at(0));
    }
    assert_eq!((state.chains.len(), state.order.len()), (1, 1));
}

// A client's use of a failed question still counts as a use.
#[test]
fn only_server_failure_avoids_zone() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0);
    let failed = |code| {
        let error = ExtendedError::new(code, "for a test");
        compose::failure(&start[0].question, error, at(10))
    };
    client(&mut state, &world, &start[0].question, &failed(ExtendedError::NOT_READY), 10);
    assert_eq!(state.account(Rule::Spf).unwrap().counts.used, 1);
    assert!(!state.avoided.has(mx.view, &name("one.example."), at(11)));
    client(&mut state, &world, &start[0].question, &failed(ExtendedError::NO_REACHABLE_AUTHORITY), 12);
    assert!(state.avoided.has(mx.view, &name("one.example."), at(13)));
}

#[test]
fn a_reload_ends_the_chains() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0);
    let record = RData::TXT(TXT::new(vec!["v=spf1 include:two.example -all".to_owned()]));
    let found = answer(&start[0].question, 300, &[record]);
    *world.config.borrow_mut() = Arc::default();
    assert!(state.ended(&start[0], Some(&ended(&found, 1)), &world, at(30)).is_empty());
}

#[test]
fn zone_share_leaves_others_room() {
    let (mut state, world) = (state(), World::new());
    let begun: usize = (0..20)
        .map(|number| {
            let mx = question(&format!("d{number}.one.example."), RecordType::MX);
            client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0).len()
        })
        .sum();
    assert_eq!(begun, MAX_AHEAD_OF_ZONE);
    let other = question("two.other.", RecordType::MX);
    assert_eq!(client(&mut state, &world, &other, &answer(&other, 300, &[exchanger(".")]), 0).len(), 2);
}

#[test]
fn refused_question_keeps_chain_budget() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger(".")]), 0);
    let left =
        |state: &LookaheadTables| state.chains.values().map(|chain| chain.asked_left).collect::<Vec<_>>();
    let before = left(&state);
    world.has_room.set(false);
    let record = RData::TXT(TXT::new(vec!["v=spf1 include:two.example include:three.example".to_owned()]));
    let found = answer(&start[0].question, 300, &[record]);
    assert!(state.ended(&start[0], Some(&ended(&found, 1)), &world, at(30)).is_empty());
    assert_eq!((state.take_refused(), left(&state)), (2, before));
}

#[test]
fn failed_or_expired_answer_saves_nothing() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger("mx.one.example.")]), 0);
    let [a, aaaa, txt, _] = start.as_slice() else { panic!("{start:?}") };
    let nothing = |start: &Start, ttl| answer(&start.question, ttl, &[]);
    state.ended(a, Some(&failed(None)), &world, at(50));
    let text = RData::TXT(TXT::new(vec!["no record of SPF".to_owned()]));
    state.ended(
        aaaa,
        Some(&ended(&answer(&aaaa.question, 5, std::slice::from_ref(&text)), 1)),
        &world,
        at(50),
    );
    state.ended(txt, Some(&ended(&answer(&txt.question, 5, &[text]), 1)), &world, at(50));
    client(&mut state, &world, &a.question, &nothing(a, 300), 1_000);
    client(&mut state, &world, &aaaa.question, &nothing(aaaa, 300), 1_000);
    client(&mut state, &world, &txt.question, &nothing(txt, 300), 6_000);
    let counts = |rule| state.account(rule).unwrap().counts;
    let of = |rule| (counts(rule).used, counts(rule).saved_micros);
    assert_eq!([of(Rule::MxA), of(Rule::MxAaaa), of(Rule::Spf)], [(1, 0), (1, 50_000), (1, 0)]);
    let mut messages =
        |start: &Start| state.expected.get_mut(&start.key).and_then(|expected| expected.messages);
    assert_eq!([messages(a), messages(aaaa), messages(txt)], [Some(1), Some(0), Some(1)]);
}

// No zone is avoided if the packet budget of the question was spent.
#[test]
fn zone_at_fault_is_avoided() {
    let (mut state, world) = (state(), World::new());
    let mx = question("one.example.", RecordType::MX);
    let start = client(&mut state, &world, &mx, &answer(&mx, 300, &[exchanger("mx.one.example.")]), 0);
    state.ended(&start[0], Some(&failed(None)), &world, at(10));
    state.ended(&start[1], Some(&failed(Some("dead.example."))), &world, at(10));
    let avoided =
        ["one.example.", "dead.example."].map(|zone| state.avoided.has(mx.view, &name(zone), at(11)));
    assert_eq!(avoided, [false, true]);
}

// Inbound mail has already expected the same hosts and spent its chain.
#[test]
fn delivery_expects_hosts_despite_inbound_mail() {
    let (mut state, world) = (state_with(&[Rule::DaneA, Rule::DaneAaaa]), World::new());
    let mx = question("one.example.", RecordType::MX);
    let found = answer(&mx, 300, &[exchanger("mx.one.example.")]);
    assert!(learn(&mut state, &world, &mx, &found, 0).is_empty(), "four are counted");
    state.chains.values_mut().for_each(|chain| chain.asked_left = 0);
    let delivery = Question { dnssec_ok: true, ..mx };
    let start = learn(&mut state, &world, &delivery, &found, 100);
    assert_eq!(shown(&start), ["mx.one.example. A", "mx.one.example. AAAA"]);
    assert!(start.iter().all(|start| start.question.dnssec_ok));
    assert!(learn(&mut state, &world, &delivery, &found, 200).is_empty(), "they are in progress");
}
