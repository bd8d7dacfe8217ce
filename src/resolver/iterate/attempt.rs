//! Asks one server until it answers or the attempt fails. The query is sent over UDP (or TLS or HTTPS), again without EDNS if the server does not
//! accept EDNS, and again over TCP if the answer is truncated.
//!
//! An attempt belongs to a step (the queries to the servers of one zone), and reports to the step that the answer is overdue. After the step has
//! ended, the attempt continues, to record the round-trip time or the silence of the server.

mod evidence;
mod name_case;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RecordType};

use super::attempt_events::{AttemptEvent, AttemptEventKind, EventSender};
use super::classify::{Classified, classify, classify_recursive};
use super::context::Context;
use super::dead::{Aside, WantedServer};
use super::late_answers::LateAnswer;
use super::query_form::{NameCase, Signed, UpstreamForm, WantedAnswer, rejects_edns};
use super::scrub::removed;
use super::server_role::ServerRole;
use super::shared_state::SharedState;
use super::summary::summary;
use super::unproven::Silent;
use crate::cache::servers::{Server, ServerStanding};
use crate::limits::{
    FAILING_TIME, HOST_FAULT_TIME, LAME_TIME, LAST_TRIES_OF_LOSSY, LATE_COPIES, LISTEN_TIME_OF_SLOW,
    MAX_TIMER, MAX_TRIES, MIXED_CASE_TRIES,
};
use dns::cached::Delegation;
use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use dns::secret::Secret;
use dns::wire::{PAYLOAD, PLAIN_PAYLOAD};
use exchange::limits::LISTEN_TIME;
use exchange::network::Path;
use exchange::{Heard, Place, Sender, Trouble, UpstreamQuery};
use record::Counter;
use record::event::Overdue;
use record::limits::EDNS_TRIES;
use record::note::{Note, Words};
use supervise::caught;

enum NextQuery {
    Classified(Box<Classified>),
    /// The server rejects EDNS. If `stays` is true and the server answers without EDNS, later queries are sent without EDNS for some time.
    WithoutEdns {
        stays: bool,
    },
    /// The answer was truncated: ask again over TCP.
    Stream,
    /// The replies over UDP may be forged; the field is the reason for this suspicion. Ask again over TCP, because only an attacker on the network
    /// path can forge an answer over TCP.
    Distrusted(Trouble),
    /// The server denied a name in mixed case (0x20), which it may be unable to find: ask again without mixed case, and compare the reply with this
    /// denial.
    OwnCase(Box<Classified>),
}

impl NextQuery {
    fn nothing(conduct: Conduct) -> Self {
        Self::Classified(Box::new(Classified::Nothing(conduct)))
    }
}

pub(super) struct Attempt {
    pub(super) shared: Arc<SharedState>,
    pub(super) server: Arc<Server>,
    pub(super) path: Path,
    pub(super) role: ServerRole,
    pub(super) cut: Arc<Delegation>,
    pub(super) zone: Name,
    pub(super) name: Name,
    pub(super) kind: RecordType,
    pub(super) wanted: WantedAnswer,
    pub(super) is_list: bool,
    /// True if the server belongs to the DNS list itself: it is no forwarder and no server of a zone above the list.
    pub(super) is_list_server: bool,
    /// The customer's key for a DNS list. `exchange` replaces the placeholder label in the name by the key.
    pub(super) secret: Option<Arc<Secret>>,
    /// Says if the answers have DNSSEC signatures, if known.
    pub(super) signed: Signed,
    /// The transport, EDNS and case of the first query.
    pub(super) first: UpstreamForm,
    /// The number of earlier queries to this server in the step (the queries to the servers of one zone), or since the end of an outage.
    pub(super) tries: u8,
    /// True if the server answered an earlier query in the step with an error.
    pub(super) is_after_error: bool,
    /// The number of ended outages of this host's network. Queries with different numbers are not merged, because an equal query from an outage was
    /// probably lost.
    pub(super) outages: u8,
    /// The smoothed round-trip time of the server, if known.
    pub(super) round_trip: Option<Duration>,
    /// The time after sending at which another server is asked.
    pub(super) timer: Duration,
    /// The time after sending at which the query counts as lost.
    pub(super) patience: Duration,
    pub(super) context: Context,
    pub(super) sender: EventSender,
}

