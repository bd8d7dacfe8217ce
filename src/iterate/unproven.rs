//! Silences while nobody else was heard: a server above the silent one is asked whether our own network works.
//!
//! May call: `probe`, `dead`, `names`, `uplink`, `cache::servers`, `clock`, `limits`. To a gateway that has nothing else to ask, a zone whose
//! servers are all dead looks as an outage does. A server of a zone above that has answered before is asked for its own NS:
//! where it answers, the silence was the silent one's; where it does not, nothing is held against anybody.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::RecordType;
use tokio::sync::Notify;

use super::Iterate;
use super::attempt::Means;
use super::context::Context;
use super::dead::Wanted;
use super::probe::{Aside, Probe};
use crate::cache::servers::{Health, Server};
use crate::clock::Mono;
use crate::exchange::network::Path;
use crate::limits::{MAX_UNPROVEN, WITNESS_DELAY};
use crate::record::trail::Trail;

/// A message that was not answered.
#[derive(Clone)]
pub(super) struct Silent {
    /// Whom it went to.
    pub(super) server: Arc<Server>,
    /// When it was sent, and when it was taken to be lost.
    pub(super) sent: Mono,
    pub(super) late: Mono,
    /// How the server is tried on the side once it is dead.
    pub(super) wanted: Wanted,
    /// Whether the message was itself one on the side.
    pub(super) aside: bool,
}

/// Silences that wait for proof.
#[derive(Default)]
pub(super) struct Unproven {
    waiting: Mutex<Vec<Silent>>,
    /// Wakes whoever seeks the proof.
    added: Notify,
}

impl Unproven {
    /// Adds one; where there are too many it is left out, as the server's next silence says the same.
    fn add(&self, silent: Silent) {
        let mut waiting = self.waiting();
        if waiting.len() < MAX_UNPROVEN {
            waiting.push(silent);
            drop(waiting);
            self.added.notify_one();
        }
    }

    /// Takes those for which it is true.
    fn take(&self, wanted: impl Fn(&Silent) -> bool) -> Vec<Silent> {
        self.waiting().extract_if(.., |silent| wanted(silent)).collect()
    }

    fn first(&self) -> Option<Wanted> {
        self.waiting().first().map(|silent| silent.wanted.clone())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Silent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Means {
    /// A message was not answered. It counts where others were heard meanwhile; where nobody was, that is found out.
    pub(super) fn silent(&self, silent: Silent) {
        if self.is_proven(&silent) {
            self.count(silent);
        } else if silent.wanted.view.config.resolve.race && silent.tells() {
            self.unproven.add(silent);
        }
    }

    fn is_proven(&self, silent: &Silent) -> bool {
        self.uplink.proves_silence(silent.wanted.aside.configured, silent.sent)
    }

    fn count(&self, silent: Silent) {
        if silent.aside {
            silent.server.probed_in_vain(silent.sent);
            return;
        }
        silent.server.silent(silent.sent, silent.late, &self.random);
        if silent.wanted.view.config.resolve.race
            && let Some(next) = silent.server.next_try()
        {
            self.dead.want(silent.wanted, next <= silent.late);
        }
    }
}

impl Silent {
    /// Whether it would say anything that is not known.
    fn tells(&self) -> bool {
        if self.aside { self.server.is_being_probed() } else { self.server.would_count(self.sent) }
    }
}

impl Iterate {
    /// Finds out whether our own network works where servers are silent and nobody else is asked, as long as it runs.
    pub async fn prove_silences(&self) -> Infallible {
        let unproven = &self.means.unproven;
        loop {
            unproven.added.notified().await;
            loop {
                // Another server of the zone, or another zone's, is mostly heard within this time.
                tokio::time::sleep(WITNESS_DELAY).await;
                self.count_proven();
                let Some(wanted) = unproven.first() else { break };
                let asked = self.now();
                let heard = match self.witness(&wanted) {
                    Some(witness) => witness.ask().await,
                    None => false,
                };
                self.count_proven();
                if !heard {
                    // It may be our own network: nothing follows for anybody.
                    drop(unproven.take(|silent| silent.late <= asked));
                }
            }
        }
    }

    fn count_proven(&self) {
        let proven = self.means.unproven.take(|silent| self.means.is_proven(silent));
        proven.into_iter().for_each(|silent| self.means.count(silent));
    }

    /// The nearest of the servers of the closest zone above that have answered before; none where there is none.
    fn witness(&self, silent: &Wanted) -> Option<Probe> {
        let view = &silent.view;
        let context = Context::new(Arc::new(Trail::new(self.means.clock.clone())), Arc::clone(view));
        let (rrsets, now) = (self.memory.rrsets.of(view.knows), self.now());
        let mut zone = silent.aside.zone.clone();
        while !zone.is_root() {
            let cut = rrsets.closest_delegation(&zone.base_name(), now)?;
            let known = cut.servers.iter().flat_map(|name| self.known_addresses(&context, &cut, name));
            let answering = known.filter(|address| self.may_ask(&context, &cut, address.ip()));
            let nearest = answering
                .filter_map(|address| {
                    let standing = self.memory.servers.known(address)?.standing(&cut.zone, now);
                    let answers = standing.health < Health::Due;
                    Some((standing.health, standing.round_trip?, address)).filter(|_| answers)
                })
                .min();
            zone = cut.zone.clone();
            let Some((_, _, server)) = nearest else { continue };
            let source = view.recursion().policy.source.iter();
            let source = source.copied().find(|source| source.is_ipv4() == server.is_ipv4());
            let aside = Aside {
                path: Path { server, source, tls: None },
                recursive: false,
                configured: false,
                name: zone.clone(),
                zone,
                kind: RecordType::NS,
            };
            return Some(Probe { means: self.means(), server: self.server(server), aside });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::zones::Views;
    use hickory_proto::rr::Name;

    #[test]
    fn silences_that_wait_are_bounded() {
        let views = Views::new(&Arc::new(Config::default())).unwrap();
        let view = Arc::clone(views.of_listener(0).unwrap());
        let path = Path { server: ([192, 0, 2, 1], 53).into(), source: None, tls: None };
        let (zone, at) = (Name::root(), Mono::START);
        let (name, kind) = (zone.clone(), RecordType::SOA);
        let aside = Aside { path, recursive: false, configured: false, zone, name, kind };
        let wanted = Wanted { aside, view, at };
        let unproven = Unproven::default();
        for _ in 0..=MAX_UNPROVEN {
            unproven.add(Silent {
                server: Arc::default(),
                sent: at,
                late: at,
                wanted: wanted.clone(),
                aside: false,
            });
        }
        assert_eq!(unproven.take(|_| true).len(), MAX_UNPROVEN);
        assert!(unproven.first().is_none());
    }
}
