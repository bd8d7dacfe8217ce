//! Queries in the background, for which no client's question waits. A query to a dead server shows if this server works again. A query to a working
//! server shows if the network of this host works. Any reply, even an error, shows that the server works.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, RecordType};
use tokio::task::JoinSet;

use super::Iterate;
use super::attempt::conduct_of;
use super::context::Context;
use super::dead::{Aside, WantedServer};
use super::flight_progress::FlightProgress;
use super::server_role::ServerRole;
use super::shared_state::SharedState;
use super::unproven::Silent;
use crate::cache::servers::{Server, ServerStanding};
use crate::limits::{MAX_DEAD_PROBES, MAX_TIMER, PROBE_TIME, UNPROVEN_TIME, WITNESS_DELAY};
use dns::conduct::{Conduct, Health, Transport};
use dns::wire::PLAIN_PAYLOAD;
use exchange::network::Path;
use exchange::{Sender, UpstreamQuery};
use record::event::Sent;
use zones::View;

pub(super) struct Probe {
    pub(super) shared: Arc<SharedState>,
    pub(super) server: Arc<Server>,
    pub(super) aside: Aside,
    /// The transport of the query, if it is not that of the path.
    pub(super) over: Option<Transport>,
}

impl Probe {
    /// Returns false if there was no reply.
    pub(super) async fn ask(self) -> bool {
        let Self { shared, server, aside, over } = self;
        let Aside { path, role, zone, name, kind } = aside;
        let (transport, address) = (over.unwrap_or_else(|| path.transport()), path.server);
        let standing = server.standing(&zone, shared.clock.mono());
        let ask = UpstreamQuery {
            recursion_desired: role.is_recursive(),
            // The small payload size avoids long replies, which firewalls may drop. A truncated reply shows that the server answers.
            edns: standing.features.edns.then_some(PLAIN_PAYLOAD),
            transport,
            ..UpstreamQuery::new(path, name, kind)
        };
        let place = shared.exchange.place(&zone).await;
        let (heard, first) = shared.exchange.ask(ask, patience(&standing), place, Sender::default()).1.await;
        let conduct = match &heard.reply {
            Ok(message) => {
                let now = shared.clock.mono();
                // The time of an answer over TCP is no round trip of a datagram.
                if over.is_none() {
                    shared.answered(&server, (role, &zone), heard.elapsed);
                }
                shared.uplink.heard(role, now);
                shared.family_answered(address.ip(), now);
                shared.dead.answered.notify_waiters();
                match message.metadata.response_code {
                    ResponseCode::NoError | ResponseCode::NXDomain => Conduct::Answered,
                    error => Conduct::of_error(error),
                }
            }
            Err(trouble) => conduct_of(trouble, transport),
        };
        if first {
            let elapsed = heard.elapsed;
            let origin = role.origin();
            shared.recorder.sent(&Sent { server: address, zone, origin, transport, conduct, elapsed });
        }
        heard.reply.is_ok()
    }
}

impl Iterate {
    /// Probes the dead servers that questions need. Runs forever.
    pub async fn probe_dead_servers(&self) -> Infallible {
        let (dead, shared) = (&self.shared.dead, &self.shared);
        let mut probes = JoinSet::new();
        loop {
            let now = self.now();
            let places = MAX_DEAD_PROBES.saturating_sub(probes.len());
            let due = dead.due(now, &self.memory.servers, &shared.random, places);
            let begun = !due.servers.is_empty();
            for (server, wanted) in due.servers {
                probes.spawn(try_on_the_side(self.shared(), server, wanted));
            }
            if begun {
                // The probes that have begun change the time of the next probe, so `due` is called again.
                continue;
            }
            let rest = due.next.map(|next| next.since(now));
            tokio::select! {
                biased;
                Some(_) = probes.join_next() => {}
                () = dead.added.notified() => {}
                () = tokio::time::sleep(rest.unwrap_or_default()), if rest.is_some() => {}
            }
        }
    }

    /// Waits until queries stay unanswered and the network of this host may be the cause. Then queries another server, to find out if the
    /// network works. Runs forever.
    pub(crate) async fn prove_silences(&self) -> Infallible {
        let unproven = &self.shared.unproven;
        loop {
            unproven.added.notified().await;
            loop {
                // Usually another server answers within this time, which shows that the network works.
                tokio::time::sleep(WITNESS_DELAY).await;
                self.count_proven();
                let (wanted, asked) = (unproven.wanted(), self.now());
                if wanted.is_empty() {
                    break;
                }
                let Some(witness) = wanted.iter().find_map(|wanted| self.witness(wanted)) else {
                    // No server is known whose answer could prove that the network works. The unanswered queries are kept for `UNPROVEN_TIME`: if
                    // recursion begins in this time, because forwarders are silent, the answer of any server is this proof.
                    drop(unproven.take(|silent| asked.since(silent.late) >= UNPROVEN_TIME));
                    continue;
                };
                let heard = witness.ask().await;
                self.count_proven();
                if !heard {
                    // The network may be down, so no server is blamed for these unanswered queries.
                    drop(unproven.take(|silent| silent.late <= asked));
                }
            }
        }
    }

