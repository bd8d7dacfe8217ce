//! Questions that no client waits for: probes of dead servers, and questions that clients are about to ask.
//!
//! They are resolved like all questions. Such a question is a flight like any other, and a client may join it.

use std::convert::Infallible;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::Resolver;
use super::client_question::ClientQuestion;
use super::flights::JoinedFlight;
use crate::exchange::Heard;
use crate::iterate::Errand;
use crate::iterate::context::Context;
use crate::iterate::direct::DirectQuery;
use crate::question::{Client, Question, ViewId};
use crate::random::Random;
use crate::record::trail::Trail;

/// A name that exists in no zone.
pub fn nowhere(random: &Random) -> Name {
    Name::from_ascii(format!("{:016x}.", random.u64())).unwrap_or_default()
}

/// The result of a question that no client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// The question was sent.
    Sent,
    /// The question is not needed: memory has the answer, or another flight already asks.
    NotNeeded,
    /// There is no room for it.
    NoRoom,
}

impl Resolver {
    /// Probes dead servers that questions want, and finds the cause of silence, as long as it runs.
    pub async fn probe_dead_servers(self: Arc<Self>) -> Infallible {
        tokio::join!(self.iterate.probe_dead_servers(), self.iterate.prove_silences()).0
    }

    /// Asks for a name that no zone has, to see whether any server of the internet answers. Answers are recorded as
    /// usual.
    pub async fn ask_for_nothing(&self, view: ViewId, name: &Name) {
        let views = self.views.load_full();
        let Some(view) = views.get(view).or_else(|| views.general()) else { return };
        let context = Context::new(Arc::new(Trail::new(&self.clock)), Arc::clone(view)).on_the_side(None);
        let errand = Errand {
            name,
            kind: RecordType::A,
            route: view.recursion(),
            context: &context,
            rewrite: None,
            sub_questions: &*self.chaser,
            avoid: &[],
            cut: None,
        };
        // A failure needs no action: only an answer shows something.
        let _ = self.iterate.find(errand).await;
    }

    /// Sends one message to one server for the operator, as `[listen]` would. None: `resolve.deny_servers` has it, or
    /// the daemon is ending.
    pub async fn ask_directly(&self, asked: DirectQuery) -> Option<Heard> {
        let view = self.views.load().general().cloned()?;
        self.iterate.ask_directly(&view, asked).await
    }

    /// Asks a question that a client is about to ask.
    pub async fn ask_ahead(self: &Arc<Self>, question: Question, asker: Client) -> Ahead {
        let (key, now) = (question.key(), self.clock.mono());
        let known = self.memory.answers.get(key.as_bytes(), now).is_some();
        let Some(view) = self.views.load().get(question.view).cloned().filter(|_| !known) else {
            return Ahead::NotNeeded;
        };
        self.ask_aside(ClientQuestion::new(question, key, asker, now, view)).await
    }

    /// Asks servers even if memory has an answer: it is about to expire, so it is not used.
    pub(super) async fn ask_aside(self: &Arc<Self>, asked: ClientQuestion) -> Ahead {
        if self.trust.failed_a_moment_ago(&asked.key).is_some() {
            return Ahead::NotNeeded;
        }
        // Nothing is asked ahead while flights are crowded.
        if self.flights.are_crowded() {
            return Ahead::NoRoom;
        }
        let asked = Arc::new(asked);
        let joined = self.flights.join(&asked, self.zone_at_first(&asked), || Trail::new(&self.clock));
        let (seat, begun) = match joined {
            JoinedFlight::Waits { seat, begun: Some(begun) } => (seat, begun),
            JoinedFlight::Waits { begun: None, .. } | JoinedFlight::Repeated => return Ahead::NotNeeded,
            JoinedFlight::Shed(_) => return Ahead::NoRoom,
        };
        let context = Context::new(Arc::clone(&seat.trail), Arc::clone(&asked.view))
            .of_flight(begun.ticket.number())
            .renewing();
        let context = if asked.question.checking_disabled { context.without_checks() } else { context };
        match Arc::clone(self).take_off(asked, context, begun).await {
            Some(landed) if landed.packets == 0 => Ahead::NotNeeded,
            _ => Ahead::Sent,
        }
    }
}
