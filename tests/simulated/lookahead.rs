//! Look-ahead in the mode "learned" must send in advance the queries that the clients usually send next, and no others.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use config::{LookaheadMode, Rule, RuleState};
use dns::question::{Outcome, Question, wire_name};
use lab::delegations::Tree;
use lab::internet::Internet;
use lab::mails::{Popularity, draw};
use lab::server::Distance;
use lab::simulation::{Flags, SimulatedReply, Simulation, config_for, paused};
use lab::traffic;
use lab::world::ServerPlan;
use record::entry::Link;
use record::redact::Secrets;
use record::{Counter, ReadSpan, Window};
use resolver::lookahead::RuleStanding;

/// The mail domains of senders and recipients in the lab.
const DOMAINS: usize = 700;

/// The round trip to the server of the mail domains.
const TRIP: Duration = Duration::from_millis(40);

struct Stage(Simulation);

impl Stage {
    fn new(mode: LookaheadMode) -> Self {
        let mut tree = Tree::default();
        let server = |tree: &mut Tree, name: &str, last: u8, distance| {
            let mut plan = ServerPlan::new(name, vec![IpAddr::from([192, 0, 2, last])]);
            plan.distance = Distance::steady(distance);
            tree.server(plan).unwrap();
        };
        server(&mut tree, "a.root", 1, Duration::from_millis(10));
        server(&mut tree, "ns.one.tld", 2, TRIP);
        server(&mut tree, "ns.new.one.tld", 3, TRIP);
        tree.zone(".", &["a.root".to_owned()], "").unwrap();
        let mut text = String::new();
        for number in 0..DOMAINS {
            writeln!(text, "d{number} 300 MX 10 mx.d{number}\nd{number} 300 TXT \"v=spf1 -all\"").unwrap();
            writeln!(text, "mx.d{number} 300 A 198.51.100.1").unwrap();
        }
        tree.zone("one.tld.", &["ns.one.tld".to_owned()], &text).unwrap();
        let text = "@ MX 10 mx\nmx A 198.51.100.2\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=none\"\n";
        tree.zone("new.one.tld.", &["ns.new.one.tld".to_owned()], text).unwrap();
        let lab = Arc::new(tree.build().unwrap());
        let mut config = config_for(&lab);
        config.lookahead.mode = mode;
        Self(Simulation::new(lab, config, 7))
    }

    async fn ask(&self, name: &str, kind: RecordType) -> SimulatedReply {
        self.0.ask(&Name::from_ascii(name).unwrap(), kind).await.unwrap()
    }

