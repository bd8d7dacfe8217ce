//! Follows the steps in which a question is resolved, for the command `resolverctl trace`.
//!
//! # Decisions
//!
//! - A trace that does not use the cache is resolved by a second resolver with its own small cache, history and states of DNS lists. If both used
//!   one cache, each access would have to check if the data are for the trace only, and a client could get data of a trace.
//! - A client gets SERVFAIL after four seconds, but its resolution may continue. The trace then continues too, because the cause is often
//!   visible only later.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::client_question::ClientQuestion;
use super::{Asked, Replied, Resolver, ResolverParts, WITHOUT_LISTENER};
use crate::iterate::flight_progress::FlightProgress;
use crate::limits::FRESH_TRACE_MEMORY;
use dns::question::{Client, Outcome, Question};
use dns::random::Random;
use exchange::network::Network;
use record::Recorder;
use record::event::Step;
use record::limits::FLIGHT_TIME;
use zones::Views;

impl Resolver {
    /// Creates a resolver with the same views, trust anchors and negative trust anchors, but with an empty cache and its own history. It
    /// sends its queries through `network`, and dnstap gets copies of them.
    pub fn fresh(&self, network: &Arc<dyn Network>, random: &Random) -> Arc<Self> {
        let parts = ResolverParts {
            views: Views::clone(&self.views()),
            clock: self.clock.clone(),
            random: random.clone(),
            network: Arc::clone(network),
            recorder: Recorder::aside(self.clock.clone()),
            tap: Arc::clone(self.tap()),
        };
        let fresh = Self::with_memory(parts, FRESH_TRACE_MEMORY);
        let now = self.clock.mono();
        for (name, left) in self.ntas().list(now) {
            // This always succeeds: both resolvers have the same limit.
            let _ = fresh.ntas().add(&name, now.after(left), now);
        }
        fresh
    }

    /// Answers a question like `ask`, and sends the steps of its resolution (flight) to `steps` as they happen. Returns when the resolution
    /// has ended, which may be later than the reply.
    pub async fn ask_traced(
        &self,
        question: Question,
        client: Client,
        steps: &mpsc::Sender<Step>,
    ) -> (Asked, Duration) {
        let began = self.clock.mono();
        let (follower, mut followed) = watch::channel(None::<Arc<FlightProgress>>);
        let asking = async {
            let asked = self.ask_followed(question, client, follower).await;
            (asked, self.clock.mono().since(began))
        };
        let following = async {
            // An error means that the question was answered without a resolution.
            let progress =
                followed.wait_for(Option::is_some).await.ok().and_then(|progress| progress.clone());
            if let Some(progress) = progress {
                progress.trail().give(steps).await;
            }
        };
        let (mut asking, mut following) = (pin!(asking), pin!(following));
        let (asked, elapsed) = tokio::select! {
            biased;
            asked_reply = &mut asking => asked_reply,
            () = &mut following => return asking.await,
        };
        let goes_on = matches!(
            &asked,
            Asked::Replied(Replied { outcome: Outcome::Deadline | Outcome::Stale, progress: Some(_), .. })
        );
        // If the resolution does not continue after the reply, only the steps so far are sent.
        let rest = if goes_on { FLIGHT_TIME } else { Duration::ZERO };
        // A timeout is no error: the resolution may have been given up, or may continue for another client.
        let _ = timeout(rest, following).await;
        (asked, elapsed)
    }

    async fn ask_followed(
        &self,
        question: Question,
        client: Client,
        follower: watch::Sender<Option<Arc<FlightProgress>>>,
    ) -> Asked {
        let arrived = self.clock.mono();
        let key = question.key();
        if let Some(answer) = self.memory.answers.get(key.as_bytes(), arrived) {
            let _ = self.looked_up(key.as_bytes(), &answer, arrived);
            return Asked::Replied(Replied { outcome: Outcome::Cache, answer, progress: None });
        }
        let Some(view) = self.views.load().get(question.view).cloned() else {
            return self.clients.shed(&question, WITHOUT_LISTENER);
        };
        let missed = ClientQuestion::new(question, key, client, arrived, view);
        self.miss(ClientQuestion { follower: Some(follower), ..missed }).await
    }

    /// Counts a question of a separate resolver (`fresh`) for the quota of its DNS list.
    ///
    /// # Errors
    /// Most of the daily quota of the list is used up, and mail servers need the rest. The error is the zone name of the list.
    pub fn count_aside(&self, question: &Question) -> Result<(), Name> {
        let views = self.views();
        let Some(view) = views.get(question.view) else { return Ok(()) };
        let route = view.route(&question.name, question.kind);
        let Some(list) = route.list_asked(&question.name).filter(|list| list.is_alive()) else {
            return Ok(());
        };
        let may = self.lists.list_entry(view, &list).watch.takes_aside(list.quota, self.clock.now().unix);
        if may { Ok(()) } else { Err(list.apex.clone()) }
    }
}
