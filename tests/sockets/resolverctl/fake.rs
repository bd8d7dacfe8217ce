//! A daemon with only three names, for tests of the control socket.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use hickory_proto::op::{Message, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{MX, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use ::watched::WatchedState;
use config::{Config, ConfiguredZone, ZoneKind};
use control::fleet::Confirmation;
use control::trace::{TraceAsked, TraceRefused};
use control::{Controlled, TemporaryEntries};
use dns::cached::{Flush, Flushed, StoreFill};
use dns::clock::{Clock, Mono, Now};
use dns::conduct::{Conduct, Health, ServerFeatures, Transport};
use dns::question::{Answer, ExtendedError, Outcome, Question, Security, ServerQuery, ViewId};
use dnsbl::table::Lists;
use exchange::{Heard, ReplyUnknown};
use explain::costs::{CostReport, CostsWanted, costs};
use explain::failed::{FailedReport, FailedWanted, failed};
use explain::search::why;
use explain::spent;
use explain::spent::{FromRecord, StageRow};
use explain::why::{DaemonFacts, MessageReport, Wanted};
use lab::prelude::name;
use protocol::fleet::{FleetMember, FleetOrder, FleetState};
use protocol::lookup::Lookup;
use protocol::zones::ZoneWhat;
use protocol::{DaemonStatus, RootKeysStatus};
use record::changes::{ChangeRow, ChangesReport, RecordKind};
use record::event::{
    Ended, FlightEnded, FlightFailure, RouteKind, Sent, ServerOrigin, Shows, Step, StepEvent,
};
use record::minutes::span::{Span, SpanReport};
use record::redact::Secrets;
use record::trail::LastQuery;
use record::{ReadSpan, Recorder};
use resolver::cache::look::{Held, HeldData};
use resolver::cache::servers::KnownServer;
use resolver::lookahead::RuleStanding;
use resolver::resolve::inflight::InFlight;
use tls_policy::{TlsLevel, Verdict};

/// The maximum number of requests of `resolverctl why` that this daemon answers from one reading of the history.
pub(crate) const MOST_WHYS: usize = 5;

/// Stands in for the daemon behind the control socket.
pub(crate) struct Fake {
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) flushed: Mutex<Vec<String>>,
    reloads: Mutex<u32>,
    pub(super) root_keys: Mutex<RootKeysStatus>,
    pub(super) zones: Mutex<Vec<ZoneWhat>>,
    pub(super) watched: Mutex<Vec<WatchedState>>,
    pub(crate) lists: Lists,
    /// For each call of `why_each` by `resolverctl why`: the number of its requests.
    pub(crate) whys: Mutex<Vec<usize>>,
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        let recorder = Recorder::new(Clock::machine(), 1);
        let zone = name("slow.example.");
        for outcome in [Outcome::Cache, Outcome::Cache, Outcome::Failed] {
            let client = [127, 0, 0, 1].into();
            recorder.question(
                0,
                &Ended { client, kind: RecordType::MX, outcome, elapsed: Duration::from_millis(3) },
            );
        }
        recorder.sent(&Sent {
            server: SocketAddr::from(([192, 0, 2, 53], 53)),
            zone: zone.clone(),
            origin: ServerOrigin::Recursion,
            transport: Transport::Udp,
            conduct: Conduct::Silent,
            elapsed: Duration::from_millis(400),
        });
        let elapsed = Duration::from_secs(4);
        let why = "no server of slow.example. gave a usable answer: 192.0.2.53 timeout".to_owned();
        recorder.flight(&FlightEnded {
            question: &Question::new(&zone, RecordType::MX),
            route: RouteKind::Recursion,
            zone: Some(zone),
            failed: Some(FlightFailure {
                why,
                shows: Shows::Silence,
                origin: ServerOrigin::Recursion,
                servers: Vec::new(),
                broken_at: None,
                list: None,
            }),
            doubted: false,
            state: None,
            elapsed,
            patience: elapsed,
            packets: 1,
        });
        Arc::new(Self {
            recorder,
            flushed: Mutex::default(),
            reloads: Mutex::default(),
            root_keys: Mutex::default(),
            watched: Mutex::new(crate::resolverctl::watched::domains()),
            zones: Mutex::default(),
            whys: Mutex::default(),
            lists: Lists::default(),
        })
    }
}

