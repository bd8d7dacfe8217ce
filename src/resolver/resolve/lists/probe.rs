//! The DNS lists of the current configuration, and probes of lists. A probe asks the servers of a list for a test name, without the cache.

use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::ListResolver;
use super::list_resolver::ListQuestion;
use super::unknown_reason::unknown_reason;
use super::watched::Watched;
use crate::iterate::context::Context;
use crate::iterate::flight_progress::FlightProgress;
use crate::resolve::client_question::ClientQuestion;
use dns::question::{Question, Security, ViewId};
use dnsbl::entry::ListEntry;
use dnsbl::gate;
use dnsbl::gate::ListVerdict;
use dnsbl::list::List;
use dnsbl::list_way::Way;
use dnsbl::state::ListState;
use zones::View;

/// The result of a probe of a DNS list.
#[derive(Clone, Debug)]
pub struct Probed {
    /// What the answer says. `None` if the probe failed for a reason that is not a fault of the list.
    pub verdict: Option<ListVerdict>,
    /// The server of the list that answered.
    pub server: Option<IpAddr>,
    /// True if the answer was signed and valid (DNSSEC). A forwarder may have made such an answer from cached proofs (RFC 8198).
    pub secure: bool,
}

impl ListResolver {
    /// Returns true if any view asks the list at `apex` at these servers (`way`): its public servers, configured servers, or forwarders.
    pub fn is_asked(&self, apex: &Name, way: &Way) -> bool {
        self.views.load().asking(apex, way, ViewId::default()).is_some()
    }

    /// The table has a state for each list and each set of servers (`way`). Removes the states that no view uses any more.
    pub(in crate::resolve) fn forget_unasked(&self) {
        self.table.keep(|apex, way| self.is_asked(apex, way));
    }

    /// Returns the DNS list with this apex, as `view` configures it.
    pub fn list(&self, view: ViewId, apex: &Name) -> Option<Arc<List>> {
        self.views.load().get(view)?.list_route(apex).policy.list.clone()
    }

    /// Returns the list of `entry`, and a view that asks it at the same servers as `entry`: the view `id`, or else another view.
    pub fn asked_as(&self, entry: &ListEntry, id: ViewId) -> Option<(Arc<List>, Arc<View>)> {
        let views = self.views.load();
        let view = views.asking(&entry.apex, &entry.way, id)?;
        let list = view.list_route(&entry.apex).policy.list.clone()?;
        Some((list, Arc::clone(view)))
    }

    /// Returns the DNS list that a question asks, if the list was not shut down.
    pub fn list_of(&self, question: &Question) -> Option<Arc<List>> {
        let views = self.views.load();
        views
            .get(question.view)?
            .route(&question.name, question.kind)
            .list_asked(&question.name)
            .filter(|list| list.is_alive())
    }

    /// Asks a DNS list that refuses queries or is silent a question of the operator. The operator may have ended the cause, and does not wait for
    /// the next probe, which comes only if clients ask the list.
    pub(in crate::resolve) async fn probe_if_broken(&self, watched: Watched<'_>, asked: &ClientQuestion) {
        if matches!(watched.entry.state(), ListState::Refusing | ListState::Parked | ListState::Silent) {
            self.probe(&asked.view, watched.list, &asked.question.name, None).await;
        }
    }

    /// Asks a DNS list for the A records of `name`, if possible at a server other than `avoid`.
    pub async fn probe(&self, view: &Arc<View>, list: &List, name: &Name, avoid: Option<IpAddr>) -> Probed {
        let entry = self.list_entry(view, list);
        let progress = Arc::new(FlightProgress::new(&self.clock));
        let context = Context::new(progress, Arc::clone(view)).on_the_side(avoid);
        let found = self
            .ask_list(ListQuestion { list, entry: &entry, name, kind: RecordType::A, context: &context })
            .await;
        let secure = found.as_ref().is_ok_and(|chased| chased.security == Some(Security::Secure));
        let server = found.as_ref().ok().and_then(|chased| chased.answered).map(|(server, _)| server);
        let verdict = match found {
            // The state of the list so far must not influence how its answer is judged.
            Ok(chased) => Some(gate::judge(list, ListState::Untested, &chased.answers)),
            Err(failure) => unknown_reason(list, &failure).map(ListVerdict::Unknown),
        };
        Probed { verdict, server, secure }
    }
}
