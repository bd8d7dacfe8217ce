//! Live: the questions of clients that come to a listener of this command, compared next to their answers.

use std::io;
use std::net::SocketAddr;
use std::thread::{Builder, JoinHandle};

use futures_util::stream::{self, Stream};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::oneshot;

use super::relay::{AccessLists, Copies, Relay, Relayed};
use super::replay::Waiting;
use super::sides::answer_of;
use crate::limits::MAX_LIVE_WAITING;
use dns::wire::response;
use shadow::asked::AskedQuestion;
use shadow::capture::Captured;
use shadow::report::{NotCompared, ShadowReport};

/// The listener on a thread of its own: a comparison takes no time from a client.
pub(super) struct Live {
    /// Its address.
    pub(super) address: SocketAddr,
    copies: Copies,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts it; the queries of clients come with their answers.
    ///
    /// # Errors
    /// It cannot listen at the address.
    pub(super) fn start(
        (listen, in_place): (SocketAddr, SocketAddr),
        access: AccessLists,
    ) -> io::Result<(Self, Receiver<Relayed>)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let relay = runtime.block_on(Relay::bind(listen, in_place, access))?;
        let address = relay.address()?;
        let (queue, relayed) = channel(MAX_LIVE_WAITING);
        let copies = Copies::new(queue);
        let (end, ended) = oneshot::channel::<()>();
        let copied = copies.clone();
        let thread = Builder::new().name("relay".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = relay.serve(&copied) => {}
                    // The sender is dropped.
                    _ = ended => {}
                }
            });
        })?;
        Ok((Self { address, copies, end: Some(end), thread: Some(thread) }, relayed))
    }

    /// Adds the queries that were not compared.
    pub(super) fn count(&self, report: &mut ShadowReport) {
        report.leave_out(NotCompared::Overload, self.copies.lost());
        report.leave_out(NotCompared::Denied, self.copies.denied());
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed.
            let _ = thread.join();
        }
    }
}

/// The question of a query, if it is the first one with it. All are counted in `captured`.
fn first(relayed: Relayed, captured: &mut Captured) -> Option<Waiting> {
    let question = AskedQuestion::from_message(&relayed.query);
    let question = if captured.take(question.clone()) { question.ok()? } else { return None };
    let in_place = relayed.answer.and_then(|(answer, elapsed)| {
        let answer = response::read(&answer).ok()?;
        // A truncated answer is none: the client asks again over TCP.
        (!answer.metadata.truncation).then(|| answer_of(&answer, elapsed))
    });
    Some(Waiting { question, in_place })
}

/// The number of new questions among the queries that wait at the end.
pub(super) fn waiting(relayed: &mut Receiver<Relayed>, captured: &mut Captured) -> usize {
    let left = std::iter::from_fn(|| relayed.try_recv().ok());
    left.filter_map(|relayed| first(relayed, captured)).count()
}

/// The new questions as they come.
pub(super) fn questions<'c>(
    relayed: &'c mut Receiver<Relayed>,
    captured: &'c mut Captured,
) -> impl Stream<Item = Waiting> + 'c {
    stream::unfold((relayed, captured), |(relayed, captured)| async move {
        loop {
            if let Some(waiting) = first(relayed.recv().await?, captured) {
                return Some((waiting, (relayed, captured)));
            }
        }
    })
}