impl Controlled for Fake {
    fn status(&self) -> DaemonStatus {
        DaemonStatus {
            version: "0.2.0".to_owned(),
            process: 1,
            config: None,
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 5300))],
            listen_tls: Vec::new(),
            listen_https: Vec::new(),
            listen_quic: Vec::new(),
            missing: Vec::new(),
            certificates: Vec::new(),
            metrics: None,
            flights: 0,
            flights_max: 2_000,
            restarts: 0,
            stuck: 0,
            root_keys: self.root_keys.lock().unwrap().clone(),
            snapshot: None,
        }
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn query(&self, question: Question) -> BoxFuture<'_, Lookup> {
        Box::pin(async move { lookup(&question) })
    }

    fn trace(&self, asked: TraceAsked) -> BoxFuture<'_, Result<Lookup, TraceRefused>> {
        Box::pin(async move {
            let TraceAsked { question, fresh, steps } = asked;
            if question.name == name("list.example.") {
                return Err(TraceRefused::Quota { list: question.name });
            }
            if fresh {
                let event =
                    StepEvent::Question { name: question.name.to_string(), kind: question.kind.to_string() };
                steps.send(Step { at: 0.0, depth: 0, event }).await.unwrap();
                let event = StepEvent::Ended { result: "NOERROR".to_owned() };
                steps.send(Step { at: 0.0015, depth: 0, event }).await.unwrap();
            }
            Ok(lookup(&question))
        })
    }

    fn ask_server(&self, _asked: ServerQuery) -> BoxFuture<'_, Result<Heard, ReplyUnknown>> {
        Box::pin(ready(Err(ReplyUnknown::NotSent)))
    }

    fn ask_list(&self, question: Question) -> BoxFuture<'_, Lookup> {
        // This DNS list has TXT records but no addresses.
        let text_alone = name("asn.rspamd.com.").zone_of(&question.name);
        let asked = if text_alone { Question::new(&name("mail.example."), question.kind) } else { question };
        self.query(asked)
    }

    fn flush(&self, flush: Flush) -> BoxFuture<'_, Flushed> {
        self.flushed.lock().unwrap().push(format!("{flush:?}"));
        Box::pin(ready(Flushed { answers: 2, negatives: 1, ..Flushed::default() }))
    }

    fn changes(&self, domain: &Name, from: u64) -> ChangesReport {
        assert_eq!(from, 0);
        let row = ChangeRow {
            at: 1_795_231_950,
            name: domain.to_string(),
            record: RecordKind::Mx,
            old: "10 old.example.".to_owned(),
            new: "10 new.example.".to_owned(),
        };
        let changes = if *domain == name("moved.example.") { vec![row] } else { Vec::new() };
        ChangesReport { since: (!changes.is_empty()).then_some(1_795_000_000), changes }
    }

    fn fill(&self) -> Vec<StoreFill> {
        vec![StoreFill { store: "answers".into(), entries: 3, bytes: 4_096, capacity: 1 << 20 }]
    }

    fn servers(&self) -> BoxFuture<'_, Vec<KnownServer>> {
        let server = |address: &str, health| KnownServer {
            address: address.parse().unwrap(),
            asked: true,
            round_trip: Some(Duration::from_millis(80)),
            timer: Duration::from_millis(110),
            health,
            dead_for: (health == Health::Dead).then_some(Duration::from_secs(8)),
            silences: 3,
            features: ServerFeatures { tcp: false, ..ServerFeatures::ALL },
            lame: vec![name("slow.example.")],
            zone: Some(name("slow.example.")),
        };
        let known = vec![server("192.0.2.53:53", Health::Dead), server("192.0.2.1:53", Health::Answering)];
        Box::pin(ready(known))
    }

    fn lists(&self) -> &Lists {
        &self.lists
    }

    fn now(&self) -> Now {
        Clock::machine().now()
    }

    fn lookahead(&self) -> Vec<RuleStanding> {
        crate::resolverctl::lookahead::rules()
    }

    fn watched(&self) -> Vec<WatchedState> {
        self.watched.lock().unwrap().clone()
    }

    fn tls_policy(&self, next_hop: String) -> BoxFuture<'_, Verdict> {
        let level = TlsLevel::ALL.into_iter().find(|level| next_hop.starts_with(level.word()));
        Box::pin(ready(Verdict { level: level.unwrap_or(TlsLevel::NoPolicy), facts: None }))
    }

    fn tls_verdicts(&self) -> Vec<(TlsLevel, u64)> {
        Vec::new()
    }

    fn inflight(&self) -> Vec<InFlight> {
        let last_query = LastQuery {
            zone: Some("slow.example.".to_owned()),
            server: Some("192.0.2.53:53".to_owned()),
            is_forwarder: false,
            is_over_tcp: false,
            messages: 4,
        };
        let question = Question::new(&name("www.slow.example."), RecordType::A);
        vec![InFlight { question, age: Duration::from_secs(3), clients: 2, last_query }]
    }

    fn minutes(&self, span: (u64, u64), step: u64) -> BoxFuture<'_, Option<Vec<SpanReport>>> {
        Box::pin(ready(Some(Span::steps(span, step).into_iter().map(Span::report).collect())))
    }

    fn stages(&self, from: u64) -> BoxFuture<'_, FromRecord<StageRow>> {
        let recorded = self.recorder.recorded_in_memory(&spent::stage_span(from), &Secrets::default());
        Box::pin(ready(spent::stages(&recorded, (from, Clock::machine().unix_micros()))))
    }

    fn costs(&self, wanted: CostsWanted) -> BoxFuture<'_, CostReport> {
        let facts = DaemonFacts::default();
        let recorded = self.recorder.recorded(&wanted.span(), &Secrets::default());
        Box::pin(ready(costs(&recorded, &wanted, &facts)))
    }

    fn failed(&self, wanted: FailedWanted) -> BoxFuture<'_, FailedReport> {
        let facts = DaemonFacts::default();
        let no_secrets = Secrets::default();
        let outline = self.recorder.recorded(&wanted.span(), &no_secrets);
        Box::pin(ready(failed(&outline, &wanted, &facts, Clock::machine().unix_micros())))
    }

    fn why_each(&self, wanted: Vec<Wanted>) -> BoxFuture<'_, Vec<Vec<MessageReport>>> {
        let facts = DaemonFacts::default();
        self.whys.lock().unwrap().push(wanted.len());
        let wanted = &wanted[..wanted.len().min(MOST_WHYS)];
        let no_secrets = Secrets::default();
        let span = ReadSpan::over(wanted.iter().map(Wanted::span));
        Box::pin(ready(why(&self.recorder.recorded(&span, &no_secrets), wanted, &facts, &|| false)))
    }

    fn look(&self, name: Name, kind: Option<RecordType>) -> BoxFuture<'_, (Vec<Held>, Mono)> {
        let question = Question::new(&name, RecordType::MX);
        let Lookup { answer, now, .. } = lookup(&question);
        let (what, left) = (HeldData::Answer(question, answer), Duration::from_secs(200));
        let held = Held { kind: Some(RecordType::MX), view: ViewId::default(), left, octets: 432, what };
        let known = name == self::name("mail.example.") && kind.is_none_or(|kind| kind == RecordType::MX);
        Box::pin(ready((known.then_some(held).into_iter().collect(), now)))
    }

    fn add_nta(&self, name: Name, _time: Duration) -> BoxFuture<'_, bool> {
        Box::pin(ready(name != self::name("full.example.")))
    }

    fn remove_nta(&self, name: Name) -> BoxFuture<'_, bool> {
        Box::pin(ready(name == self::name("broken.example.")))
    }

    fn ntas(&self) -> Vec<(Name, Duration)> {
        vec![(name("broken.example."), Duration::from_secs(3_540))]
    }

    fn config(&self) -> Arc<Config> {
        let mut config = Config::default();
        config.cache.max_ttl = Duration::from_secs(3_600);
        let stub = ["192.0.2.53:53", "192.0.2.1:53", "192.0.2.9:53"].map(|server| server.parse().unwrap());
        config.zones.push(ConfiguredZone {
            name: name("slow.example."),
            kind: ZoneKind::Stub(stub.to_vec()),
            ..ConfiguredZone::default()
        });
        Arc::new(config)
    }

    fn change_zones(&self, what: ZoneWhat) -> BoxFuture<'_, Result<Vec<String>, String>> {
        self.zones.lock().unwrap().push(what);
        Box::pin(ready(Ok(vec!["zone corp.example: added".to_owned()])))
    }

    fn temporary_zones(&self) -> TemporaryEntries<Option<Duration>> {
        TemporaryEntries::new()
    }

    fn fleet(&self) -> (FleetState, Vec<FleetMember>) {
        Default::default()
    }

    fn order_fleet(&self, _order: FleetOrder) -> Result<Confirmation, String> {
        Ok(Box::pin(async { Ok(()) }))
    }

    fn reload(&self) -> BoxFuture<'_, Result<Vec<String>, Vec<String>>> {
        let mut reloads = self.reloads.lock().unwrap();
        *reloads += 1;
        let result = match *reloads {
            1 => Ok(vec!["cache.max_ttl: 2d, was 1d".to_owned()]),
            2 => Ok(Vec::new()),
            _ => Err(vec!["r.toml: line 3: cache.sise is not a known key; did you mean size?".to_owned()]),
        };
        Box::pin(async move { result })
    }
}

