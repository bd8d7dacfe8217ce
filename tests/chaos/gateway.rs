//! Gateways that play mail traffic and compare each reply with the truth.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dns::question::{ExtendedError, Outcome};
use dns::random::Random;
use futures_util::future::BoxFuture;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};
use lab::client::AskError;
use lab::internet::Internet;
use lab::mails::{Popularity, draw};
use lab::prelude::REPLY_TIME;
use lab::simulation::{Flags, Simulation};
use lab::traffic;
use lab::traffic::{Asker, Program};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::events::Wishes;
use crate::plan::{Plan, SPLIT};
use crate::truth::{Judged, Truth};

/// A client that waits longer for a reply fails the test.
const FOR_EVER: Duration = Duration::from_secs(600);

/// The outcomes of failed questions: variants of `Outcome`.
const OUTCOMES: [&str; 4] = ["Deadline", "Failed", "Remembered", "Shed"];

/// Record types that are rarely asked for at an apex.
const ODD_TYPES: [RecordType; 6] =
    [RecordType::TXT, RecordType::MX, RecordType::SRV, RecordType::CAA, RecordType::NAPTR, RecordType::TLSA];

/// The maximum time between two emails of a gateway.
const PAUSE_MILLIS: u32 = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) questions: usize,
    pub(crate) excused: usize,
    /// Questions with the reason of the failure.
    pub(crate) failed: Vec<String>,
    /// Questions with a wrong answer that the resolver should have noticed (`Judged::Wrong`).
    pub(crate) wrong: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Gateway<'a> {
    pub(crate) internet: &'a Internet,
    pub(crate) simulation: &'a Simulation,
    pub(crate) truth: &'a Truth<'a>,
    /// The number of the gateway. Each gateway has its own block of client addresses.
    pub(crate) number: u8,
    pub(crate) plan: watch::Receiver<Plan>,
    pub(crate) wishes: &'a Wishes,
    pub(crate) random: Random,
    pub(crate) tally: Arc<Mutex<Tally>>,
}

impl Gateway<'_> {
    /// Plays emails. After each email, asks some unusual questions that no email causes.
    pub(crate) async fn play(&self, messages: usize) {
        let seed = self.random.u64();
        for mail in draw(self.internet, seed, messages, Popularity::Uniform) {
            traffic::play(self.internet, &mail, self, self.simulation.clock()).await;
            for _ in 0..3 {
                let (name, kind) = self.odd_question();
                // `ask` compares the reply with the truth and records what is wrong.
                drop(self.ask(&name, kind, Program::Server).await);
            }
            let pause = Duration::from_millis(self.random.below(PAUSE_MILLIS).into());
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks questions about every mail domain. Without faults, all of them must be answered.
    pub(crate) async fn ask_for_all(&self) {
        for domain in &self.internet.domains {
            for kind in [RecordType::MX, RecordType::TXT] {
                drop(self.ask(&domain.name, kind, Program::Server).await);
            }
            drop(self.ask(&domain.mail_host, RecordType::A, Program::Server).await);
        }
        self.ask_lists().await;
    }

    pub(crate) async fn ask_lists(&self) {
        for list in &self.internet.lists {
            let name = Name::from_ascii("99.9.18.198").unwrap().append_domain(&list.zone).unwrap();
            drop(self.ask(&name, RecordType::A, Program::Server).await);
        }
    }

    /// Returns a question from `wishes`: one for which a server with an injected fault gives a wrong answer. If there is none, returns a
    /// question for a name below a DNAME, an empty non-terminal, an apex without data, a name in the configured zone, or a name that does not
    /// exist.
    fn odd_question(&self) -> (Name, RecordType) {
        if let Some(wish) = self.wishes.lock().unwrap().pop() {
            return wish;
        }
        let domains = &self.internet.domains;
        let apex = |place: u32| domains[place as usize].name.clone();
        let below = |label: &str, name: Name| Name::from_ascii(label).unwrap().append_domain(&name).unwrap();
        let any = self.random.below(domains.len() as u32);
        let sevens = domains.len() as u32 / 10;
        match self.random.below(10) {
            0 => (below("mail.legacy", apex(7 + 10 * self.random.below(sevens))), RecordType::A),
            1 => (below("www.legacy", apex(7 + 10 * self.random.below(sevens))), RecordType::A),
            2 => (below("_domainkey", apex(any)), RecordType::TXT),
            3 => {
                let name = *self.pick(&["root-servers.net.", "co.uk.", "com.", "ip6.arpa."]);
                (Name::from_ascii(name).unwrap(), *self.pick(&ODD_TYPES))
            }
            4 => (below("only-inside", domains[SPLIT].name.clone()), RecordType::A),
            5 => (domains[SPLIT].name.clone(), RecordType::MX),
            6 => (below(&format!("no{}", self.random.below(50)), apex(any)), RecordType::A),
            7 => (apex(any), RecordType::AAAA),
            // These TXT answers do not fit into a datagram, so faults of TCP have an effect.
            8 => (apex(9 + 10 * self.random.below(sevens)), RecordType::TXT),
            // The servers of arpa. serve the root too, so a fault can make them send a proof of the root.
            _ => (Name::from_ascii("arpa.").unwrap(), *self.pick(&ODD_TYPES)),
        }
    }

    fn pick<'t, T>(&self, from: &'t [T]) -> &'t T {
        &from[self.random.below(from.len() as u32) as usize]
    }

    fn hold(&self, question: (&Name, RecordType), judged: Judged, told: &dyn Fn() -> String) {
        let (name, kind) = question;
        let mut tally = self.tally.lock().unwrap();
        tally.questions += 1;
        match judged {
            Judged::True => {}
            Judged::Excused => tally.excused += 1,
            Judged::Failed => tally.failed.push(format!("{name} {kind}: {}", told())),
            Judged::Wrong(objection) => tally.wrong.push(format!("{name} {kind}: {objection}\n  {}", told())),
        }
    }
}

