//! The loop of `resolverctl top`: keys, signals and replies come from threads of their own, so that neither a daemon that is stuck nor a
//! slow terminal holds up the others.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event};

use super::draw::draw;
use super::keys::{TopKey, key_of};
use super::live::{TopAct, TopLive};
use super::reading::{counters, request};
use super::table::{TopSubject, TopTable};
use super::terminal::TopTerminal;
use crate::control::protocol::{Reply, Request, Stats, WhyRequest};
use crate::ctl::client::{ControlClient, unexpected};
use crate::ctl::exit::CommandFailure;
use crate::ctl::interrupt::Interrupts;
use crate::ctl::moment;
use crate::ctl::render::{Style, why};
use crate::limits::{MAX_WHY_MESSAGES, TOP_EVENTS, TOP_MESSAGES};
use crate::record::Window;
use crate::record::why::MessageReport;

/// An event that the loop waits for.
enum TopEvent {
    Key(TopKey),
    /// The terminal has another size.
    Resized,
    /// A signal, or the terminal is gone.
    Ended,
    Read((TopTable, Window), Result<TopReading, CommandFailure>),
    Explained(Result<String, CommandFailure>),
}

/// The counters since the start, and the rows of a table.
type TopReading = (Box<Stats>, Vec<Reply>);

/// A question to the daemon.
enum TopQuestion {
    Read((TopTable, Window)),
    Why(TopSubject),
}

/// Follows the daemon.
pub(super) struct Follower {
    pub(super) client: ControlClient,
    pub(super) interval: Duration,
}

impl Follower {
    /// Shows the screen until a key or a signal ends it.
    ///
    /// # Errors
    /// The terminal refuses.
    pub(super) fn follow(self, live: TopLive) -> Result<(), CommandFailure> {
        let interrupts = Interrupts::catch().map_err(CommandFailure::Output)?;
        let (tell, events) = sync_channel(TOP_EVENTS);
        let (ask, asked) = sync_channel(TOP_EVENTS);
        let mut taken = TopTerminal::take().map_err(CommandFailure::Output)?;
        // The threads end with the process: they wait for a key, a signal or the daemon.
        for (work, tell) in [
            (signals(interrupts), tell.clone()),
            (keys(tell.clone()), tell.clone()),
            (answers(self.client, asked, tell.clone()), tell),
        ] {
            thread::spawn(move || {
                let _end = EndsAll(tell);
                work();
            });
        }
        let mut shown = Shown { live, ask, interval: self.interval, is_asked: false, next: Instant::now() };
        let ended = shown.run(&events, &mut taken);
        // The terminal is given back before an error is reported.
        drop(taken);
        ended.map_err(CommandFailure::Output)
    }
}

/// A piece of work for a thread.
type Work = Box<dyn FnOnce() + Send>;

/// Ends the command with a thread, also if that has panicked.
struct EndsAll(SyncSender<TopEvent>);

impl Drop for EndsAll {
    fn drop(&mut self) {
        // Nobody listens if the command has ended.
        let _ended = self.0.send(TopEvent::Ended);
    }
}

fn signals(mut interrupts: Interrupts) -> Work {
    Box::new(move || interrupts.wait())
}

fn keys(tell: SyncSender<TopEvent>) -> Work {
    Box::new(move || {
        // An error means that the terminal is gone.
        while let Ok(event) = event::read() {
            let event = match event {
                Event::Key(key) => key_of(key).map(TopEvent::Key),
                Event::Resize(..) => Some(TopEvent::Resized),
                _ => None,
            };
            if event.is_some_and(|event| tell.send(event).is_err()) {
                return;
            }
        }
    })
}

fn answers(client: ControlClient, asked: Receiver<TopQuestion>, tell: SyncSender<TopEvent>) -> Work {
    Box::new(move || {
        for question in asked {
            let event = match question {
                TopQuestion::Read(wanted) => TopEvent::Read(wanted, read(&client, wanted)),
                TopQuestion::Why(subject) => TopEvent::Explained(explain(&client, &subject)),
            };
            if tell.send(event).is_err() {
                return;
            }
        }
    })
}

