//! Silences of servers (queries without an answer) during which no other server answered.
//!
//! On a gateway that asks no other questions at that time, a zone with dead servers looks like an outage of this host's network. Therefore a server
//! of a zone above that has answered before is asked for the NS set of its zone. The silence counts only if this server answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::dead::WantedServer;
use crate::cache::servers::Server;
use crate::limits::MAX_UNPROVEN;
use dns::clock::Mono;

#[derive(Clone)]
pub(super) struct Silent {
    pub(super) server: Arc<Server>,
    pub(super) sent: Mono,
    /// The time at which the query counted as lost.
    pub(super) late: Mono,
    /// The probe that resolverd sends if the server counts as dead because of this unanswered query.
    pub(super) wanted: WantedServer,
    pub(super) aside: bool,
}

#[derive(Default)]
pub(super) struct Unproven {
    waiting: Mutex<Vec<Silent>>,
    pub(super) added: Notify,
}

impl Unproven {
    /// Adds an unanswered query. If too many wait, it is not added: the next unanswered query to this server has the same effect.
    pub(super) fn add(&self, silent: Silent) {
        let mut waiting = self.waiting();
        if waiting.len() < MAX_UNPROVEN {
            waiting.push(silent);
            drop(waiting);
            self.added.notify_one();
        }
    }

    pub(super) fn take(&self, wanted: impl Fn(&Silent) -> bool) -> Vec<Silent> {
        self.waiting().extract_if(.., |silent| wanted(silent)).collect()
    }

    /// Returns the probe for each server that did not answer, the oldest unanswered query first.
    pub(super) fn wanted(&self) -> Vec<WantedServer> {
        self.waiting().iter().map(|silent| silent.wanted.clone()).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Silent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Silent {
    /// Returns true if this unanswered query would change what is known about the server.
    pub(super) fn needs_witness(&self) -> bool {
        if self.aside {
            self.server.is_being_probed(&self.wanted.aside.zone)
        } else {
            self.server.would_count(&self.wanted.aside.zone, self.sent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dead::Aside;
    use super::super::server_role::ServerRole;
    use super::*;
    use config::Config;
    use dns::hash::Keyed;
    use dns::random::Random;
    use exchange::network::Path;
    use hickory_proto::rr::{Name, RecordType};
    use zones::Views;

    #[test]
    fn silences_that_wait_are_bounded() {
        let views = Views::new(&Arc::new(Config::default())).unwrap();
        let view = Arc::clone(views.of_listener(0).unwrap());
        let path = Path { server: ([192, 0, 2, 1], 53).into(), source: None, encryption: None };
        let (zone, at) = (Name::root(), Mono::START);
        let (name, kind) = (zone.clone(), RecordType::SOA);
        let aside = Aside { path, role: ServerRole::Found, zone, name, kind };
        let wanted = WantedServer { aside, asked: Vec::new(), unanswered: true, view, at };
        let unproven = Unproven::default();
        for _ in 0..=MAX_UNPROVEN {
            unproven.add(Silent {
                server: Arc::new(Server::new(Keyed::new(&Random::seeded(1)))),
                sent: at,
                late: at,
                wanted: wanted.clone(),
                aside: false,
            });
        }
        assert_eq!(unproven.take(|_| true).len(), MAX_UNPROVEN);
        assert!(unproven.wanted().is_empty());
    }
}
