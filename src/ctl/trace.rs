//! `resolverctl trace`: one resolution, each step as it happens.

use std::io::{self, Write};
use std::ops::ControlFlow;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::query::verdict;
use super::render::{Format, json, trace};
use super::typed_name::TypedQuestion;
use control::protocol::{Reply, Request, TraceRequest};

/// The command line of `trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: TypedQuestion,
    /// Resolve from the root or the configured servers, without the cache, and leave it as it is.
    #[arg(long)]
    fresh: bool,
}

impl Arguments {
    /// The name on the command line, as it was typed.
    pub(super) fn typed_name(&self) -> &str {
        &self.question.name
    }
}

/// Prints each step as it comes, and then the answer.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Arguments { question, fresh } = arguments;
    let TypedQuestion { name, kind } = question.clone();
    let request = TraceRequest { name, kind, fresh: *fresh };
    let (mut output, mut has_steps, mut exit) = (io::stdout().lock(), false, None);
    client.each(&Request::Trace(request), |reply| {
        let text = match (&reply, format) {
            (_, Format::Json) => json::reply(&reply),
            (Reply::Step(step), Format::Text(style)) => trace::step(step, *fresh, style),
            (Reply::Query(reply), Format::Text(style)) => trace::end(reply, has_steps, *fresh, style),
            _ => return Err(unexpected()),
        };
        match &reply {
            Reply::Query(reply) => exit = Some(verdict(reply)),
            _ => has_steps = true,
        }
        match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            // The reader of the pipe, for instance `head`, has closed it. This is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                exit = Some(Exit::Yes);
                Ok(ControlFlow::Break(()))
            }
            Err(error) => Err(CommandFailure::Output(error)),
        }
    })?;
    Ok(CommandOutcome { text: String::new(), exit: exit.ok_or_else(unexpected)? })
}