impl Attempt {
    /// Asks the server and sends events to the step. The trail of the question (the list of its steps) shows `reason`: why this server is asked now.
    #[expect(clippy::manual_async_fn, reason = "an async function would store the attempt twice")]
    pub(super) fn run(self, reason: &'static str) -> impl Future<Output = ()> {
        async move { self.ask_and_blame(reason).await }
    }

    async fn ask_and_blame(&self, reason: &'static str) {
        let (heard, sent) = match caught(self.ask(reason)).await {
            Ok(Some(asked)) => asked,
            Ok(None) => return,
            Err(panicked) => {
                let server = self.path.server;
                tracing::error!(
                    "{panicked}; the reply of server {server} to the query {} {} was dropped; please send this line to the makers of resolverd",
                    self.name,
                    self.kind
                );
                // Without this event, the question would wait for this server.
                self.end(Classified::Nothing(Conduct::Unfit));
                return;
            }
        };
        // The step already has the result, so a panic here must not affect the question.
        if let Err(panicked) = caught(async { self.blame_for(&heard, sent) }).await {
            let server = self.path.server;
            tracing::error!(
                "{panicked}; a timeout of server {server} was not counted; please send this line to the makers of resolverd"
            );
        }
    }

    /// Counts a timeout of the server if it did not reply. If the network reported that the query cannot be delivered, the timeout is counted later,
    /// when a delivered query would count as lost. The attempt itself does not wait for this, because it would keep the data of its question in
    /// memory.
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

    /// Asks the server, and reports its answer to the step (the loop over the servers of the zone). Returns the reply to the first query, and the
    /// time at which that query was sent.
    async fn ask(&self, reason: &'static str) -> Option<(Heard, Mono)> {
        let place = self.place().await?;
        self.note_sent(self.first.transport, reason);
        let sent = self.shared.clock.mono();
        let (heard, first) = self.first_query(sent, place).await?;
        let said = self.answer(&heard, first).await;
        let is_denied = matches!(&said, Classified::Found(found) if found.denies());
        self.end(said);
        if is_denied && self.is_list && self.first.case == NameCase::Mixed {
            Box::pin(self.check_list()).await;
        }
        Some((heard, sent))
    }

    /// Handles the reply to the first query. Sends further queries until the server gives a usable answer or the attempt fails. Each step (such as to
    /// leave out EDNS or mixed case, to use TCP, or to repeat a lost query) is taken at most once, so there are only few queries.
    async fn answer(&self, heard: &Heard, first: bool) -> Classified {
        let mut form = self.first;
        let (mut stays_without, mut is_short, mut doubted, mut is_repeated) = (false, false, None, false);
        let mut turn = self.settle(form, heard, first);
        let mut said = loop {
            let reason = match turn {
                turn if self.is_lost_over_tcp(form, &turn) => {
                    self.server.needs_long_datagrams();
                    (form.transport, form.edns, is_short) = (Transport::Udp, Some(PAYLOAD), false);
                    "truncated"
                }
                // The query without mixed case, which checks a denial, may have been lost. It is repeated once, because the denial may be wrong.
                NextQuery::Classified(said) if doubted.is_some() && !is_repeated && is_silence(&said) => {
                    is_repeated = true;
                    "own_case"
                }
                NextQuery::Classified(said) => break *said,
                NextQuery::WithoutEdns { stays } if form.edns.is_some() => {
                    (form.edns, stays_without) = (None, stays);
                    "without_edns"
                }
                NextQuery::OwnCase(said) if !self.sender.is_unwanted() || self.context.is_on_the_side() => {
                    let is_error = !matches!(*said, Classified::Found(_));
                    self.send(AttemptEventKind::Doubted { is_error });
                    (form.case, doubted) = (NameCase::AsAsked, Some(said));
                    "own_case"
                }
                NextQuery::Stream if form.transport == Transport::Udp && self.standing().features.tcp => {
                    self.send(AttemptEventKind::Truncated);
                    form.transport = Transport::Tcp;
                    // True if long replies seem to be lost: the server answered only after a query had asked for a short reply.
                    is_short = form.edns == Some(PLAIN_PAYLOAD) && self.tries >= EDNS_TRIES;
                    "truncated"
                }
                // No other transport is left: the server truncated a reply over UDP and does not accept TCP, or it truncated a reply over
                // TLS or HTTPS, where replies may be long.
                NextQuery::Stream if form.transport != Transport::Tcp => {
                    break Classified::Nothing(Conduct::Truncated);
                }
                NextQuery::Distrusted(trouble)
                    if form.transport == Transport::Udp && !form.skips_forgeries =>
                {
                    (form, turn) = Box::pin(self.check_over_tcp(form, &trouble)).await;
                    continue;
                }
                // An answer over TCP was truncated, the server rejected EDNS although the query had none, or no question waits.
                _ => break Classified::Nothing(Conduct::Unfit),
            };
            let has_other =
                doubted.is_some() || form.transport == Transport::Tcp && self.may_ask_for_long(form);
            turn = Box::pin(self.again(form, reason, has_other)).await;
        };
        let now = self.shared.clock.mono();
        let is_usable = !matches!(said, Classified::Nothing(_) | Classified::NoRoom);
        // Only a usable answer without EDNS shows that the server does not accept EDNS.
        if stays_without && is_usable {
            self.server.takes_no_edns(now);
        }
        if is_short && is_usable && self.do_timeouts_show() {
            self.server.loses_long_datagrams(now);
        }
        if let Some(doubted) = doubted {
            said = self.compare(*doubted, said, now);
        }
        said
    }