    /// Asks `questions`, which belong to one email about a domain, one after the other. Returns how long the last one took.
    async fn delivery(&self, number: usize, questions: &[(&str, RecordType)]) -> Duration {
        let flags = Flags { dnssec_ok: true, ..Flags::default() };
        let mut last = Duration::ZERO;
        for (prefix, kind) in questions {
            let name = Name::from_ascii(format!("{prefix}d{number}.one.tld.")).unwrap();
            last = self.0.ask_with(&name, *kind, flags).await.unwrap().elapsed;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        last
    }

    /// Plays one email per second, one for each number in `domains`. For each email, a client asks `questions` about the domain with this number.
    /// Returns how long the last question of each email took.
    async fn messages(
        &self,
        domains: std::ops::Range<usize>,
        questions: &[(&str, RecordType)],
    ) -> Vec<Duration> {
        let mut times = Vec::new();
        for number in domains {
            let mut last = Duration::ZERO;
            for (prefix, kind) in questions {
                last = self.ask(&format!("{prefix}d{number}.one.tld."), *kind).await.elapsed;
                // The mail software works for a while between two questions.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            times.push(last);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        times
    }

    /// Returns the queries that the server of the domains has received, by first label and type.
    fn sent(&self) -> BTreeMap<String, usize> {
        let mut sent = BTreeMap::new();
        for one in self.0.lab().log().received() {
            let text = one.name.to_lowercase().to_string();
            let first =
                text.split('.').next().unwrap().trim_end_matches(|letter: char| letter.is_ascii_digit());
            *sent.entry(format!("{first} {}", one.kind)).or_default() += 1;
        }
        sent
    }

    fn rule(&self, rule: Rule) -> RuleStanding {
        self.0.lookahead().rules()[rule.index()]
    }

    fn counted(&self, counter: Counter) -> u64 {
        self.0.recorder().report(Window::Start).upstream.counts[counter]
    }
}

/// The questions of a host that receives mail: name prefix and record type. The host uses SPF but not DMARC, and does not look up the mail
/// hosts of senders.
const RECEIVER: [(&str, RecordType); 2] = [("", RecordType::MX), ("", RecordType::TXT)];

/// postscreen greets a client six seconds after it has asked the DNS lists, and only then smtpd asks for the PTR record. So more than a
/// hundred answers of look-ahead wait until they are used.
#[test]
fn ptr_is_prefetched_on_busy_host() {
    const CLIENTS: u8 = 250;
    let mut tree = Tree::default();
    for (name, last, distance) in
        [("a.root", 1, 10), ("ns.lists.tld", 2, 10), ("ns.one.tld", 3, TRIP.as_millis() as u64)]
    {
        let mut plan = ServerPlan::new(name, vec![IpAddr::from([192, 0, 2, last])]);
        plan.distance = Distance::steady(Duration::from_millis(distance));
        tree.server(plan).unwrap();
    }
    let of = |name: &str| [name.to_owned()];
    tree.zone(".", &of("a.root"), "").unwrap();
    let lists = ["zen.spamhaus.org", "bl.spamcop.net", "list.dnswl.org"];
    for list in lists {
        tree.zone(list, &of("ns.lists.tld"), "").unwrap();
    }
    tree.zone("5.18.198.in-addr.arpa.", &of("ns.one.tld"), "").unwrap();
    let lab = Arc::new(tree.build().unwrap());
    let mut config = config_for(&lab);
    config.lookahead.mode = LookaheadMode::Rules;
    let times = paused(async {
        let simulation = Simulation::new(lab, config, 7);
        let of_client = async |last: u8| {
            tokio::time::sleep(Duration::from_millis(40) * u32::from(last)).await;
            for list in lists {
                let listed = Name::from_ascii(format!("{last}.5.18.198.{list}.")).unwrap();
                simulation.ask(&listed, RecordType::A).await.unwrap();
            }
            tokio::time::sleep(Duration::from_secs(6)).await;
            let pointer = Name::from(IpAddr::from([198, 18, 5, last]));
            simulation.ask(&pointer, RecordType::PTR).await.unwrap().elapsed
        };
        futures_util::future::join_all((0..CLIENTS).map(of_client)).await
    });
    // Look-ahead may ask 32 questions before a client uses one. The first client uses one after six seconds, when client 153 begins. From then on,
    // each used question permits two more.
    let soon = &times[153..210];
    assert!(soon.iter().all(Duration::is_zero), "{times:?}");
}

#[test]
fn history_has_links_of_prefetched_answers() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        stage.ask("d0.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let recorded = stage.0.recorder().recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(recorded.questions.len(), 1);
        let host = wire_name(&Name::from_ascii("mx.d0.one.tld.").unwrap());
        let ahead: Vec<_> = recorded.flights.iter().filter(|flight| *flight.name == *host).collect();
        let address = Link::Address([198, 51, 100, 1].into());
        assert!(ahead.iter().any(|flight| flight.links == [address.clone()]), "{:#?}", recorded.flights);
    });
}

/// The questions of a host that sends an email: name prefix and record type.
const SENDER: [(&str, RecordType); 3] =
    [("", RecordType::MX), ("mx.", RecordType::A), ("mx.", RecordType::AAAA)];

/// The maximum number of unused questions of one look-ahead rule: 32 before look-ahead knows whether the first one is used, and 20 more
/// until it knows this about enough of them.
const UNUSED: usize = 52;

#[test]
fn receiver_prefetches_spf_only() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Learned);
        let soon = stage.messages(0..20, &RECEIVER).await;
        assert!(soon.iter().all(Duration::is_zero), "from the first email on: {soon:?}");
        stage.messages(20..80, &RECEIVER).await;
        let times = stage.messages(80..180, &RECEIVER).await;
        assert!(times.iter().all(Duration::is_zero), "{times:?}");
        let spf = stage.rule(Rule::Spf);
        assert_eq!(spf.state, RuleState::Active);
        assert!(spf.counts.used >= 100 && spf.counts.unused == 0, "{spf:?}");
        assert!(spf.counts.saved_micros >= 100 * u64::try_from(TRIP.as_micros()).unwrap());
        assert_eq!(stage.counted(Counter::LookaheadUsed), spf.counts.used);
        for rule in [Rule::Dmarc, Rule::MxA, Rule::MxAaaa] {
            let rule = stage.rule(rule);
            assert_eq!((rule.state, rule.share), (RuleState::Inactive, Some(0)), "{rule:?}");
            assert!(rule.counts.asked <= UNUSED as u64 && rule.counts.observed > 100, "{rule:?}");
        }
        let expected = BTreeMap::from([("d MX".to_owned(), 180), ("d TXT".to_owned(), 180)]);
        let sent: BTreeMap<_, _> =
            stage.sent().into_iter().filter(|(what, _)| what.starts_with('d')).collect();
        assert_eq!(sent, expected, "as many as without look-ahead");
        let other = |what: &str| what.starts_with("_dmarc") || what.starts_with("mx");
        let sent = stage.sent();
        assert!(sent.iter().all(|(what, count)| !other(what) || *count <= UNUSED), "{sent:?}");
    });
}

