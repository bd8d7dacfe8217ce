//! Questions for which no client waits: probes of servers that do not answer, renewals, and questions that clients are expected to ask.
//! They are resolved like the questions of clients. If a client asks the same question meanwhile, it waits for the same resolution
//! (flight).

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hickory_proto::rr::{Name, RecordType};

use super::client_question::ClientQuestion;
use super::flight::FlightResolver;
use super::flights::JoinedFlight;
use crate::iterate::Lookup;
use crate::iterate::context::Context;
use crate::iterate::failure::Failure;
use crate::iterate::flight_progress::FlightProgress;
use dns::question::{Client, Question, ServerQuery, ViewId};
use dns::random::Random;
use exchange::{Heard, ReplyUnknown};
use zones::Views;

/// Returns a random name that exists in no zone, so that no cache has an answer for it.
pub fn nowhere(random: &Random) -> Name {
    Name::from_ascii(format!("{:016x}.", random.u64())).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ahead {
    /// At least one query was sent to a server.
    Sent,
    /// The cache has the answer, the question failed a moment ago, or another resolution of the question is in progress.
    NotNeeded,
    /// There are too many resolutions.
    NoRoom,
}

/// Resolves questions for which no client waits.
pub struct SideResolver {
    pub(super) views: Arc<ArcSwap<Views>>,
    pub(super) flight: Arc<FlightResolver>,
}

impl SideResolver {
    /// Asks a root server for the names and addresses of all root servers (priming, RFC 9609).
    pub(super) async fn prime(&self) -> Result<(), Failure> {
        let views = self.views.load();
        let Some(view) = views.general().filter(|_| views.recurse()).cloned() else { return Ok(()) };
        let context = Context::new(Arc::new(FlightProgress::new(&self.flight.clock)), view);
        self.flight.iterate.prime(&context, &*self.flight.chaser).await.map(drop)
    }

    /// Probes the servers that have stopped answering and that questions need. Also determines whether the network of this host is the
    /// reason why servers do not answer. Never returns.
    pub async fn probe_dead_servers(self: Arc<Self>) -> Infallible {
        tokio::join!(self.flight.iterate.probe_dead_servers(), self.flight.iterate.prove_silences()).0
    }

    /// Queries a name that exists in no zone, to learn whether any server of the internet answers.
    pub(crate) async fn ask_for_nothing(&self, view: ViewId, name: &Name) {
        let views = self.views.load_full();
        let Some(view) = views.get(view).or_else(|| views.general()) else { return };
        let context = Context::new(Arc::new(FlightProgress::new(&self.flight.clock)), Arc::clone(view))
            .on_the_side(None);
        let lookup = Lookup {
            name,
            kind: RecordType::A,
            route: view.recursion(),
            context: &context,
            rewrite: None,
            sub_questions: &*self.flight.chaser,
            avoid: &[],
            cut: None,
        };
        // The answer to this question is not used. `Iterate` records each reply of a server, and a reply shows that the network of this host works.
        let _ = self.flight.iterate.find(lookup).await;
    }

    /// Queries a root server over TCP, to learn whether TCP is blocked on the path from this host.
    pub(crate) async fn ask_root_over_tcp(&self) {
        let views = self.views.load_full();
        let Some(view) = views.general() else { return };
        self.flight.iterate.ask_root_over_tcp(view).await;
    }

    /// Sends one query to one server for a command of the operator, in the view of `[listen]`.
    ///
    /// # Errors
    /// The reason why the query shows nothing about the server.
    pub async fn ask_directly(&self, asked: ServerQuery) -> Result<Heard, ReplyUnknown> {
        let view = self.views.load().general().cloned().ok_or(ReplyUnknown::NotSent)?;
        self.flight.iterate.ask_directly(&view, asked).await
    }

    /// Asks a question that a client is expected to ask, unless the cache has the answer.
    pub(crate) async fn ask_ahead(&self, question: Question, asker: Client) -> Ahead {
        let (key, now) = (question.key(), self.flight.clock.mono());
        let known = self.flight.memory.answers.get(key.as_bytes(), now).is_some();
        let Some(view) = self.views.load().get(question.view).cloned().filter(|_| !known) else {
            return Ahead::NotNeeded;
        };
        self.ask_aside(ClientQuestion::new(question, key, asker, now, view)).await
    }

    /// Resolves a question even if the cache has an answer, because the TTL of that answer ends soon.
    pub(super) async fn ask_aside(&self, asked: ClientQuestion) -> Ahead {
        if self.flight.chaser.trust.failed_a_moment_ago(&asked.key).is_some() {
            return Ahead::NotNeeded;
        }
        // No client waits for this question, so it is not resolved while there are too many resolutions.
        if self.flight.flights.are_crowded() {
            return Ahead::NoRoom;
        }
        let asked = Arc::new(asked);
        let joined = self
            .flight
            .flights
            .join(&asked, self.flight.zone_at_first(&asked), || FlightProgress::new(&self.flight.clock));
        let (seat, begun) = match joined {
            JoinedFlight::Waits { seat, begun: Some(begun) } => (seat, begun),
            JoinedFlight::Waits { begun: None, .. } | JoinedFlight::Repeated => return Ahead::NotNeeded,
            JoinedFlight::Shed(_) => return Ahead::NoRoom,
        };
        let context = asked.context(&seat.progress).of_flight(begun.ticket.number()).renewing();
        match Arc::clone(&self.flight).take_off(asked, context, begun).await {
            Some(landed) if landed.packets == 0 => Ahead::NotNeeded,
            _ => Ahead::Sent,
        }
    }
}
