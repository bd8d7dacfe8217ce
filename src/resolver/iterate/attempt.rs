//! Asks one server until the server answers or the attempt fails. The query is sent over UDP or TLS, again without EDNS if the server
//! does not accept EDNS, and again over TCP if the answer is truncated.
//!
//! An attempt continues after the end of the step that began it. It records the server's round trip or silence even if no question waits
//! for the answer any more, and reports to the step when the answer is overdue.

use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use super::attempt_events::{AttemptEvent, AttemptEventKind, EventSender};
use super::classify::{Classified, classify, classify_recursive};
use super::context::Context;
use super::dead::{Aside, WantedServer};
use super::late_answers::LateAnswer;
use super::query_form::{FirstQuery, NameCase, WantedAnswer};
use super::query_form::{Signed, rejects_edns};
use super::scrub::removed;
use super::server_role::ServerRole;
use super::shared_state::SharedState;
use super::summary::summary;
use super::unproven::Silent;
use crate::cache::entries::Delegation;
use crate::cache::servers::{Server, ServerStanding};
use crate::exchange::network::Path;
use crate::exchange::secret::Secret;
use crate::exchange::{Heard, Place, Sender, Trouble, UpstreamQuery};
use crate::limits::{
    FAILING_TIME, LAME_TIME, LATE_COPIES, LISTEN_TIME, LISTEN_TIME_OF_SLOW, MAX_TIMER, MAX_TRIES,
    MIXED_CASE_TRIES,
};
use crate::supervise::caught;
use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use history::Counter;
use history::event::{Overdue, Sent};
use history::note::{Note, Words};

/// What follows a reply: the end of the attempt with a result, or another query.
enum NextQuery {
    Classified(Box<Classified>),
    /// The server rejects EDNS, so it is asked again without EDNS. If `stays` is true and the server then answers, it is asked without
    /// EDNS from now on.
    WithoutEdns {
        stays: bool,
    },
    /// The answer was truncated, so the server is asked again over TCP.
    Stream,
    /// The reply repeats the question with other upper and lower case letters, so the server is asked again over TCP. Only an attacker on
    /// the path can forge an answer over TCP.
    OtherCase,
}

impl NextQuery {
    fn nothing(conduct: Conduct) -> Self {
        Self::Classified(Box::new(Classified::Nothing(conduct)))
    }
}

/// A query to one server, with its retries.
pub(super) struct Attempt {
    pub(super) shared: Arc<SharedState>,
    pub(super) server: Arc<Server>,
    pub(super) path: Path,
    /// How the server became known: by recursion, or from the configuration.
    pub(super) role: ServerRole,
    pub(super) cut: Arc<Delegation>,
    pub(super) zone: Name,
    pub(super) name: Name,
    pub(super) kind: RecordType,
    /// What the answer is used for.
    pub(super) wanted: WantedAnswer,
    /// The secret key of a DNS list, if a label of the name stands for such a key. `exchange` puts the key in the place of the label.
    pub(super) secret: Option<Arc<Secret>>,
    /// Says whether the answers of the zone's servers are signed: yes, no, or not known.
    pub(super) signed: Signed,
    /// The form of the first query.
    pub(super) first: FirstQuery,
    /// The number of earlier queries to this server, since the step of the walk began or was restarted.
    pub(super) tries: u8,
    /// The number of outages of our network that have ended. A later query does not share an equal query that was lost in an outage.
    pub(super) outages: u8,
    /// The server's smoothed round trip, or `None` if it never answered.
    pub(super) round_trip: Option<Duration>,
    /// The time after which the answer is overdue.
    pub(super) timer: Duration,
    /// The time after which the answer is late, and counts as lost.
    pub(super) patience: Duration,
    pub(super) context: Context,
    pub(super) sender: EventSender,
}

impl Attempt {
    /// Asks the server and reports events. `reason` says why this server is asked now. It is noted on the trail, the list of the question's
    /// steps.
    #[expect(clippy::manual_async_fn, reason = "an async function would store the attempt twice")]
    pub(super) fn run(self, reason: &'static str) -> impl Future<Output = ()> {
        async move { self.ask_and_blame(reason).await }
    }