#[test]
fn sender_prefetches_mail_host_addresses() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Learned);
        stage.messages(0..80, &SENDER).await;
        let times = stage.messages(80..120, &SENDER).await;
        assert!(times.iter().all(Duration::is_zero), "{times:?}");
        assert_eq!([Rule::MxA, Rule::MxAaaa].map(|rule| stage.rule(rule).state), [RuleState::Active; 2]);
        let sent = stage.sent();
        let needless = ["d TXT", "_dmarc TXT"].map(|what| sent.get(what).copied().unwrap_or(0));
        assert!(needless.iter().all(|count| *count <= UNUSED), "{needless:?}");
        assert_eq!([sent["mx A"], sent["mx AAAA"]], [120, 120]);
    });
}

// The queries with DO of a receiver's few deliveries are learned apart.
#[test]
fn dane_deliveries_prefetch_host_addresses() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Learned);
        let mut times = Vec::new();
        for number in 0..60 {
            stage.messages(6 * number..6 * number + 5, &RECEIVER).await;
            times.push(stage.delivery(6 * number + 5, &SENDER).await);
        }
        assert!(times[20..].iter().all(Duration::is_zero), "{times:?}");
        let states =
            [Rule::DaneA, Rule::DaneAaaa, Rule::MxA, Rule::MxAaaa].map(|rule| stage.rule(rule).state);
        let (active, inactive) = (RuleState::Active, RuleState::Inactive);
        assert_eq!(states, [active, active, inactive, inactive]);
        let sent = stage.sent();
        let hosts = [sent["mx A"], sent["mx AAAA"]];
        assert!(hosts.iter().all(|count| *count <= 60 + UNUSED), "few of the senders' hosts: {sent:?}");
    });
}

#[test]
fn ended_habit_stops_prefetching() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Learned);
        stage.messages(0..200, &RECEIVER).await;
        assert_eq!(stage.rule(Rule::Spf).state, RuleState::Active);
        // The host does not use SPF any more.
        stage.messages(200..500, &RECEIVER[..1]).await;
        let spf = stage.rule(Rule::Spf);
        assert_eq!(spf.state, RuleState::Inactive, "{spf:?}");
        assert!((30..200).contains(&spf.counts.unused), "{spf:?}");
        // The host uses SPF again.
        stage.messages(500..680, &RECEIVER).await;
        let again = stage.rule(Rule::Spf);
        assert_eq!((again.state, again.counts.unused), (RuleState::Active, spf.counts.unused), "{again:?}");
        let times = stage.messages(680..690, &RECEIVER).await;
        assert!(times.iter().all(Duration::is_zero));
    });
}

// Nothing is sent ahead for a domain that does not exist.
#[test]
fn new_domain_records_are_prefetched() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        let exchanger = stage.ask("new.one.tld.", RecordType::MX).await;
        assert_eq!(exchanger.outcome, Outcome::Upstream);
        assert_eq!(stage.0.lab().log().count("ns.one.tld"), 1, "the way to the domain is asked once");
        for name in ["new.one.tld.", "_dmarc.new.one.tld."] {
            let record = stage.ask(name, RecordType::TXT).await;
            assert!(record.elapsed < TRIP / 4, "{name} {:?}", record.elapsed);
        }
        stage.ask("made-up.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sent = stage.sent();
        assert_eq!((sent.get("made-up MX"), sent.get("made-up TXT")), (Some(&1), None), "{sent:?}");
    });
}

