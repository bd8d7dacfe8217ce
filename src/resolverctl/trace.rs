//! `resolverctl trace`: resolves a name and shows each step as it happens.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::{CommandOutcome, print_screen};
use super::query::verdict;
use super::render::{Format, json, trace};
use super::typed_name::TypedQuestion;
use protocol::{Reply, Request, TraceRequest};

/// The command line of `trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: TypedQuestion,
    /// Resolve from the root or the configured servers, without the cache, and leave it as it is.
    #[arg(long)]
    fresh: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Arguments { question, fresh } = arguments;
    let (name, kind) = question.name_and_kind();
    let request = TraceRequest { name, kind, fresh: *fresh };
    let (mut has_reader, mut has_steps, mut exit) = (true, false, None);
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
        let written = print_screen(&text, format)?;
        has_reader = written.is_continue();
        Ok(written)
    })?;
    let exit = if has_reader { exit } else { exit.or(Some(Exit::Yes)) };
    let exit = exit.ok_or_else(unexpected)?;
    Ok(CommandOutcome { text: String::new(), exit })
}