    async fn ask_and_blame(&self, reason: &'static str) {
        let (heard, sent) = match caught(self.ask(reason)).await {
            Ok(Some(asked)) => asked,
            // No step waits for the attempt any more.
            Ok(None) => return,
            Err(panicked) => {
                let server = self.path.server;
                tracing::error!(
                    "{panicked}; the reply of server {server} to the query {} {} was dropped; please send this line to the makers of resolverd",
                    self.name,
                    self.kind
                );
                // The end is reported, so that the step does not wait for this attempt.
                self.end(Classified::Nothing(Conduct::Unfit));
                return;
            }
        };
        // The attempt has already reported its end. A panic here must not discard the answer of another attempt.
        if let Err(panicked) = caught(async { self.blame_for(&heard, sent) }).await {
            let server = self.path.server;
            tracing::error!(
                "{panicked}; a timeout of server {server} was not counted; please send this line to the makers of resolverd"
            );
        }
    }

    /// Counts the silence of a server if the attempt has ended without an answer. If the query could not be delivered, the silence is
    /// counted later, when a delivered query would count as lost. The attempt itself ends immediately, because it holds the trail and the
    /// delegation of its question.
    fn blame_for(&self, heard: &Heard, sent: Mono) {
        let now = self.shared.clock.mono();
        match heard.reply {
            Err(Trouble::Silent) => self.blame(sent, now),
            Err(Trouble::Unreachable | Trouble::NoRouteToAddress) => {
                self.shared.undelivered(self.silence(sent, now.after(self.patience)), self.patience);
            }
            _ => {}
        }
    }

    /// Asks the server and reports its answer. Returns the reply to the first query, and the time at which that query was sent.
    async fn ask(&self, reason: &'static str) -> Option<(Heard, Mono)> {
        let place = self.place().await?;
        self.note_sent(self.first.transport, reason);
        let sent = self.shared.clock.mono();
        let (heard, first) = self.first_query(sent, place).await?;
        let said = self.answer(&heard, first).await;
        self.end(said);
        Some((heard, sent))
    }

    /// Sends further queries until the server gives a usable answer or the attempt fails, and returns the result.
    async fn answer(&self, heard: &Heard, first: bool) -> Classified {
        let (mut edns, mut stays_without) = (self.first.edns, false);
        let mut turn = self.settle(self.first.transport, edns, heard, first);
        // Each of the two retries is made at most once, in either order. An error reply that repeats the question in other upper and lower
        // case letters is believed only over TCP.
        for _ in 0..2 {
            turn = match turn {
                NextQuery::WithoutEdns { stays } if edns => {
                    (edns, stays_without) = (false, stays);
                    Box::pin(self.again(self.first.transport, edns, "without_edns")).await
                }
                NextQuery::OtherCase => Box::pin(self.check_case(edns)).await,
                turn => turn,
            };
        }
        if matches!(turn, NextQuery::Stream) {
            // A reply over TLS or HTTPS has room for any answer, so another query does not help.
            let is_encrypted = matches!(self.first.transport, Transport::Tls | Transport::Https);
            if is_encrypted || !self.standing().features.tcp && self.first.transport != Transport::Tcp {
                return Classified::Nothing(Conduct::Truncated);
            }
            self.send(AttemptEventKind::Truncated);
            turn = Box::pin(self.again(Transport::Tcp, edns, "truncated")).await;
        }
        match turn {
            NextQuery::Classified(said) => {
                // Only this answer shows that the server really rejected EDNS.
                if stays_without && !matches!(*said, Classified::Nothing(_) | Classified::NoRoom) {
                    self.server.takes_no_edns(self.shared.clock.mono());
                }
                *said
            }
            // The answer was truncated over TCP, or the server rejected EDNS in a reply to a query without EDNS.
            NextQuery::WithoutEdns { .. } | NextQuery::Stream | NextQuery::OtherCase => {
                Classified::Nothing(Conduct::Unfit)
            }
        }
    }