#[test]
fn observe_mode_counts_without_sending() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Observe);
        let times = stage.messages(0..100, &RECEIVER).await;
        assert!(times.iter().all(|time| *time == TRIP));
        let spf = stage.rule(Rule::Spf);
        assert_eq!((spf.state, spf.share, spf.counts.asked), (RuleState::Active, Some(100), 0));
        assert!(spf.counts.sent_later >= 99, "{spf:?}");
        assert_eq!(stage.counted(Counter::LookaheadAsked), 0);
        let off = Stage::new(LookaheadMode::Off);
        off.messages(0..100, &RECEIVER).await;
        assert_eq!((off.sent(), off.rule(Rule::Spf).counts.observed), (stage.sent(), 0));
    });
}

#[test]
fn late_use_of_prefetch_is_counted() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        stage.ask("d1.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(40)).await;
        // When the next event arrives, look-ahead decides whether the question was used.
        stage.ask("d2.one.tld.", RecordType::NS).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((stage.rule(Rule::Spf).counts.used, stage.rule(Rule::Spf).counts.unused), (0, 1));
        let reply = stage.ask("d1.one.tld.", RecordType::TXT).await;
        assert_eq!((reply.outcome, reply.elapsed), (Outcome::Cache, Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!((stage.rule(Rule::Spf).counts.used, stage.rule(Rule::Spf).counts.unused), (1, 0));
    });
}

// A flood of domains gets at most sixty questions ahead a second.
#[test]
fn prefetch_rate_is_limited() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        stage.ask("d0.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before = stage.counted(Counter::LookaheadAsked);
        let names: Vec<String> = (1..400).map(|number| format!("d{number}.one.tld.")).collect();
        let all = names.iter().map(|name| stage.ask(name, RecordType::MX));
        let replies = futures_util::future::join_all(all).await;
        assert!(replies.iter().all(|reply| reply.outcome == Outcome::Upstream && reply.elapsed == TRIP));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = stage.counted(Counter::LookaheadAsked) - before;
        assert!((10..=60).contains(&asked), "{asked}");
        assert!(stage.counted(Counter::LookaheadRefused) > 1_000);
    });
}

/// A client's question uses a query of look-ahead that is in progress. The timeout of the query counts from the time at which look-ahead
/// sent it.
#[test]
fn lost_prefetch_costs_client_no_more() {
    paused(async {
        let head_start = Duration::from_millis(20);
        // The first packet is lost. In the mode with look-ahead, this packet is the query of look-ahead.
        let lost = async |mode| {
            let stage = Stage::new(mode);
            stage.messages(0..20, &SENDER).await;
            stage.ask("d30.one.tld.", RecordType::MX).await;
            stage.0.network().set_loss(1_000);
            if mode == LookaheadMode::Rules {
                tokio::time::sleep(head_start).await;
            }
            let name = Name::from_ascii("mx.d30.one.tld.").unwrap();
            let asked = stage.0.ask(&name, RecordType::A);
            let mends = async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                stage.0.network().set_loss(0);
            };
            tokio::join!(asked, mends).0.unwrap().elapsed
        };
        let (off, ahead) = (lost(LookaheadMode::Off).await, lost(LookaheadMode::Rules).await);
        assert!(off > 2 * TRIP && off < 4 * TRIP, "the first copy was lost: {off:?}");
        assert!(ahead + head_start / 2 <= off, "{ahead:?} {off:?}");
    });
}

#[test]
fn reloaded_lookahead_mode_keeps_answers() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        stage.ask("d1.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = stage.counted(Counter::LookaheadAsked);
        assert!(asked > 0);
        let mut config = (**stage.0.resolver().views().config()).clone();
        config.lookahead.mode = LookaheadMode::Off;
        stage.0.reload(config).await;
        assert_eq!(stage.ask("d1.one.tld.", RecordType::MX).await.outcome, Outcome::Cache);
        stage.ask("d2.one.tld.", RecordType::MX).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(stage.counted(Counter::LookaheadAsked), asked);
    });
}

#[test]
fn prefetch_takes_no_client_slot() {
    paused(async {
        let stage = Stage::new(LookaheadMode::Rules);
        stage.ask("d1.one.tld.", RecordType::MX).await;
        // The questions of look-ahead take 40 ms, so they are still in progress.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let resolver = stage.0.resolver();
        assert!(resolver.under_way() > 0, "they are in progress");
        assert_eq!((resolver.flights(), resolver.waiters(), resolver.inflight().len()), (0, 0, 0));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(resolver.under_way(), 0);
        assert!(stage.counted(Counter::LookaheadAsked) >= 4);
        let upstream = stage.0.recorder().report(Window::Start);
        assert_eq!(upstream.questions, upstream.outcomes.values().sum::<u64>());
    });
}