impl Asker for Gateway<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        _program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        Box::pin(async move {
            let began = Instant::now();
            let (listener, sees) = {
                let plan = self.plan.borrow();
                let listener = self.random.below(plan.listeners.len() as u32) as usize;
                (listener, plan.listeners[listener])
            };
            let address = Ipv4Addr::new(127, 0, self.number, self.random.below(4) as u8);
            let client = Some(IpAddr::V4(address));
            let draw = self.random.below(8);
            let flags = Flags {
                listener,
                client,
                authentic_data: draw & 1 == 1,
                dnssec_ok: draw == 0,
                ..Flags::default()
            };
            let Ok(reply) = timeout(FOR_EVER, self.simulation.ask_with(name, kind, flags)).await else {
                let mut tally = self.tally.lock().unwrap();
                tally.wrong.push(format!("{name} {kind}: no reply"));
                return Err(AskError::Message("no reply".to_owned()));
            };
            let reply = reply?;
            let told = || {
                let why = reply.extended_error.as_ref().map(|error| error.text.clone()).unwrap_or_default();
                let steps: Vec<String> = reply.steps.iter().map(|step| format!("    {step:?}")).collect();
                let at = self.simulation.clock().mono();
                format!("at {at:?} of {sees:?}, {:?} {why}\n{}", reply.outcome, steps.join("\n"))
            };
            let mut message = reply.message.clone();
            if flags.dnssec_ok {
                message.answers.retain(|record| record.record_type() != RecordType::RRSIG);
            }
            let judged = self.truth.judge((name, kind), &message, sees, began);
            self.hold((name, kind), judged, &told);
            let code = reply.extended_error.as_ref().map(|error| error.code);
            if (reply.outcome == Outcome::Stale) != (code == Some(ExtendedError::STALE_ANSWER)) {
                let unsaid = format!("{name} {kind} is stale and does not say so, or is not\n  {}", told());
                self.tally.lock().unwrap().wrong.push(unsaid);
            }
            if began.elapsed() > REPLY_TIME {
                let late = format!("{name} {kind} took {:?}\n  {}", began.elapsed(), told());
                self.tally.lock().unwrap().wrong.push(late);
            }
            Ok(reply.message)
        })
    }
}

pub(crate) fn outcomes(failed: &[String]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for failure in failed {
        let outcome = failure.split([',', ' ']).find(|word| OUTCOMES.contains(word));
        *counts.entry(outcome.unwrap_or("other")).or_default() += 1;
    }
    counts
}