    /// Returns true if the server truncated a short reply and does not accept TCP. Then a long reply over UDP is requested, although it may be lost.
    fn is_lost_over_tcp(&self, form: UpstreamForm, turn: &NextQuery) -> bool {
        let has_failed = match turn {
            NextQuery::Stream => form.transport == Transport::Udp,
            NextQuery::Classified(said) => {
                form.transport == Transport::Tcp
                    && matches!(**said, Classified::Nothing(conduct) if !conduct.came_back())
            }
            _ => false,
        };
        has_failed && self.may_ask_for_long(form) && !self.standing().features.tcp
    }

    /// Returns true if only a short reply was requested so far, and the server accepts EDNS.
    fn may_ask_for_long(&self, form: UpstreamForm) -> bool {
        let is_short = form.edns == self.first.edns && form.edns != Some(PAYLOAD);
        is_short && self.first.transport == Transport::Udp && self.standing().features.edns
    }

    /// Waits until one more query may be in progress. Returns `None` if no question waits for the answer any more.
    async fn place(&self) -> Option<Place> {
        let place = self.shared.exchange.place(&self.zone);
        tokio::pin!(place);
        // Usually there is a place, and then no timer is set.
        if let Some(place) = place.as_mut().now_or_never() {
            return Some(place);
        }
        loop {
            tokio::select! {
                biased;
                place = &mut place => return Some(place),
                () = self.sender.over() => return None,
                // `Asking::over`, which the same task polls, sets its own timer only when it is polled a second time. The timer here wakes the task
                // for that poll.
                () = tokio::time::sleep(MAX_TIMER) => {}
            }
        }
    }