    /// Asks again after a reply whose question has other upper and lower case letters. Unbound then asks all servers three times and
    /// compares their answers. Here the same server is asked over TCP, which an attacker who is not on the path cannot forge. If the
    /// server really changes the case, this is remembered. If it does not accept TCP, it is asked over UDP without mixed case: a forger
    /// who caused this had already guessed port and id.
    async fn check_case(&self, edns: bool) -> NextQuery {
        let turn = self.again(Transport::Tcp, edns, "other_case").await;
        match turn {
            // If the query was not sent because of the budget or because this host is busy, this shows nothing about the server.
            NextQuery::Classified(said)
                if matches!(*said, Classified::Nothing(conduct) if !conduct.came_back())
                    && !self.standing().features.tcp =>
            {
                self.server.flips_case(self.shared.clock.mono());
                self.again(Transport::Udp, edns, "own_case").await
            }
            turn => turn,
        }
    }

    /// Waits for a place among the queries in progress. Returns `None` if no step waits for the answer any more.
    async fn place(&self) -> Option<Place> {
        let place = self.shared.exchange.place(&self.zone);
        tokio::pin!(place);
        loop {
            tokio::select! {
                biased;
                place = &mut place => return Some(place),
                () = self.sender.over() => return None,
                // The end of this timer wakes the step. The step sets its own timer only when it is polled a second time: see
                // `Asking::over`.
                () = tokio::time::sleep(MAX_TIMER) => {}
            }
        }
    }