/// Reads the counters and the rows of a table.
fn read(client: &ControlClient, wanted: (TopTable, Window)) -> Result<TopReading, CommandFailure> {
    let stats = client.ask(&Request::Stats { window: Window::Start, table: None })?;
    let stats = counters(stats).ok_or_else(unexpected)?;
    Ok((stats, client.ask(&request(wanted, moment::now()))?))
}

/// The messages of a subject as text.
fn explain(client: &ControlClient, subject: &TopSubject) -> Result<String, CommandFailure> {
    let mut request = WhyRequest { most: TOP_MESSAGES, ..WhyRequest::default() };
    match subject {
        TopSubject::Name(name) => request.subject = Some(name.clone()),
        TopSubject::Client(client) => request.client = Some(client.clone()),
        TopSubject::Server(_) => request.most = MAX_WHY_MESSAGES,
        TopSubject::All => {}
    }
    let replies = client.ask(&Request::Why(request))?;
    let waited_for = |message: &&MessageReport| match subject {
        TopSubject::Server(server) => message
            .questions
            .iter()
            .flat_map(|question| &question.messages)
            .any(|sent| sent.server == *server),
        _ => true,
    };
    let messages: Vec<&MessageReport> = replies
        .iter()
        .filter_map(|reply| if let Reply::Message(message) = reply { Some(&**message) } else { None })
        .filter(waited_for)
        .collect();
    if messages.is_empty() {
        return Ok(format!("none of the {MAX_WHY_MESSAGES} slowest messages waited for it"));
    }
    Ok(why::messages(&messages, &moment::shown, Style::Plain))
}

/// The screen, and what it waits for.
struct Shown {
    live: TopLive,
    ask: SyncSender<TopQuestion>,
    interval: Duration,
    /// Whether a reading is under way.
    is_asked: bool,
    /// When the next one is due.
    next: Instant,
}

impl Shown {
    fn run(&mut self, events: &Receiver<TopEvent>, taken: &mut TopTerminal) -> io::Result<()> {
        loop {
            if !self.is_asked && Instant::now() >= self.next {
                self.read();
            }
            let now = moment::now();
            taken.terminal.draw(|frame| draw(frame, &self.live, now))?;
            let patience = self.next.saturating_duration_since(Instant::now());
            let patience = if self.is_asked { self.interval } else { patience };
            match events.recv_timeout(patience) {
                Ok(TopEvent::Ended) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Ok(event) => {
                    if self.take(event) == TopAct::End {
                        return Ok(());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Asks for the table that is wanted.
    fn read(&mut self) {
        self.is_asked = self.ask.try_send(TopQuestion::Read(self.live.wanted())).is_ok();
        self.next = Instant::now() + self.interval;
    }

    fn take(&mut self, event: TopEvent) -> TopAct {
        let now = moment::now();
        match event {
            TopEvent::Key(key) => return self.press(key),
            TopEvent::Read(wanted, Ok((stats, replies))) => {
                self.is_asked = false;
                self.live.read(&stats, wanted, &replies, now);
                // The user has asked for another table meanwhile.
                if wanted != self.live.wanted() {
                    self.read();
                }
            }
            TopEvent::Read(_, Err(failure)) => {
                self.is_asked = false;
                self.live.failed(failure.to_string(), now);
            }
            TopEvent::Explained(Ok(text)) => self.live.explained(&text),
            TopEvent::Explained(Err(failure)) => self.live.explained(&failure.to_string()),
            TopEvent::Resized | TopEvent::Ended => {}
        }
        TopAct::Draw
    }

    fn press(&mut self, key: TopKey) -> TopAct {
        let act = self.live.press(key);
        match &act {
            TopAct::Read if !self.is_asked => self.read(),
            TopAct::Why(subject) => {
                if self.ask.try_send(TopQuestion::Why(subject.clone())).is_err() {
                    self.live.explained("resolverd is still asked for something else; try again");
                }
            }
            TopAct::Read | TopAct::Draw | TopAct::End => {}
        }
        act
    }
}