    /// Sends the first query and runs its timers. Returns `None` if the server did not answer in time and no question waits any more, or if too many
    /// late queries to this server are in progress.
    async fn first_query(&self, sent: Mono, place: Place) -> Option<(Heard, bool)> {
        let _waiting = self.server.wait(&self.zone);
        let message = self.message(self.first);
        let slow = self.round_trip.is_some_and(|round_trip| round_trip > MAX_TIMER);
        let listen = if slow { LISTEN_TIME_OF_SLOW } else { LISTEN_TIME };
        let (began, asking) = self.shared.exchange.ask(message, listen, place, self.sender());
        // If this query was merged with an equal query, its timer counts from the time of that query. Otherwise a client whose query is merged with a
        // lost query of look-ahead would wait longer than without look-ahead.
        let timer = self.timer.saturating_sub(sent.since(began));
        let (is_shared, sent) = (began < sent, began);
        tokio::pin!(asking);
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = tokio::time::sleep(timer) => {}
        }
        let now = self.shared.clock.mono();
        self.server.overdue(sent, now);
        if self.shared.families.silent(self.path.server.ip(), self.round_trip.is_some(), now) {
            self.shared.recorder.ipv6_broken();
        }
        let (server, zone, origin) = (self.path.server, &self.zone, self.role.origin());
        self.shared.recorder.overdue(&Overdue { server, zone, origin, sent });
        self.note_unanswered(now.since(sent));
        self.send(AttemptEventKind::Overdue);
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = tokio::time::sleep(self.patience.saturating_sub(self.timer)) => {}
        }
        let is_in_time = self.round_trip.is_some_and(|round_trip| round_trip < self.timer);
        let is_lost = is_in_time && !is_shared && self.first.transport == Transport::Udp;
        if is_lost && self.shared.uplink.is_own_fault(self.role, sent) {
            self.server.lost();
        }
        // Counts a timeout of the server, even if another attempt has already counted one.
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
        // No question waits any more, but a late answer shows that the server is slow and not dead.
        if let Ok(heard) = tokio::time::timeout(MAX_TIMER.saturating_sub(self.patience), &mut asking).await {
            return Some(heard);
        }
        self.blame(sent, self.shared.clock.mono());
        self.end_silent(self.first.transport, sent);
        None
    }

    fn end_silent(&self, transport: Transport, sent: Mono) -> Classified {
        let elapsed = self.shared.clock.mono().since(sent);
        self.record(transport, Conduct::Silent, elapsed);
        self.count_strays();
        self.note_received(Conduct::Silent, elapsed, Trouble::Silent.to_string().into());
        Classified::Nothing(Conduct::Silent)
    }

    /// Counts a timeout of the server for a query that was sent at `sent` and unanswered at `late`, unless this host's network caused it. If the
    /// server counts as dead after this, it is probed in the background.
    fn blame(&self, sent: Mono, late: Mono) {
        #[cfg(feature = "simulated")]
        self.shared.strike.fall();
        self.shared.silent(self.silence(sent, late));
    }

    /// Returns the facts about a query without a reply, with the probe that will show if the server works again.
    fn silence(&self, sent: Mono, late: Mono) -> Silent {
        let asked = (&self.name, self.kind);
        let (aside, asked) =
            Aside::probe(self.path.clone(), self.role, &self.zone, asked, self.secret.is_some());
        let view = Arc::clone(&self.context.view);
        let wanted = WantedServer { aside, asked, unanswered: true, view, at: late };
        Silent { server: Arc::clone(&self.server), sent, late, wanted, aside: false }
    }

    /// Sends the result to the step that began this attempt. If the step has ended without an answer, the result is late. It is then stored in
    /// `late_answers`, for later questions.
    fn end(&self, said: Classified) {
        if !self.sender.is_unanswered() {
            return self.send(AttemptEventKind::Ended(Box::new(said)));
        }
        let wanted = self.wanted == WantedAnswer::Any || matches!(said, Classified::Referral(_));
        // Names with a customer's key are never looked up in the cache, so answers for them are not stored.
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

    /// Sends another query to the same server, if the budget allows it. `has_other`: true if an earlier reply, or a reply to another form of the
    /// query, can be used instead, so that this function does not wait for a late reply.
    async fn again(&self, form: UpstreamForm, reason: &'static str, has_other: bool) -> NextQuery {
        let transport = form.transport;
        if !self.context.budget.take() {
            return NextQuery::nothing(Conduct::Silent);
        }
        let Some(place) = self.place().await else { return NextQuery::nothing(Conduct::Silent) };
        self.note_sent(transport, reason);
        let sent = self.shared.clock.mono();
        let patience = self.context.budget.left(sent).min(LISTEN_TIME);
        let (_, asking) = self.shared.exchange.ask(self.message(form), patience, place, self.sender());
        tokio::pin!(asking);
        // A query over TCP takes one more round trip, but gets a longer wait only if the round-trip time is unknown: a firewall may drop TCP, and
        // the next server is asked only after the wait. A query that checks a denial (`has_other`) is sent a second time if the first one is lost, so
        // each of the two waits half as long.
        let waits = match transport {
            Transport::Tcp if self.round_trip.is_none() => 3,
            Transport::Udp if has_other => 1,
            _ => 2,
        };
        tokio::select! {
            biased;
            (heard, first) = &mut asking => return self.settle(form, &heard, first),
            () = tokio::time::sleep(self.patience.saturating_mul(waits)) => {}
        }
        if transport == Transport::Tcp {
            self.server.takes_no_tcp(self.shared.clock.mono());
        }
        if has_other {
            return NextQuery::Classified(Box::new(self.end_silent(transport, sent)));
        }
        self.note_unanswered(self.shared.clock.mono().since(sent));
        self.send(AttemptEventKind::Late);
        if let Some(_listened) = self.shared.late.listen(self.path.server) {
            tokio::select! {
                biased;
                (heard, first) = &mut asking => return self.settle(form, &heard, first),
                () = self.sender.over() => {}
            }
        }
        NextQuery::Classified(Box::new(self.end_silent(transport, sent)))
    }

    /// Decides what follows a reply, and records what the reply shows about the server. `first` is false if another attempt sent the query and
    /// records the reply.
    fn settle(&self, form: UpstreamForm, heard: &Heard, first: bool) -> NextQuery {
        let transport = form.transport;
        let now = self.shared.clock.mono();
        let mut scrubbed = None;
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
                let turn = match trouble {
                    Trouble::OtherCase | Trouble::Forged => NextQuery::Distrusted(trouble.clone()),
                    // A few servers count an OPT record in the header and do not send it.
                    Trouble::Undecodable if form.edns.is_some() && self.signed.may_go_without() => {
                        NextQuery::WithoutEdns { stays: true }
                    }
                    // In a signed zone, EDNS is needed, and may arrive over TCP.
                    Trouble::Undecodable if form.edns.is_some() => NextQuery::Distrusted(trouble.clone()),
                    _ => NextQuery::nothing(conduct),
                };
                (turn, conduct, trouble.to_string().into())
            }
            Ok(message) if form.edns.is_some() && self.signed.may_go_without() && rejects_edns(message) => {
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
            Ok(message) => {
                let (judged, note) = self.judge(form, message, heard, now);
                scrubbed = note;
                judged
            }
        };
        if first {
            self.record(transport, conduct, heard.elapsed);
            self.learn(transport, heard, now);
        }
        if heard.is_long {
            self.server.sends_long_datagrams(now);
        }
        self.count_strays();
        self.note_received(conduct, heard.elapsed, words);
        if let Some(scrubbed) = scrubbed {
            self.context.note(scrubbed);
        }
        turn
    }

    fn learn(&self, transport: Transport, heard: &Heard, now: Mono) {
        if heard.other_case && transport == Transport::Tcp {
            self.server.flips_case(now);
        }
        if matches!(heard.reply, Ok(_) | Err(Trouble::NoRoom)) {
            self.shared.family_answered(self.path.server.ip(), now);
        }
        match heard.reply {
            Ok(_) | Err(Trouble::NoRoom) => {
                self.shared.uplink.heard(self.role, now);
                match transport {
                    Transport::Tcp => self.server.takes_tcp(),
                    Transport::Udp | Transport::Tls | Transport::Https | Transport::Quic => {
                        if heard.elapsed > self.patience {
                            self.server.was_late();
                        }
                        self.shared.answered(&self.server, (self.role, &self.zone), heard.elapsed);
                    }
                }
            }
            // Over UDP, this host itself has no route for the address family. Over TCP, a router may have sent the error about this address only.
            Err(Trouble::NoRoute) if transport == Transport::Udp => {
                self.shared.families.no_route(self.path.server.ip(), now);
            }
            // The server refused the TCP connection. For a server that does not reply at all over TCP, the method `again` calls `takes_no_tcp`.
            Err(Trouble::Unreachable) if transport == Transport::Tcp => self.server.takes_no_tcp(now),
            Err(Trouble::Unreachable | Trouble::NoRouteToAddress | Trouble::Certificate(_)) => {
                self.server.overdue(now, now);
            }
            // The HTTPS response has no DNS message. The server works, but perhaps not for the configured host name or path, so it is asked last.
            Err(Trouble::Https { .. }) => self.server.mark_lame(&self.zone, FAILING_TIME, now),
            Err(
                Trouble::NoRoute
                | Trouble::NotSent(_)
                | Trouble::Silent
                | Trouble::Unfit
                | Trouble::Undecodable
                | Trouble::OtherCase
                | Trouble::Forged,
            ) => {}
        }
    }

    /// Interprets the server's answer, and records if the server fails or does not serve the zone. The returned note for the trail lists the records
    /// that were removed from the answer.
    fn judge(
        &self,
        form: UpstreamForm,
        message: &Message,
        heard: &Heard,
        now: Mono,
    ) -> ((NextQuery, Conduct, Words), Option<Note>) {
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
            self.server.serves(&self.zone, now);
            if form.case == NameCase::Mixed {
                self.server.answers_mixed_case();
                if !matches!(&said, Classified::Found(found) if found.denies()) {
                    self.server.finds_mixed_case(now);
                }
            } else if self.is_answer_to_own_case() && self.do_timeouts_show() {
                self.server.answers_own_case(now);
            }
            if self.role == ServerRole::Found {
                self.shared.uplink.helped(now);
            }
        }
        let is_error = !matches!(said, Classified::Found(_));
        let is_doubted =
            form.case == NameCase::Mixed && self.doubts_case(&said) && self.context.may_confirm(is_error);
        if let Some(time) = time
            && !is_doubted
        {
            self.server.mark_lame(&self.zone, time, now);
        }
        let scrubbed = (dropped > 0).then(|| {
            self.shared.recorder.count(Counter::Scrubbed, dropped);
            // The records of a server that gets a customer's key may repeat the key, so they are not shown.
            let records = if self.secret.is_none() { removed(&self.zone, message) } else { Vec::new() };
            Note::Scrubbed { dropped, records }
        });
        let words = summary(&said, message, self.secret.is_some());
        let said = Box::new(said.said_by(self.path.server, heard));
        let turn = if is_doubted { NextQuery::OwnCase(said) } else { NextQuery::Classified(said) };
        ((turn, conduct, words), scrubbed)
    }

    /// Returns true if the server has answered no query of the step in mixed case, but this one in the client's spelling. If it is only slow, the
    /// answer to the first query comes first.
    fn is_answer_to_own_case(&self) -> bool {
        self.tries >= MIXED_CASE_TRIES
            && !self.is_after_error
            && !self.role.is_recursive()
            && !self.sender.is_unwanted()
    }

    /// Returns true if an unanswered query shows something about the server, because the network of this host loses no packets.
    fn do_timeouts_show(&self) -> bool {
        !self.shared.recorder.has_lost_within(HOST_FAULT_TIME)
    }

    fn standing(&self) -> ServerStanding {
        self.server.standing(&self.zone, self.shared.clock.mono())
    }

    fn sender(&self) -> Sender {
        let timer = self.round_trip.map(|_| self.timer);
        Sender { ahead: self.context.is_ahead(), timer }
    }

    fn message(&self, form: UpstreamForm) -> UpstreamQuery {
        let (path, name, kind) = (self.path.clone(), self.name.clone(), self.kind);
        let tries =
            self.tries.wrapping_add(self.outages.wrapping_mul(MAX_TRIES.saturating_add(LAST_TRIES_OF_LOSSY)));
        let secret = self.secret.clone();
        // The customer key is removed from the names in the reply. After that, signatures cannot be validated, so they are not requested.
        let dnssec_ok = self.context.view.config.dnssec.validate && secret.is_none();
        // A forwarder whose answers are not validated here should validate them itself, so CD is not set.
        let checking_disabled =
            dnssec_ok && self.role.is_recursive() && !self.context.view.is_unvalidated(&self.zone);
        UpstreamQuery {
            secret,
            recursion_desired: self.role.is_recursive(),
            edns: form.edns,
            dnssec_ok,
            checking_disabled,
            mixed_case: form.case == NameCase::Mixed,
            skips_forgeries: form.skips_forgeries,
            transport: form.transport,
            tries,
            ..UpstreamQuery::new(path, name, kind)
        }
    }
}

fn is_silence(said: &Classified) -> bool {
    matches!(said, Classified::Nothing(Conduct::Silent))
}

/// Returns the behaviour that is recorded for the server. TCP is used only after a reply over UDP. So if TCP is unreachable, the server
/// does not accept TCP.
pub(super) fn conduct_of(trouble: &Trouble, transport: Transport) -> Conduct {
    match trouble {
        Trouble::Unreachable if transport == Transport::Tcp => Conduct::NoTcp,
        Trouble::Silent => Conduct::Silent,
        Trouble::Unreachable => Conduct::Unreachable,
        Trouble::NoRoute | Trouble::NoRouteToAddress | Trouble::NotSent(_) => Conduct::NotSent,
        Trouble::Certificate(_) => Conduct::Certificate,
        Trouble::Https { is_failure: true, .. } => Conduct::ServFail,
        Trouble::Unfit
        | Trouble::Undecodable
        | Trouble::OtherCase
        | Trouble::Forged
        | Trouble::Https { .. } => Conduct::Unfit,
        // The server has answered, but this host had no memory for the reply.
        Trouble::NoRoom => Conduct::Answered,
    }
}
