//! `Request::Trace`: writes each step of a resolution as it happens, and then the answer.

use std::io;
use std::pin::pin;

use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, watch};

use super::Controlled;
use super::connection::ended;
use super::lookup::{self, Lookup};
use super::monitor::write;
use super::protocol::{Blame, Problem, Reply, TraceRequest};
use super::traced::{TraceAsked, TraceRefused};
use dns::question::Question;
use history::limits::MAX_STEPS;

/// Streams the steps and the answer.
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

/// Writes the steps. The last line is the answer, or why there is none; nothing if the client has left.
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
            // The client sends nothing more: it has left.
            _ = stream.read(&mut unexpected) => return Ok(None),
        }
    };
    while let Ok(step) = steps.try_recv() {
        write(stream, &Reply::Step(step)).await?;
    }
    Ok(Some(told(&question, found)))
}

/// The last line.
fn told(question: &Question, found: Result<Lookup, TraceRefused>) -> Result<Reply, Problem> {
    let found = found.map_err(|refused| Problem { fault: Blame::Daemon, sentence: refused.to_string() })?;
    Ok(Reply::Query(Box::new(lookup::reply(question, &found)?)))
}