    /// Sends the first query and runs its timers. Returns `None` if the server did not answer in time and no question waits for the
    /// answer any more, or if too many queries to this server are already late.
    async fn first_query(&self, sent: Mono, place: Place) -> Option<(Heard, bool)> {
        let message = self.message(self.first.transport, self.first.edns, sent);
        let slow = self.round_trip.is_some_and(|round_trip| round_trip > MAX_TIMER);
        let listen = if slow { LISTEN_TIME_OF_SLOW } else { LISTEN_TIME };
        let (began, asking) = self.shared.exchange.ask(message, listen, place, self.sender());
        // If an equal query is already in progress, its timer is running. If the query of a client shares a query of look-ahead and
        // started the whole timer anew, a loss would cost the client more time than without look-ahead.
        let timer = self.timer.saturating_sub(sent.since(began));
        let sent = began;
        tokio::pin!(asking);
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = tokio::time::sleep(timer) => {}
        }
        let now = self.shared.clock.mono();
        self.server.overdue(sent, now);
        self.shared.families.silent(self.path.server.ip(), self.round_trip.is_some(), now);
        let (server, zone, origin) = (self.path.server, &self.zone, self.role.origin());
        self.shared.recorder.overdue(&Overdue { server, zone, origin, sent });
        self.note_unanswered(now.since(sent));
        self.send(AttemptEventKind::Overdue);
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = tokio::time::sleep(self.patience.saturating_sub(self.timer)) => {}
        }
        // The next query may have been sent meanwhile. Its silence is counted separately.
        self.blame(sent, sent.after(self.patience).min(self.shared.clock.mono()));
        self.send(AttemptEventKind::Late);
        let Some(_listened) = self.shared.late.listen(self.path.server) else {
            let said = self.end_silent(self.first.transport, sent);
            self.send(AttemptEventKind::Ended(Box::new(said)));
            return None;
        };
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = self.sender.over() => {}
        }
        if self.sender.is_unanswered() && self.tries < LATE_COPIES {
            return Some(asking.await);
        }
        // The step no longer waits for the answer. The answer still shows whether the server is slow or dead.
        if let Ok(heard) = tokio::time::timeout(MAX_TIMER.saturating_sub(self.patience), &mut asking).await {
            return Some(heard);
        }
        self.blame(sent, self.shared.clock.mono());
        self.end_silent(self.first.transport, sent);
        None
    }

    /// Ends the wait for the answer to the query sent at `sent`.
    fn end_silent(&self, transport: Transport, sent: Mono) -> Classified {
        let elapsed = self.shared.clock.mono().since(sent);
        self.record(transport, Conduct::Silent, elapsed);
        self.count_strays();
        self.note_received(Conduct::Silent, elapsed, Trouble::Silent.to_string().into());
        Classified::Nothing(Conduct::Silent)
    }

    /// Counts a silence from `sent` to `late` against the server, unless our own network caused it. If the server is dead, it is probed
    /// in the background, because this question would have used it.
    fn blame(&self, sent: Mono, late: Mono) {
        #[cfg(feature = "simulated")]
        self.shared.strike.fall();
        self.shared.silent(self.silence(sent, late));
    }

    /// Describes a silence from `sent` to `late`, with the probe that shows whether the server works again.
    fn silence(&self, sent: Mono, late: Mono) -> Silent {
        let asked = (&self.name, self.kind);
        let (aside, asked) =
            Aside::probe(self.path.clone(), self.role, &self.zone, asked, self.secret.is_some());
        let view = Arc::clone(&self.context.view);
        let wanted = WantedServer { aside, asked, unanswered: true, view, at: late };
        Silent { server: Arc::clone(&self.server), sent, late, wanted, aside: false }
    }

    /// Reports the server's answer to the step. If the step has ended because the client's question failed, the answer is kept for later
    /// questions instead.
    fn end(&self, said: Classified) {
        if !self.sender.is_unanswered() {
            return self.send(AttemptEventKind::Ended(Box::new(said)));
        }
        let wanted = self.wanted == WantedAnswer::Any || matches!(said, Classified::Referral(_));
        // A late answer for a name with the key of a DNS list is not kept, because such a name is never looked up again.
        if wanted && self.secret.is_none() && !self.context.is_ahead() {
            self.shared.late_answers.add(LateAnswer {
                name: self.name.clone(),
                kind: self.kind,
                view: Arc::clone(&self.context.view),
                checks: self.context.checks(),
                cut: Arc::clone(&self.cut),
                said,
            });
        }
    }

    fn send(&self, kind: AttemptEventKind) {
        self.sender.send(AttemptEvent { server: self.path.server, tries: self.tries, kind });
    }

    /// Sends another query to the same server, if the budget allows it, and returns what follows its reply.
    async fn again(&self, transport: Transport, edns: bool, reason: &'static str) -> NextQuery {
        if !self.context.budget.take() {
            return NextQuery::nothing(Conduct::Silent);
        }
        let Some(place) = self.place().await else { return NextQuery::nothing(Conduct::Silent) };
        self.note_sent(transport, reason);
        let sent = self.shared.clock.mono();
        let patience = self.context.budget.left(sent).min(LISTEN_TIME);
        let (_, asking) =
            self.shared.exchange.ask(self.message(transport, edns, sent), patience, place, self.sender());
        tokio::pin!(asking);
        // A query over TCP takes one more round trip, so the wait is twice as long. A firewall that drops TCP must not delay the next
        // server any longer.
        tokio::select! {
            biased;
            (heard, first) = &mut asking => return self.settle(transport, edns, &heard, first),
            () = tokio::time::sleep(self.patience.saturating_mul(2)) => {}
        }
        if transport == Transport::Tcp {
            self.server.takes_no_tcp(self.shared.clock.mono());
        }
        self.note_unanswered(self.shared.clock.mono().since(sent));
        self.send(AttemptEventKind::Late);
        if let Some(_listened) = self.shared.late.listen(self.path.server) {
            tokio::select! {
                biased;
                (heard, first) = &mut asking => return self.settle(transport, edns, &heard, first),
                () = self.sender.over() => {}
            }
        }
        NextQuery::Classified(Box::new(self.end_silent(transport, sent)))
    }

    /// Decides what follows a reply, and what to remember about the server. `first` is false if this attempt shared the query of another
    /// attempt. The other attempt then counts the reply.
    fn settle(&self, transport: Transport, edns: bool, heard: &Heard, first: bool) -> NextQuery {
        let now = self.shared.clock.mono();
        let (turn, conduct, words) = match &heard.reply {
            Err(trouble @ Trouble::NoRoom) => {
                if first {
                    self.shared.recorder.count(Counter::LongRepliesShed, 1);
                }
                let turn = NextQuery::Classified(Box::new(Classified::NoRoom));
                (turn, conduct_of(trouble, transport), trouble.to_string().into())
            }
            Err(trouble) => {
                let conduct = conduct_of(trouble, transport);
                let other_case = *trouble == Trouble::OtherCase;
                let turn = if other_case { NextQuery::OtherCase } else { NextQuery::nothing(conduct) };
                (turn, conduct, trouble.to_string().into())
            }
            Ok(message) if edns && self.signed.may_go_without() && rejects_edns(message) => {
                let code = message.metadata.response_code;
                let stays = self.signed.stays_without(message);
                (
                    NextQuery::WithoutEdns { stays },
                    Conduct::of_error(code),
                    format!("{code} because of EDNS").into(),
                )
            }
            Ok(message) if message.metadata.truncation => {
                (NextQuery::Stream, Conduct::Truncated, Words::Fixed("truncated"))
            }
            Ok(message) => self.judge(message, heard, now),
        };
        if first {
            self.record(transport, conduct, heard.elapsed);
            self.learn(transport, heard, now);
        }
        self.count_strays();
        self.note_received(conduct, heard.elapsed, words);
        turn
    }

    fn learn(&self, transport: Transport, heard: &Heard, now: Mono) {
        if heard.other_case && transport == Transport::Tcp {
            self.server.flips_case(now);
        }
        if matches!(heard.reply, Ok(_) | Err(Trouble::NoRoom)) {
            self.shared.families.answered(self.path.server.ip(), now);
        }
        match heard.reply {
            Ok(_) | Err(Trouble::NoRoom) => {
                self.shared.uplink.heard(self.role, now);
                match transport {
                    Transport::Tcp => self.server.takes_tcp(),
                    Transport::Udp | Transport::Tls | Transport::Https => {
                        self.shared.answered(&self.server, (self.role, &self.zone), heard.elapsed);
                    }
                }
            }
            // If TCP has no route, a router may have sent the error, and it may concern this address alone.
            Err(Trouble::NoRoute) if transport == Transport::Udp => {
                self.shared.families.no_route(self.path.server.ip(), now);
            }
            // A silent TCP connection is judged when the silence has lasted long enough: see `again`.
            Err(Trouble::Unreachable) if transport == Transport::Tcp => self.server.takes_no_tcp(now),
            Err(Trouble::Unreachable | Trouble::NoRouteToAddress | Trouble::Certificate(_)) => {
                self.server.overdue(now, now);
            }
            // The server can be reached over HTTPS, but gave an HTTP error: it may serve another host name or another path.
            Err(Trouble::Https { .. }) => self.server.mark_lame(&self.zone, FAILING_TIME, now),
            Err(
                Trouble::NoRoute
                | Trouble::NotSent(_)
                | Trouble::Silent
                | Trouble::Unfit
                | Trouble::OtherCase,
            ) => {}
        }
    }

    /// Reads the server's answer. If the server does not serve the zone, this is recorded.
    fn judge(&self, message: &Message, heard: &Heard, now: Mono) -> (NextQuery, Conduct, Words) {
        let (said, dropped) = if self.role.is_recursive() {
            classify_recursive(&self.zone, &self.name, self.kind, message)
        } else {
            classify(&self.zone, &self.name, self.kind, message)
        };
        let conduct = match &said {
            Classified::Nothing(conduct) => *conduct,
            Classified::Doubtful(_) => Conduct::Lame,
            _ => Conduct::Answered,
        };
        let time = match conduct {
            Conduct::Lame if matches!(said, Classified::Doubtful(_)) => Some(FAILING_TIME),
            Conduct::Lame | Conduct::Refused => Some(LAME_TIME),
            Conduct::ServFail
            | Conduct::FormErr
            | Conduct::NotImp
            | Conduct::NotAuth
            | Conduct::BadVers
            | Conduct::OtherError => Some(FAILING_TIME),
            _ => None,
        };
        if conduct == Conduct::Answered {
            self.server.serves(&self.zone);
            if self.first.case == NameCase::Mixed {
                self.server.answers_mixed_case();
            } else if self.tries >= MIXED_CASE_TRIES && !self.role.is_recursive() {
                self.server.answers_own_case(now);
            }
            if self.role == ServerRole::Found {
                self.shared.uplink.helped(now);
            }
        }
        if let Some(time) = time {
            self.server.mark_lame(&self.zone, time, now);
        }
        if dropped > 0 {
            self.shared.recorder.count(Counter::Scrubbed, dropped);
            // A server that knows a key may repeat the key anywhere in its answer, so the removed records are not shown then.
            let records = if self.secret.is_none() { removed(&self.zone, message) } else { Vec::new() };
            self.context.note(Note::Scrubbed { dropped, records });
        }
        let words = summary(&said, message, self.secret.is_some());
        (NextQuery::Classified(Box::new(said.said_by(self.path.server, heard))), conduct, words)
    }

    fn standing(&self) -> ServerStanding {
        self.server.standing(&self.zone, self.shared.clock.mono())
    }

    fn sender(&self) -> Sender {
        let timer = self.round_trip.map(|_| self.timer);
        Sender { ahead: self.context.is_ahead(), timer }
    }

    fn message(&self, transport: Transport, edns: bool, now: Mono) -> UpstreamQuery {
        let (path, name, kind) = (self.path.clone(), self.name.clone(), self.kind);
        let tries = self.tries.wrapping_add(self.outages.wrapping_mul(MAX_TRIES));
        let secret = self.secret.clone();
        // Signatures under a name with a key in it cannot be checked without the key.
        let dnssec_ok = self.context.view.config.dnssec.validate && secret.is_none();
        // A forwarder whose answers are not validated here should validate them itself, as it does for other resolvers that do not
        // validate.
        let checking_disabled =
            dnssec_ok && self.role.is_recursive() && !self.context.view.is_unvalidated(&self.zone);
        // Queries to a recursive server have no mixed case. Such a server stores names in the case of the query, and sends them in this
        // case to its other clients. BIND, for example, returns the names of mail hosts in mixed case.
        let mixed_case = !self.role.is_recursive()
            && self.first.case == NameCase::Mixed
            && self.server.standing(&self.zone, now).features.keeps_case;
        UpstreamQuery {
            path,
            name,
            kind,
            secret,
            recursion_desired: self.role.is_recursive(),
            edns,
            dnssec_ok,
            checking_disabled,
            mixed_case,
            transport,
            tries,
        }
    }

    fn record(&self, transport: Transport, conduct: Conduct, elapsed: Duration) {
        let (server, zone, origin) = (self.path.server, self.zone.clone(), self.role.origin());
        self.shared.recorder.sent(&Sent { server, zone, origin, transport, conduct, elapsed });
    }

    fn count_strays(&self) {
        self.shared.recorder.count(Counter::Strays, self.shared.exchange.take_strays());
    }

    fn note_sent(&self, transport: Transport, reason: &'static str) {
        let (server, usual) = (self.path.server.ip(), self.round_trip);
        let keys = self.context.is_for_keys();
        let asked = self.context.asked_besides(&self.name, self.kind);
        // With `forward_first`, queries of two walks may be sent at the same time.
        let forwards = self.role.is_recursive().then(|| Box::new(self.zone.clone()));
        self.context.note(Note::Sent { server, transport, reason, usual, keys, asked, forwards });
    }

    fn note_unanswered(&self, elapsed: Duration) {
        self.context.note(Note::Unanswered { server: self.path.server.ip(), elapsed });
    }

    fn note_received(&self, conduct: Conduct, elapsed: Duration, said: Words) {
        if conduct.came_back() {
            self.context.answered();
        }
        self.context.note(Note::Received { server: self.path.server.ip(), conduct, elapsed, said });
    }
}

/// Returns how a server has behaved whose query over `transport` got no usable reply. TCP is tried only after an answer over UDP.
pub(super) fn conduct_of(trouble: &Trouble, transport: Transport) -> Conduct {
    match trouble {
        Trouble::Unreachable if transport == Transport::Tcp => Conduct::NoTcp,
        Trouble::Silent => Conduct::Silent,
        Trouble::Unreachable => Conduct::Unreachable,
        Trouble::NoRoute | Trouble::NoRouteToAddress | Trouble::NotSent(_) => Conduct::NotSent,
        Trouble::Certificate(_) => Conduct::Certificate,
        Trouble::Https { is_failure: true, .. } => Conduct::ServFail,
        Trouble::Unfit | Trouble::OtherCase | Trouble::Https { .. } => Conduct::Unfit,
        // The server has answered, but this host dropped the reply.
        Trouble::NoRoom => Conduct::Answered,
    }
}
