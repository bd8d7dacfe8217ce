//! Lists as the views have them now, and probes of lists. A probe skips memory, because memory shows nothing about a
//! list.

use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::ListQuestion;
use super::ListResolver;
use super::guard::why_of;
use crate::dnsbl::entry::ListEntry;
use crate::dnsbl::gate;
use crate::dnsbl::gate::ListVerdict;
use crate::dnsbl::list::List;
use crate::dnsbl::list_way::Way;
use crate::dnsbl::state::ListState;
use crate::iterate::context::Context;
use crate::iterate::progress::FlightProgress;
use crate::zones::View;
use dns::question::{Question, Security, ViewId};

/// The result of a probe.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The meaning of the answer; none if no server answered because of a fault that is not the list's.
    pub verdict: Option<ListVerdict>,
    /// The server that answered, if any.
    pub server: Option<IpAddr>,
    /// Whether the answer was signed: a forwarder may have made it of proofs that it remembers (RFC 8198).
    pub secure: bool,
}

impl ListResolver {
    /// Whether any view asks a list this way.
    pub fn is_asked(&self, apex: &Name, way: &Way) -> bool {
        self.views.load().asking(apex, way, ViewId::default()).is_some()
    }

    /// Forgets lists on ways that no view has.
    pub(in crate::resolve) fn forget_unasked(&self) {
        self.table.keep(|apex, way| self.is_asked(apex, way));
    }

    /// The list at `apex` as `view` has it.
    pub fn list(&self, view: ViewId, apex: &Name) -> Option<Arc<List>> {
        self.views.load().get(view)?.list_route(apex).policy.list.clone()
    }

    /// The list of `entry` and a view that asks it this way: the view `id`, if it still does. None if no view does
    /// any more.
    pub fn asked_as(&self, entry: &ListEntry, id: ViewId) -> Option<(Arc<List>, Arc<View>)> {
        let views = self.views.load();
        let view = views.asking(&entry.apex, &entry.way, id)?;
        let list = view.list_route(&entry.apex).policy.list.clone()?;
        Some((list, Arc::clone(view)))
    }

    /// The list that a question asks, if the list is still configured.
    pub fn list_of(&self, question: &Question) -> Option<Arc<List>> {
        let views = self.views.load();
        views
            .get(question.view)?
            .route(&question.name, question.kind)
            .list_asked(&question.name)
            .filter(|list| list.is_alive())
    }

    /// Asks a list for the addresses of `name`, at another server than `avoid` if another one answers.
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
            // The current state of the list must not influence how its answer is read.
            Ok(chased) => Some(gate::judge(list, ListState::Untested, &chased.answers)),
            Err(failure) => why_of(list, &failure).map(ListVerdict::Untold),
        };
        Probed { verdict, server, secure }
    }
}
