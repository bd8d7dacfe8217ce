//! One server asked, to the end: over UDP or TLS, without EDNS where it does not take it, over TCP where the answer is
//! cut.
//!
//! May call: `exchange`, `classify`, `cache::servers`, `record`. An attempt is a task of its own: it learns the server's
//! round trip or its silence even where nobody waits for it any more, and tells whoever waits when it is overdue.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};
use tokio::sync::mpsc;

use super::classify::{End, Said, classify, classify_recursive};
use super::context::Context;
use super::failure::conduct_text;
use super::families::Families;
use crate::cache::servers::Server;
use crate::clock::Clock;
use crate::exchange::network::Path;
use crate::exchange::{Ask, Exchange, Heard, Trouble};
use crate::limits::{FAILING_TIME, LAME_TIME, LISTEN_TIME, MAX_TIMER};
use crate::record::Recorder;
use crate::record::event::{Conduct, Sent, StepEvent, Transport};

/// What an attempt tells.
#[derive(Debug)]
pub(super) enum Event {
    /// The timer has run out; the server may still answer.
    Overdue(SocketAddr),
    /// It has come to an end.
    Ended(SocketAddr, Box<Said>),
}

/// What comes after a message.
enum Turn {
    Said(Said),
    /// The server rejects EDNS: once more without.
    WithoutEdns,
    /// The answer was cut: once more over TCP.
    Stream,
}

/// The parts that every attempt uses.
pub(super) struct Means {
    pub(super) exchange: Arc<Exchange>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) clock: Clock,
    pub(super) families: Families,
}

/// One server to be asked.
pub(super) struct Attempt {
    pub(super) means: Arc<Means>,
    pub(super) server: Arc<Server>,
    pub(super) path: Path,
    /// Whether it is a recursive server, asked for the whole answer.
    pub(super) recursive: bool,
    pub(super) zone: Name,
    pub(super) name: Name,
    pub(super) kind: RecordType,
    pub(super) edns: bool,
    /// Messages sent to it before, in this step of the walk.
    pub(super) tries: u8,
    /// How long until it is overdue.
    pub(super) timer: Duration,
    pub(super) context: Context,
    pub(super) events: mpsc::Sender<Event>,
}

impl Attempt {
    /// Asks, and tells. `reason` says on the trail why this server, now.
    pub(super) async fn run(self, reason: &'static str) {
        self.note_sent(self.transport(), reason);
        if let Some(said) = self.ask().await {
            // The channel holds all events of an attempt; it is closed where nobody waits.
            let _ = self.events.try_send(Event::Ended(self.path.server, Box::new(said)));
        }
    }

    /// The whole of it; None where nobody waits for the rest.
    async fn ask(&self) -> Option<Said> {
        let (heard, first) = self.first_message().await?;
        let mut turn = self.settle(self.transport(), self.edns, &heard, first);
        if matches!(turn, Turn::WithoutEdns) {
            turn = self.again(self.transport(), false, "without_edns").await;
        }
        if matches!(turn, Turn::Stream) {
            let edns = self.server.standing(&self.zone, self.means.clock.mono()).edns;
            turn = self.again(Transport::Tcp, edns, "truncated").await;
        }
        match turn {
            Turn::Said(said) => Some(said),
            // Cut over TCP, or EDNS rejected in a message without it.
            Turn::WithoutEdns | Turn::Stream => Some(Said::Nothing(Conduct::Unfit)),
        }
    }

