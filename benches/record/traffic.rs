//! Traffic that fills the query history: questions answered from the cache, questions that waited for a resolution (flight), and resolutions that
//! failed.
//!
//! The traffic is the same in each run, so that two versions of the code that reads the history can be compared.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use hickory_proto::rr::rdata::{A, MX, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use dns::clock::{Clock, micros};
use dns::conduct::{Conduct, Transport};
use dns::question::{DnsResult, Outcome, Question, ViewId, wire_name};
use record::entry::QuestionEntry;
use record::event::{FlightFailure, ServerOrigin, Shows};
use record::note::{Note, Words};
use record::trail::Trail;
use record::{Flown, Recorder};

/// Generates traffic, and moves the simulated clock.
pub(crate) struct Traffic<'r> {
    pub(crate) clock: &'r Clock,
    pub(crate) recorder: &'r Recorder,
    pub(crate) state: u64,
}

/// A question that is not in the cache, and how it ends.
struct Asked<'t> {
    client: u32,
    name: &'t str,
    kind: RecordType,
    /// The milliseconds until the server answers. `None` if the server is silent; the question then ends after a second.
    answers_in: Option<u64>,
    data: &'t [RData],
}

impl Traffic<'_> {
    /// One client asks for names in 200 zones. Half of the names are new.
    pub(crate) fn flood(&mut self, questions: u64) {
        for number in 0..questions {
            let zone = number % 200;
            if number % 2 == 0 {
                let name = format!("n{number}.z{zone}.bench.");
                let data = [RData::A(A(Ipv4Addr::new(192, 0, 2, 1)))];
                let (client, kind, answers_in) = (1, RecordType::A, Some(1 + self.below(3)));
                self.miss(&Asked { client, name: &name, kind, answers_in, data: &data });
            } else {
                self.hit(1, &format!("w{}.z{zone}.bench.", number % 1_000), RecordType::A);
            }
        }
    }

    /// The mail of eight gateways. Each message asks for a PTR record, for an address in two DNS lists, and for the MX, SPF and
    /// DMARC records of a domain.
    pub(crate) fn mail(&mut self, messages: u64) {
        for number in 0..messages {
            let (client, domain) = (1 + self.below(8) as u32, self.below(3_000));
            let domain = format!("d{domain}.example.");
            let address = self.below(40_000) as u32;
            let [_, _, high, low] = address.to_be_bytes();
            let host = RData::MX(MX::new(10, name(&format!("mx.{domain}"))));
            let policy = RData::TXT(TXT::new(vec![format!("v=spf1 mx include:_spf.{domain} -all")]));
            let reverse = format!("{low}.{high}.51.198");
            let number_of_fault = self.below(400);
            for (text, kind, data) in [
                (format!("{reverse}.in-addr.arpa."), RecordType::PTR, None),
                (format!("{reverse}.list.test."), RecordType::A, None),
                (format!("{reverse}.other.list.test."), RecordType::A, None),
                (domain.clone(), RecordType::MX, Some(host)),
                (format!("mx.{domain}"), RecordType::A, Some(RData::A(A(Ipv4Addr::from_bits(address))))),
                (domain.clone(), RecordType::TXT, Some(policy)),
                (format!("_dmarc.{domain}"), RecordType::TXT, None),
            ] {
                self.clock.sleep(Duration::from_micros(200 + self.below(3_000)));
                let answers_in = match number_of_fault {
                    0 => None,
                    1 => Some(1_500),
                    _ => Some(1 + self.below(40)),
                };
                let data: Vec<RData> = data.into_iter().collect();
                if self.below(10) < 6 && number > 50 {
                    self.hit(client, &text, kind);
                } else {
                    self.miss(&Asked { client, name: &text, kind, answers_in, data: &data });
                }
            }
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    fn hit(&self, client: u32, text: &str, kind: RecordType) {
        let Some(mut page) = self.recorder.hits(client as usize, self.clock.mono(), 0) else { return };
        let asked = [&*wire_name(&name(text)), &u16::from(kind).to_be_bytes()].concat();
        page.put(&asked, address(client), DnsResult::Answer);
    }

    fn miss(&mut self, asked: &Asked<'_>) {
        let began = self.clock.mono();
        let trail = Trail::new(self.clock.moments(), began);
        let (owner, zone) = (name(asked.name), name(asked.name).base_name());
        let server = IpAddr::from([198, 18, 0, 20 + (owner.num_labels() % 3)]);
        trail.note(0, Note::Cut { zone: zone.clone(), addresses: 2 });
        let (transport, reason) = (Transport::Udp, "first");
        trail.note(
            0,
            Note::Sent { server, transport, reason, usual: None, keys: false, asked: None, forwards: None },
        );
        self.clock.sleep(Duration::from_millis(asked.answers_in.unwrap_or(1_000)));
        let conduct = if asked.answers_in.is_some() { Conduct::Answered } else { Conduct::Silent };
        let elapsed = self.clock.mono().since(began);
        if conduct == Conduct::Answered {
            trail.note(0, Note::Received { server, conduct, elapsed, said: Words::Fixed("answer") });
        }
        let failure = FlightFailure {
            why: format!("no server of {zone} answered"),
            shows: Shows::Silence,
            origin: ServerOrigin::Recursion,
            servers: vec![(server, Conduct::Silent)],
            broken_at: None,
            list: None,
        };
        let failed = Some(&failure).filter(|_| conduct == Conduct::Silent);
        let (kind, view) = (asked.kind, ViewId::default());
        let question =
            Question { name: owner.clone(), kind, dnssec_ok: false, checking_disabled: false, view };
        let answers: Vec<Record> =
            asked.data.iter().map(|data| Record::from_rdata(owner.clone(), 300, data.clone())).collect();
        let wire = wire_name(&owner);
        let flown = Flown {
            trail: &trail,
            question: &question,
            name: &wire,
            zone: Some(&zone),
            failed,
            faults: failed.map_or(&[], |failed| &failed.servers),
            answers: &answers,
            concluded_from: None,
        };
        self.recorder.flown(&flown);
        let client = address(asked.client);
        let entry = QuestionEntry {
            port: 40_000,
            outcome: if failed.is_some() { Outcome::Failed } else { Outcome::Upstream },
            elapsed: micros(elapsed),
            flight: Some(self.recorder.flight_number(&trail)),
            error: failed.map_or("", |failed| &failed.why).into(),
            code: failed.map(|_| 22),
            ..QuestionEntry::hit((*wire).into(), kind, client, 0, began.as_micros())
        };
        self.recorder.asked(&entry, None);
    }
}

fn address(client: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x7f00_0000 + client).into()
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap_or_default()
}
