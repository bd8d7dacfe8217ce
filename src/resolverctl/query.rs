//! `resolverctl query`: asks a question through the daemon, as mail software does.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use super::root_keys::validation_off;
use super::typed_name::TypedQuestion;
use protocol::{QueryReply, Reply, Request};

/// The command line of `query`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    question: TypedQuestion,
    /// Show the signatures of the answer too, with their begin and end. Also: +dnssec, as dig.
    #[arg(long)]
    dnssec: bool,
    #[arg(value_parser = [PLUS], hide = true)]
    plus: Option<String>,
}

/// The word of dig(1) for `--dnssec`.
const PLUS: &str = "+dnssec";

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (name, kind) = arguments.question.name_and_kind();
    let is_plus = |word: &Option<String>| word.as_deref() == Some(PLUS);
    let dnssec = arguments.dnssec || is_plus(&arguments.plus) || is_plus(&kind);
    let request = Request::Query { name, kind: kind.filter(|kind| kind != PLUS), dnssec };
    let Reply::Query(reply) = client.ask_one(&request)? else { return Err(unexpected()) };
    let text = match format {
        Format::Json => json::line(&*reply),
        Format::Text(style) if dnssec => text::query(&reply, style) + validation_off(client)?,
        Format::Text(style) => text::query(&reply, style),
    };
    Ok(CommandOutcome { text, exit: verdict(&reply) })
}

/// Returns `Exit::Yes` if the answer has data of the type, `Exit::No` if it has none, and `Exit::CouldNotTell` if the query failed.
pub(super) fn verdict(reply: &QueryReply) -> Exit {
    let has_data = match reply.kind.as_str() {
        "ANY" => !reply.answers.is_empty(),
        kind => reply.answers.iter().any(|record| record.is(kind)),
    };
    match reply.rcode.as_str() {
        "NOERROR" if has_data => Exit::Yes,
        "NOERROR" | "NXDOMAIN" => Exit::No,
        _ => Exit::CouldNotTell,
    }
}