    /// The first message, with its timer. None where nobody waits any more and it has had its time.
    async fn first_message(&self) -> Option<(Heard, bool)> {
        let asking = self.means.exchange.ask(self.message(self.transport(), self.edns), LISTEN_TIME);
        tokio::pin!(asking);
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = tokio::time::sleep(self.timer) => {}
        }
        self.server.silent(self.means.clock.mono());
        let _ = self.events.try_send(Event::Overdue(self.path.server));
        tokio::select! {
            biased;
            heard = &mut asking => return Some(heard),
            () = self.events.closed() => {}
        }
        // Nobody waits any more; a slow server is still told from a dead one.
        if let Ok(heard) = tokio::time::timeout(MAX_TIMER.saturating_sub(self.timer), &mut asking).await {
            return Some(heard);
        }
        self.record(self.transport(), Conduct::Silent, MAX_TIMER);
        None
    }

    /// Another message to the same server, within the budget.
    async fn again(&self, transport: Transport, edns: bool, reason: &'static str) -> Turn {
        if !self.context.budget.take() {
            return Turn::Said(Said::Nothing(Conduct::Silent));
        }
        self.note_sent(transport, reason);
        let patience = self.context.budget.left(self.means.clock.mono()).min(LISTEN_TIME);
        let asking = self.means.exchange.ask(self.message(transport, edns), patience);
        tokio::pin!(asking);
        // A stream takes a round trip more; one that a firewall drops must not keep the next server waiting.
        let timer = self.timer.saturating_mul(2);
        let (heard, first) = tokio::select! {
            biased;
            heard = &mut asking => heard,
            () = tokio::time::sleep(timer) => {
                let _ = self.events.try_send(Event::Overdue(self.path.server));
                asking.await
            }
        };
        self.settle(transport, edns, &heard, first)
    }

    /// What to make of what was heard, and what to remember of the server. `first` is false where another attempt's
    /// message was shared: that one counts it.
    fn settle(&self, transport: Transport, edns: bool, heard: &Heard, first: bool) -> Turn {
        let (turn, conduct, words) = match &heard.reply {
            Err(trouble) => {
                let conduct = trouble_as_conduct(*trouble);
                (Turn::Said(Said::Nothing(conduct)), conduct, conduct_text(conduct).to_owned())
            }
            Ok(message) if edns && rejects_edns(message) => {
                self.server.takes_no_edns(self.means.clock.mono());
                (
                    Turn::WithoutEdns,
                    Conduct::OtherError,
                    format!("{} to EDNS", message.metadata.response_code),
                )
            }
            Ok(message) if message.metadata.truncation => {
                (Turn::Stream, Conduct::Truncated, "cut to fit a datagram".to_owned())
            }
            Ok(message) => self.judge(message),
        };
        if first {
            self.record(transport, conduct, heard.elapsed);
            self.learn(transport, heard);
        }
        self.note_received(conduct, heard.elapsed, words);
        turn
    }

    fn learn(&self, transport: Transport, heard: &Heard) {
        let now = self.means.clock.mono();
        match heard.reply {
            Ok(_) if transport == self.transport() => self.server.answered(heard.elapsed),
            Err(Trouble::NoRoute) => self.means.families.no_route(self.path.server.ip(), now),
            Err(Trouble::Unreachable) => self.server.silent(now),
            _ => {}
        }
    }

    /// Reads what the server said, and remembers where it does not serve the zone.
    fn judge(&self, message: &Message) -> (Turn, Conduct, String) {
        let (said, dropped) = if self.recursive {
            classify_recursive(&self.name, self.kind, message)
        } else {
            classify(&self.zone, &self.name, self.kind, message)
        };
        let conduct = match &said {
            Said::Nothing(conduct) => *conduct,
            _ => Conduct::Answered,
        };
        let time = match conduct {
            Conduct::Lame | Conduct::Refused => Some(LAME_TIME),
            Conduct::ServFail | Conduct::OtherError => Some(FAILING_TIME),
            _ => None,
        };
        if let Some(time) = time {
            self.server.is_lame(&self.zone, time, self.means.clock.mono());
        }
        if dropped > 0 {
            self.context.note(StepEvent::Scrubbed { dropped });
        }
        let words = describe(&said, message);
        (Turn::Said(said), conduct, words)
    }

    /// How it is asked first.
    fn transport(&self) -> Transport {
        if self.path.tls.is_some() { Transport::Tls } else { Transport::Udp }
    }

    fn message(&self, transport: Transport, edns: bool) -> Ask {
        let (path, name, kind, tries) = (self.path.clone(), self.name.clone(), self.kind, self.tries);
        Ask { path, name, kind, recursion_desired: self.recursive, edns, transport, tries }
    }

    fn record(&self, transport: Transport, conduct: Conduct, elapsed: Duration) {
        let sent = Sent { server: self.path.server, zone: self.zone.clone(), transport, conduct, elapsed };
        self.means.recorder.sent(&sent);
    }

    fn note_sent(&self, transport: Transport, reason: &str) {
        let server = self.path.server.ip().to_string();
        self.context.note(StepEvent::Sent { server, transport, reason: reason.to_owned() });
    }

    fn note_received(&self, conduct: Conduct, elapsed: Duration, said: String) {
        let round_trip_micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let server = self.path.server.ip().to_string();
        self.context.note(StepEvent::Received { server, conduct, round_trip_micros, said });
    }
}

/// Whether a server has not understood our OPT (RFC 6891 section 7): it says FORMERR, NOTIMP or BADVERS, and sends none
/// of its own.
fn rejects_edns(message: &Message) -> bool {
    let code = message.metadata.response_code;
    let rejects = matches!(code, ResponseCode::FormErr | ResponseCode::NotImp);
    rejects || u16::from(code) == u16::from(ResponseCode::BADVERS)
}

fn trouble_as_conduct(trouble: Trouble) -> Conduct {
    match trouble {
        Trouble::Silent => Conduct::Silent,
        Trouble::Unreachable | Trouble::NoRoute => Conduct::Unreachable,
        Trouble::Unfit => Conduct::Unfit,
    }
}

/// What a message said, in a few words for the trail.
fn describe(said: &Said, message: &Message) -> String {
    let authority = if message.metadata.authoritative { "" } else { ", without AA" };
    match said {
        Said::Found(found) => match &found.end {
            End::Data => format!("{} records{authority}", found.answers.len()),
            End::Alias(target) => format!("alias of {target}{authority}"),
            End::Negative { nxdomain: true, .. } => format!("NXDOMAIN{authority}"),
            End::Negative { nxdomain: false, .. } => format!("no such type{authority}"),
        },
        Said::Referral(referral) => {
            format!(
                "referral to {}, {} servers, {} addresses",
                referral.zone,
                referral.servers.len(),
                referral.glue.len()
            )
        }
        Said::Nothing(conduct) => conduct_text(*conduct).to_owned(),
    }
}
