//! Traffic in simulation whose failed questions are stored with their reasons and steps.

use std::sync::Mutex;

use futures_util::future::BoxFuture;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use lab::client::AskError;
use lab::fault::Fault;
use lab::simulation::Simulation;
use lab::traffic::{Asker, Program};

/// The faults of servers: one server of each zone has one of them.
pub const AILMENTS: [Fault; 6] =
    [Fault::Dead, Fault::Refused, Fault::ServFail, Fault::UpwardReferral, Fault::LameEmpty, Fault::DropsEdns];

/// Asks questions as a mail gateway does, and stores the failed ones with their reasons.
pub struct Watched<'a> {
    simulation: &'a Simulation,
    failed: Mutex<Vec<String>>,
}

impl<'a> Watched<'a> {
    /// Creates the traffic of a mail gateway for this simulation.
    pub fn new(simulation: &'a Simulation) -> Self {
        Self { simulation, failed: Mutex::default() }
    }

    /// Returns the failed questions with their reasons.
    pub fn into_failed(self) -> Vec<String> {
        self.failed.into_inner().unwrap()
    }
}

impl Asker for Watched<'_> {
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        _program: Program,
    ) -> BoxFuture<'a, Result<Message, AskError>> {
        Box::pin(async move {
            let reply = self.simulation.ask(name, kind).await?;
            if reply.message.metadata.response_code == ResponseCode::ServFail {
                let why = reply.extended_error.map(|error| error.text).unwrap_or_default();
                let steps: Vec<String> = reply.steps.iter().map(|step| format!("    {step:?}")).collect();
                let told = format!("{name} {kind}: {:?} {why}\n{}", reply.outcome, steps.join("\n"));
                self.failed.lock().unwrap().push(told);
            }
            Ok(reply.message)
        })
    }
}