/// The number of emails per second. Look-ahead must not reach its limit of queries per second.
const RATE: u32 = 5;

/// The number of emails from which the rules are learned.
const LEARNING: usize = 220;
/// The number of emails that are measured afterwards.
const MEASURED: usize = 160;

#[derive(Debug)]
struct Measured {
    mean: Duration,
    /// The 95th percentile of the time of an email's DNS questions.
    late: Duration,
    failed: u32,
    /// The number of queries to servers.
    messages: u64,
}

/// Plays the mail of a gateway over a small simulated internet.
fn gateway(mode: LookaheadMode, loss_per_mille: u32) -> Measured {
    let internet = Arc::new(Internet::new(7, 400).unwrap());
    paused(async {
        let mut config = config_for(&internet.lab);
        config.lookahead.mode = mode;
        let simulation = Arc::new(Simulation::new(internet.lab.clone(), config, 7));
        simulation.network().set_loss(loss_per_mille);
        let _tended = simulation.tend();
        let mut playing = tokio::task::JoinSet::new();
        let mut before = 0;
        for (number, mail) in
            draw(&internet, 7, LEARNING + MEASURED, Popularity::Uniform).into_iter().enumerate()
        {
            if number == LEARNING {
                before = internet.lab.log().total();
            }
            let (internet, simulation) = (Arc::clone(&internet), Arc::clone(&simulation));
            playing.spawn(async move {
                (number, traffic::play(&internet, &mail, &*simulation, simulation.clock()).await)
            });
            tokio::time::sleep(Duration::from_secs(1) / RATE).await;
        }
        let played = playing.join_all().await;
        let mut times: Vec<Duration> =
            played.iter().filter(|(number, _)| *number >= LEARNING).map(|(_, one)| one.elapsed).collect();
        times.sort();
        Measured {
            mean: times.iter().sum::<Duration>() / u32::try_from(times.len()).unwrap(),
            late: times[times.len() * 95 / 100],
            failed: played.iter().map(|(_, one)| one.failed).sum(),
            messages: internet.lab.log().total() - before,
        }
    })
}

#[test]
fn lookahead_speeds_up_gateway_mail() {
    for loss_per_mille in [0, 30] {
        let [off, learned, rules] = [LookaheadMode::Off, LookaheadMode::Learned, LookaheadMode::Rules]
            .map(|mode| gateway(mode, loss_per_mille));
        println!(
            "loss {loss_per_mille} of a thousand\n  off {off:?}\n  learned {learned:?}\n  rules {rules:?}"
        );
        assert!(learned.mean * 100 <= off.mean * 95, "{learned:?}, {off:?}");
        assert!(rules.mean * 100 <= off.mean * 90, "{rules:?}, {off:?}");
        assert!(learned.late.max(rules.late) * 100 <= off.late * 110, "{learned:?} {rules:?} {off:?}");
        assert!(learned.messages * 100 <= off.messages * 105, "{learned:?}, {off:?}");
        assert!(learned.failed <= off.failed && rules.failed <= off.failed, "{learned:?} {rules:?} {off:?}");
    }
}

/// Events arrive faster than the task of look-ahead can read them. The task must let other tasks run nevertheless, and must answer the
/// watchdog.
#[test]
fn full_lookahead_queue_blocks_no_task() {
    let feeding = AtomicBool::new(true);
    let gave_up = std::thread::scope(|scope| {
        paused(async {
            let stage = Stage::new(LookaheadMode::Rules);
            stage.ask("d1.one.tld.", RecordType::MX).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (resolver, now) = (Arc::clone(stage.0.resolver()), stage.0.clock().mono());
            let key = Question::new(&Name::from_ascii("d1.one.tld.").unwrap(), RecordType::TXT).key();
            let answer = resolver.memory().answers.get(key.as_bytes(), now).unwrap();
            let feeding = &feeding;
            let feeder = scope.spawn(move || {
                let began = std::time::Instant::now();
                while feeding.load(Ordering::Relaxed) {
                    answer.ahead.set(Rule::Spf.mark());
                    resolver.hit(key.as_bytes(), &answer, now);
                    if began.elapsed() > Duration::from_secs(20) {
                        return true;
                    }
                }
                false
            });
            let pulses = stage.0.pulses();
            for round in 0..3 {
                assert!(pulses.round().is_empty(), "round {round}");
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
            feeding.store(false, Ordering::Relaxed);
            feeder.join().unwrap()
        })
    });
    assert!(!gave_up, "the task took every turn");
}
