//! Serves `Request::Trace`: resolves a question, and writes each step of the resolution as it happens, then the answer.

use std::io;
use std::pin::pin;

use hickory_proto::rr::Name;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::connection::ended;
use super::controlled::Controlled;
use super::monitor::write;
use crate::limits::MAX_FRESH_TRACES;
use dns::question::Question;
use protocol::lookup::{self, Lookup};
use protocol::{Blame, Problem, Reply, TraceRequest};
use record::event::Step;
use record::limits::MAX_STEPS;

/// A question that a client traces.
#[derive(Debug)]
pub struct TraceAsked {
    /// The question.
    pub question: Question,
    /// True if resolverd uses no cached data. The cache and all counters then stay unchanged.
    pub fresh: bool,
    /// Receives each step of the resolution.
    pub steps: mpsc::Sender<Step>,
}

/// Why a question cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceRefused {
    /// `MAX_FRESH_TRACES` traces without cached data run already.
    #[error("The maximum of {MAX_FRESH_TRACES} `resolverctl trace --fresh` at once is reached; try again.")]
    TooMany,
    /// The question would be sent to a DNS list that has used most of its daily quota.
    #[error(
        "Not queried: most of the daily quota of the DNS list {list} is used, and mail needs the rest. Without --fresh the trace is allowed; the quota begins anew at 00:00 UTC."
    )]
    Quota {
        /// The zone of the DNS list.
        list: Name,
    },
    /// This host lacks a resource, for instance memory or a thread, that the trace needs.
    #[error("The trace cannot begin: {why}.")]
    Lacking {
        /// The error of the operating system, as text.
        why: String,
    },
}

pub(super) async fn stream(
    mut stream: UnixStream,
    request: &TraceRequest,
    subject: &impl Controlled,
    ending: watch::Receiver<bool>,
) -> io::Result<()> {
    let last = match trace(&mut stream, request, subject, ending).await? {
        None => return Ok(()),
        Some(Ok(reply)) => {
            write(&mut stream, &reply).await?;
            Reply::End
        }
        Some(Err(problem)) => Reply::Problem(problem),
    };
    write(&mut stream, &last).await
}

/// Returns the last line of the reply, or `None` if the client has disconnected.
async fn trace(
    stream: &mut UnixStream,
    request: &TraceRequest,
    subject: &impl Controlled,
    mut ending: watch::Receiver<bool>,
) -> io::Result<Option<Result<Reply, Problem>>> {
    let question = match lookup::question(&request.name, request.kind.as_deref()) {
        Ok(question) => question,
        Err(problem) => return Ok(Some(Err(problem))),
    };
    let (sender, mut steps) = mpsc::channel(MAX_STEPS);
    let asked = TraceAsked { question: question.clone(), fresh: request.fresh, steps: sender };
    let mut tracing = pin!(subject.trace(asked));
    let mut unexpected = [0; 64];
    let found = loop {
        tokio::select! {
            biased;
            Some(step) = steps.recv() => write(stream, &Reply::Step(step)).await?,
            found = &mut tracing => break found,
            () = ended(&mut ending) => {
                let sentence = "resolverd is stopping.".to_owned();
                return Ok(Some(Err(Problem { fault: Blame::Daemon, sentence })));
            }
            // The client sends nothing after its request, so a completed read means that it has disconnected.
            _ = stream.read(&mut unexpected) => return Ok(None),
        }
    };
    while let Ok(step) = steps.try_recv() {
        write(stream, &Reply::Step(step)).await?;
    }
    Ok(Some(last_line(&question, found)))
}

fn last_line(question: &Question, found: Result<Lookup, TraceRefused>) -> Result<Reply, Problem> {
    let found = found.map_err(|refused| Problem { fault: Blame::Daemon, sentence: refused.to_string() })?;
    Ok(Reply::Query(Box::new(lookup::reply(question, &found)?)))
}
