//! A client's question that the cache could not answer, from its arrival until the reply.

use std::sync::{Arc, OnceLock};

use hickory_proto::rr::RecordType;
use tokio::sync::watch;

use crate::iterate::context::Context;
use crate::iterate::flight_progress::FlightProgress;
use dns::cached::Delegation;
use dns::clock::Mono;
use dns::question::{Answer, Client, Outcome, Question, QuestionKey};
use dnsbl::entry::ListEntry;
use dnsbl::list::{AskedAbout, List};
use record::event::Step;
use record::owner::WantedOwner;
use record::trail::Trail;
use zones::{Route, View};

/// A client's question that is being answered. The task of the resolution (flight) and the request of the client share it.
pub struct ClientQuestion {
    pub(super) question: Question,
    pub(super) key: QuestionKey,
    pub(super) client: Client,
    pub(super) arrived: Mono,
    /// The view that applied when the question arrived. A reload does not change it.
    pub(super) view: Arc<View>,
    /// The servers or the local zone that answer the name.
    pub(super) way: Arc<Route>,
    /// The DNS list that the question asks. The list may have been shut down.
    pub(super) list: Option<AskedList>,
    /// The closest known zone cut. It is set when resolverd determines the zone of the question, because the number of resolutions of a zone is
    /// limited.
    pub(super) cut: OnceLock<Arc<Delegation>>,
    /// True if the cache had a failure for the question when the client began to wait.
    pub(super) has_failed: OnceLock<bool>,
    /// The client's socket. `None` if the question comes from a command.
    pub(super) socket: Option<WantedOwner>,
    /// Sends the progress of the resolution to a command that shows its steps.
    pub(super) follower: Option<watch::Sender<Option<Arc<FlightProgress>>>>,
}

pub(super) struct AskedList {
    pub(super) list: Arc<List>,
    /// The state of the list. It is set when it is first looked up.
    pub(super) entry: OnceLock<Arc<ListEntry>>,
    /// The progress of the resolution for which the question waits. The question may be answered before the resolution ends.
    pub(super) waits_for: OnceLock<Arc<FlightProgress>>,
}

/// What happens with a client's question.
#[derive(Debug)]
pub enum Asked {
    /// The client gets this reply: an answer or an error.
    Replied(Replied),
    /// The same client already waits for this answer, so it gets no second reply.
    Repeated,
}

/// The reply to a client's question, and how it was found.
#[derive(Clone, Debug)]
pub struct Replied {
    /// The outcome for the statistics.
    pub outcome: Outcome,
    /// The answer that the client gets.
    pub answer: Arc<Answer>,
    pub(super) progress: Option<Arc<FlightProgress>>,
}

impl Replied {
    /// Returns the steps of the resolution, or `None` if the answer was in the cache.
    pub fn trail(&self) -> Option<&Trail> {
        self.progress.as_deref().map(FlightProgress::trail)
    }

    /// Returns the steps that the resolution has taken until now, as text. There are none if the answer was in the cache.
    pub fn steps(&self) -> Arc<[Step]> {
        self.trail().map(Trail::steps).unwrap_or_default()
    }
}

impl AskedList {
    fn new(list: Arc<List>) -> Self {
        let (entry, waits_for) = Default::default();
        Self { list, entry, waits_for }
    }
}

impl ClientQuestion {
    /// Creates the question of `client`, which arrived at `arrived` in `view`.
    pub fn new(question: Question, key: QuestionKey, client: Client, arrived: Mono, view: Arc<View>) -> Self {
        let way = Arc::clone(view.route_of((&question.name, key.name()), question.kind));
        let list = way.list_asked(&question.name).map(AskedList::new);
        let (cut, has_failed) = Default::default();
        Self {
            question,
            key,
            client,
            arrived,
            view,
            way,
            list,
            cut,
            has_failed,
            socket: None,
            follower: None,
        }
    }

    /// Sets the client's socket. Only questions that came over the network have one.
    #[must_use]
    pub(crate) fn of_socket(self, socket: WantedOwner) -> Self {
        Self { socket: Some(socket), ..self }
    }

    /// Returns the same question in another view, in which the name may have another route.
    pub(super) fn in_view(&self, view: Arc<View>) -> Self {
        let (question, key) = (self.question.clone(), self.key.clone());
        let (socket, follower) = (self.socket, self.follower.clone());
        Self { socket, follower, ..Self::new(question, key, self.client, self.arrived, view) }
    }

    /// Returns the name, type and flags.
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Returns the cache key of the question.
    pub fn key(&self) -> &QuestionKey {
        &self.key
    }

    /// Returns the time at which the question arrived.
    pub fn arrived(&self) -> Mono {
        self.arrived
    }

    /// Returns the view that applied when the question arrived.
    pub fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn context(&self, progress: &Arc<FlightProgress>) -> Context {
        let context = Context::new(Arc::clone(progress), Arc::clone(&self.view));
        if self.question.checking_disabled { context.without_checks() } else { context }
    }

    /// Returns what the client asks a DNS list about. Returns `Nothing` if the list has been shut down.
    pub(crate) fn asked_list(&self) -> AskedAbout {
        self.live_list().map_or(AskedAbout::Nothing, |list| list.asked(&self.question.name))
    }

    pub(super) fn of_kind(&self, kind: RecordType) -> Self {
        let question = Question { kind, ..self.question.clone() };
        let key = question.key();
        Self::new(question, key, self.client, self.arrived, Arc::clone(&self.view))
    }

    #[cfg(test)]
    pub(super) fn in_test(question: Question, client: Client) -> Self {
        use std::sync::LazyLock;
        static VIEW: LazyLock<Arc<View>> = LazyLock::new(|| {
            let views = zones::Views::new(&Arc::default()).unwrap();
            Arc::clone(views.general().unwrap())
        });
        let key = question.key();
        Self::new(question, key, client, Mono::START, Arc::clone(&VIEW))
    }

    /// Returns the DNS list for which the question asks, unless the list was shut down.
    pub(super) fn live_list(&self) -> Option<&Arc<List>> {
        self.list.as_ref().map(|asked| &asked.list).filter(|list| list.is_alive())
    }
}
