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
use super::page::PageWanted;
use super::reading::{counters, request};
use super::table::TopTable;
use super::terminal::{TopTerminal, abandon};
use crate::client::{ControlClient, unexpected};
use crate::exit::CommandFailure;
use crate::interrupt::Interrupts;
use crate::limits::{TOP_END_TIME, TOP_EVENTS};
use crate::moment;
use control::protocol::{Reply, Request, Stats};
use history::Window;

/// An event that the loop waits for.
enum TopEvent {
    Key(TopKey),
    /// The terminal has another size.
    Resized,
    /// A signal, or the terminal is gone.
    Ended,
    Read((TopTable, Window), Result<TopReading, CommandFailure>),
    Explained(PageWanted, Result<String, CommandFailure>),
}

/// The counters since the start, and the rows of a table.
type TopReading = (Box<Stats>, Vec<Reply>);

/// A question to the daemon.
enum TopQuestion {
    Read((TopTable, Window)),
    Why(PageWanted),
}

/// Follows the daemon.
pub(super) struct TopScreen {
    pub(super) client: ControlClient,
    pub(super) interval: Duration,
}

impl TopScreen {
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
            (signals(interrupts, tell.clone()), tell.clone()),
            (keys(tell.clone()), tell.clone()),
            (answers(self.client, asked, tell.clone()), tell),
        ] {
            thread::spawn(move || {
                let _end = EndsAll(tell);
                work();
            });
        }
        let mut shown =
            Shown { live, ask, interval: self.interval, is_explained: false, next: Instant::now() };
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

fn signals(mut interrupts: Interrupts, tell: SyncSender<TopEvent>) -> Work {
    Box::new(move || {
        interrupts.wait();
        // The queue is full if the terminal is not read.
        let _ended = tell.try_send(TopEvent::Ended);
        thread::sleep(TOP_END_TIME);
        // The other thread is stuck in a write to a terminal that nobody reads.
        abandon();
    })
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
                TopQuestion::Why(wanted) => {
                    let text = explain(&client, &wanted);
                    TopEvent::Explained(wanted, text)
                }
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

/// The messages of a page as text.
fn explain(client: &ControlClient, wanted: &PageWanted) -> Result<String, CommandFailure> {
    let replies = client.ask(&Request::Why(wanted.request(moment::now())))?;
    Ok(wanted.text(&replies, &moment::shown))
}

/// The screen, and what it waits for.
struct Shown {
    live: TopLive,
    ask: SyncSender<TopQuestion>,
    interval: Duration,
    /// Whether a page is read: one at a time, so that pages that the user has left do not hold up the next one.
    is_explained: bool,
    /// When the next reading is due.
    next: Instant,
}

impl Shown {
    fn run(&mut self, events: &Receiver<TopEvent>, taken: &mut TopTerminal) -> io::Result<()> {
        loop {
            if !self.live.is_asked() && Instant::now() >= self.next {
                self.read();
            }
            let now = moment::now();
            taken.terminal.draw(|frame| draw(frame, &self.live, now))?;
            let patience = self.next.saturating_duration_since(Instant::now());
            // The clock goes on while the daemon is asked.
            let patience = if self.live.is_asked() { Duration::from_secs(1) } else { patience };
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
        if self.ask.try_send(TopQuestion::Read(self.live.wanted())).is_ok() {
            self.live.ask(moment::now());
        }
        self.next = Instant::now() + self.interval;
    }

    /// Asks for the page that is open, unless its lines are there.
    fn explain(&mut self) {
        if let Some(wanted) = self.live.unexplained().filter(|_| !self.is_explained) {
            self.is_explained = self.ask.try_send(TopQuestion::Why(wanted)).is_ok();
        }
    }

    fn take(&mut self, event: TopEvent) -> TopAct {
        let now = moment::now();
        match event {
            TopEvent::Key(key) => return self.press(key),
            TopEvent::Read(wanted, Ok((stats, replies))) => {
                self.live.read(&stats, wanted, &replies, now);
                // The user has asked for another table meanwhile.
                if wanted != self.live.wanted() {
                    self.read();
                }
            }
            TopEvent::Read(_, Err(failure)) => self.live.failed(failure.to_string(), now),
            TopEvent::Explained(wanted, text) => {
                self.is_explained = false;
                self.live.explained(&wanted, &text.unwrap_or_else(|failure| failure.to_string()));
                self.explain();
            }
            TopEvent::Resized | TopEvent::Ended => {}
        }
        TopAct::Draw
    }

    fn press(&mut self, key: TopKey) -> TopAct {
        let act = self.live.press(key);
        match act {
            TopAct::Read if !self.live.is_asked() => self.read(),
            TopAct::Why => self.explain(),
            TopAct::Read | TopAct::Draw | TopAct::End => {}
        }
        act
    }
}