/// Gives answers for MX and TXT of `mail.example.`, denies `nowhere.example.`, and fails for all other names. The answers are 100 s old.
fn lookup(question: &Question) -> Lookup {
    let mut message = Message::response(0, OpCode::Query);
    message.metadata.recursion_available = true;
    message.add_query(Query::query(question.name.clone(), question.kind));
    let known = question.name == name("mail.example.");
    let mut rcode = ResponseCode::NoError;
    let mut extended_error = None;
    match question.kind {
        RecordType::MX if known => {
            let data = RData::MX(MX::new(10, name("mx.example.")));
            message.add_answer(Record::from_rdata(question.name.clone(), 300, data));
        }
        RecordType::TXT if known => {
            let data = RData::TXT(TXT::new(vec!["v=spf1 mx".to_owned(), " -all".to_owned()]));
            message.add_answer(Record::from_rdata(question.name.clone(), 300, data));
        }
        _ if known || question.name == name("nowhere.example.") => {
            let soa =
                SOA::new(name("ns.example."), name("hostmaster.example."), 1, 7_200, 900, 1_209_600, 900);
            message.add_authority(Record::from_rdata(name("example."), 900, RData::SOA(soa)));
            rcode = if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
        }
        _ => {
            rcode = ResponseCode::ServFail;
            extended_error =
                Some(ExtendedError::new(ExtendedError::NO_REACHABLE_AUTHORITY, "No server answered."));
        }
    }
    message.metadata.response_code = rcode;
    let answer = Answer {
        wire: message.to_vec().unwrap().into(),
        ttl_offsets: Box::default(),
        rcode,
        stored: Mono::START,
        expires: Mono::from_micros(300_000_000),
        extended_error,
        security: Security::Unchecked,
        list: None,
        renewal: dns::question::marks::RenewalMark::default(),
        ahead: dns::question::marks::AheadMark::default(),
    };
    Lookup {
        answer: Arc::new(answer),
        now: Mono::from_micros(100_000_000),
        outcome: if rcode == ResponseCode::ServFail { Outcome::Failed } else { Outcome::Cache },
        elapsed: Duration::from_micros(1_234),
    }
}