    /// Queries the nearest root server over TCP. Only the recorder uses the result.
    pub(crate) async fn ask_root_over_tcp(&self, view: &Arc<View>) {
        let context = Context::new(Arc::new(FlightProgress::new(&self.shared.clock)), Arc::clone(view));
        let (now, root) = (self.now(), Name::root());
        let Some(cut) = self.memory.rrsets.in_view(view.knows).closest_delegation(&root, now) else { return };
        let known = cut.servers.iter().flat_map(|name| self.known_addresses(&context, &cut, name, now).used);
        let answering = known.filter(|address| self.may_ask(&context, &cut, address.ip(), now));
        let nearest = answering.filter_map(|address| {
            let standing = self.memory.servers.known(address)?.standing(&root, now);
            Some((standing.health, standing.round_trip?, address))
        });
        let Some((.., server)) = nearest.min() else { return };
        let source = view.recursion().source_for(server.ip());
        let path = Path { server, source, encryption: None };
        let (role, kind) = (ServerRole::Found, RecordType::NS);
        let aside = Aside { path, role, name: root.clone(), zone: root, kind };
        let over = Some(Transport::Tcp);
        Probe { shared: self.shared(), server: self.server(server), aside, over }.ask().await;
    }

    fn count_proven(&self) {
        let proven = self.shared.unproven.take(|silent| self.shared.is_proven(silent));
        proven.into_iter().for_each(|silent| self.shared.count(silent));
    }

    /// Returns a query that tests the network of this host. It goes to the nearest server that has answered before, in the closest zone above that of
    /// the server that did not answer. For a forwarder of all names, it goes to a root server, if recursion has been used (`forward_first`). Without
    /// such a server, returns `None`.
    fn witness(&self, silent: &WantedServer) -> Option<Probe> {
        let view = &silent.view;
        let context = Context::new(Arc::new(FlightProgress::new(&self.shared.clock)), Arc::clone(view));
        let (rrsets, now) = (self.memory.rrsets.in_view(view.knows), self.now());
        let parent = |zone: &Name| (!zone.is_root()).then(|| zone.base_name());
        let asked = &silent.aside.zone;
        let mut above = if silent.aside.role.is_recursive() && asked.is_root() {
            Some(asked.clone())
        } else {
            parent(asked)
        };
        while let Some(name) = above {
            let cut = rrsets.closest_delegation(&name, now)?;
            let known =
                cut.servers.iter().flat_map(|name| self.known_addresses(&context, &cut, name, now).used);
            let answering = known.filter(|address| self.may_ask(&context, &cut, address.ip(), now));
            let nearest = answering
                .filter_map(|address| {
                    let standing = self.memory.servers.known(address)?.standing(&cut.zone, now);
                    let answers = standing.health < Health::Due;
                    Some((standing.health, standing.round_trip?, address)).filter(|_| answers)
                })
                .min();
            let zone = cut.zone.clone();
            above = parent(&zone);
            let Some((_, _, server)) = nearest else { continue };
            let source = view.recursion().source_for(server.ip());
            let aside = Aside {
                path: Path { server, source, encryption: None },
                role: ServerRole::Found,
                name: zone.clone(),
                zone,
                kind: RecordType::NS,
            };
            return Some(Probe { shared: self.shared(), server: self.server(server), aside, over: None });
        }
        None
    }
}

/// Returns the time to wait for a reply: `MAX_TIMER` for a server that has never answered, and less for others.
fn patience(standing: &ServerStanding) -> Duration {
    standing.round_trip.map_or(MAX_TIMER, |_| standing.patience.max(PROBE_TIME))
}

async fn try_on_the_side(shared: Arc<SharedState>, server: Arc<Server>, wanted: WantedServer) {
    let sent = shared.clock.mono();
    let aside = wanted.aside.clone();
    let probe = Probe { shared: Arc::clone(&shared), server: Arc::clone(&server), aside, over: None };
    if !probe.ask().await {
        let late = shared.clock.mono();
        shared.silent(Silent { server, sent, late, wanted, aside: true });
    }
}
