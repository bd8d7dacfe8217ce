//! Runs checks of domains over the simulated network, with a virtual clock.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;

use dns::question::Client;
use doctor::facts::{CheckSubject, DomainFacts, Got, NoReply, Want};
use doctor::finding::Finding;
use doctor::{WholeDomain, judge};
use gather::direct::facts;
use gather::{Sources, gather};
use lab::simulation::Simulation;
use lab::world::UNIX_AT_START;
use protocol::facts::{got, request};
use protocol::lookup::Lookup;
use protocol::{Reply, Request, lookup};
use resolver::resolve::Asked;

/// The daemon that the check asks, without a control socket.
pub(crate) struct Daemon<'s> {
    simulation: &'s Simulation,
    asked: AtomicU32,
    /// The servers to which the check has sent a query.
    pub(crate) sent: Mutex<BTreeSet<IpAddr>>,
}

impl<'s> Daemon<'s> {
    pub(crate) fn new(simulation: &'s Simulation) -> Self {
        Self { simulation, asked: AtomicU32::new(0), sent: Mutex::default() }
    }
}

impl Daemon<'_> {
    async fn answer(&self, want: &Want) -> Got {
        match request(want).unwrap() {
            Request::Query { name, kind, .. } => {
                let question = lookup::question(&name, kind.as_deref()).unwrap();
                let [high, low, ..] = self.asked.fetch_add(1, Ordering::Relaxed).to_le_bytes();
                let port = u16::from_le_bytes([high, low]);
                let client = Client { address: [127, 0, 0, 9].into(), port, id: 7 };
                let clock = self.simulation.clock();
                let began = clock.mono();
                let view = self.simulation.resolver().views().general().unwrap().id;
                let question = dns::question::Question { view, ..question };
                let Asked::Replied(replied) = self.simulation.resolver().ask(question.clone(), client).await
                else {
                    panic!("a new client was taken for a repeat");
                };
                let now = clock.mono();
                let (answer, outcome) = (replied.answer, replied.outcome);
                let found = Lookup { answer, now, outcome, elapsed: now.since(began) };
                got(vec![Reply::Query(Box::new(lookup::reply(&question, &found).unwrap()))])
            }
            Request::AskServer(asked) => {
                self.sent.lock().unwrap().insert(asked.server);
                let heard = self.simulation.resolver().side().ask_directly(asked).await;
                got(vec![Reply::ServerReply { facts: Box::new(facts(heard)) }])
            }
            Request::DnsblTest { .. } => Got::Lists(Vec::new()),
            other => Got::NoReply(NoReply::Unknown(format!("{other:?}"))),
        }
    }
}

impl Sources for Daemon<'_> {
    fn ask<'a>(&'a self, want: &'a Want) -> BoxFuture<'a, Got> {
        Box::pin(self.answer(want))
    }
}

pub(crate) async fn check(simulation: &Simulation, subject: CheckSubject) -> (DomainFacts, Vec<Finding>) {
    let daemon = Daemon::new(simulation);
    let subject = CheckSubject { unix: UNIX_AT_START, ..subject };
    let facts = gather(subject, &WholeDomain, &daemon).await;
    let findings = judge(&facts);
    (facts, findings)
}
