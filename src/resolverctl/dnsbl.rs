//! `resolverctl dnsbl`: shows the states of the DNS lists, their answers for an address or a domain, and the registry.

use std::path::PathBuf;

use clap::Subcommand;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::refused::QueryAddress;
use super::render::{Format, lists};
use super::typed_name::typed_name;
use super::zone;
use dns::question::ListSays;
use dnsbl::list::Purpose;
use protocol::{Reply, Request};

/// The test entry that each list of IPv4 addresses has (RFC 5782 section 5).
const TEST_ADDRESS: &str = "127.0.0.2";

/// The command line of `dnsbl`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    /// Show only this list, with its terms of use.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    list: Option<String>,
    /// Show also the codes that the lists returned, the zones that look like lists, and the batch queries.
    #[arg(long)]
    verbose: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The sub-commands; without one, the states of the lists in use.
#[derive(Debug, Subcommand)]
enum Command {
    /// Query each list in use about an address or a domain.
    ///
    /// Exit codes: 0 a blocklist lists it, 1 none does, 4 none does, but some gave no usable answer.
    Test {
        /// Address or domain to look up.
        #[arg(value_name = "ADDRESS|DOMAIN")]
        subject: String,
        /// Also query the lists that are not in use.
        #[arg(long)]
        all: bool,
    },
    /// Test the lists in use now, and show their state two seconds later.
    Health,
    /// Append a `[[list]]` with a customer key to the configuration file, as root.
    Key {
        /// Zone of the list.
        #[arg(value_parser = typed_name)]
        list: String,
        /// File with the key, which the daemon may read, with mode 0640 or stricter.
        file: PathBuf,
    },
    /// Show the table of known lists, what they list, and their terms of use.
    List,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let request = match &arguments.command {
        None => Request::Dnsbl { list: arguments.list.clone() },
        Some(Command::Test { subject, all }) => {
            Request::DnsblTest { subject: subject.clone(), all: *all, lists: Vec::new() }
        }
        Some(Command::Health) => Request::DnsblHealth,
        Some(Command::List) => Request::DnsblList,
        Some(Command::Key { list, file }) => {
            // The daemon has another current directory.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
            let (name, key) = (text(list), text(&file.to_string_lossy()));
            let written = zone::append(&format!("[[list]]\nname = {name}\nkey = {key}\n"), client, format)?;
            return with_test(written, list, client, format);
        }
    };
    let states = |replies: &[Reply], style| {
        lists::states(replies, &QueryAddress::gather(replies, client), arguments.verbose, style)
    };
    let screen = |replies: &[Reply], style| match &request {
        Request::Dnsbl { list } => {
            let typed = list.as_deref().filter(|typed| !is_about(typed, replies)).map(lists::not_a_list);
            states(replies, style) + &lists::facts(replies, style) + &typed.unwrap_or_default()
        }
        Request::DnsblHealth => states(replies, style),
        Request::DnsblTest { subject, .. } => lists::tests(subject, replies, style),
        _ => lists::facts(replies, style),
    };
    client.show(&request, format, screen, |replies| match request {
        Request::DnsblTest { .. } => verdict(replies),
        _ => Exit::Yes,
    })
}

/// Adds to the outcome of a changed key what the list says about its test entry. A wrong key makes all subjects unlisted, or the list refuses.
fn with_test(
    written: CommandOutcome,
    list: &str,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if written.exit != Exit::Yes {
        return Ok(written);
    }
    let lists = vec![list.trim_end_matches('.').to_owned()];
    let request = Request::DnsblTest { subject: TEST_ADDRESS.to_owned(), all: false, lists };
    let tested = client.show(&request, format, lists::key_test, key_exit)?;
    Ok(CommandOutcome { text: written.text + &tested.text, exit: tested.exit })
}

fn key_exit(replies: &[Reply]) -> Exit {
    if verdict(replies) == Exit::No { Exit::CouldNotTell } else { Exit::Yes }
}

/// Returns true if the replies are about the DNS list `typed`. If `typed` is not a DNS list, the daemon replies about all lists.
fn is_about(typed: &str, replies: &[Reply]) -> bool {
    let is_it = |list: &str| list.eq_ignore_ascii_case(typed.trim_end_matches('.'));
    replies.iter().any(|reply| match reply {
        Reply::ListState(row) => is_it(&row.list),
        Reply::ListFacts(row) => is_it(&row.list),
        _ => false,
    })
}

/// Returns "yes" if a blocklist lists the address or domain, "could not tell" if none does but a blocklist gave no usable answer,
/// otherwise "no".
fn verdict(replies: &[Reply]) -> Exit {
    let says = |wanted| {
        replies.iter().any(|reply| {
            matches!(reply, Reply::ListTest(test) if test.purpose == Purpose::Block && test.says == Some(wanted))
        })
    };
    match (says(ListSays::Listed), says(ListSays::Unknown)) {
        (true, _) => Exit::Yes,
        (false, true) => Exit::CouldNotTell,
        (false, false) => Exit::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::lists::ListTest;

    #[test]
    fn block_lists_decide_exit_code() {
        use ListSays::{Listed, NotListed, Unknown};
        use Purpose::{Allow, Block, Data};
        type Row = (Purpose, Option<ListSays>);
        let cases: [(&[Row], Exit); 6] = [
            (&[(Block, Some(Listed)), (Block, Some(Unknown))], Exit::Yes),
            (&[(Block, Some(NotListed)), (Allow, Some(Listed)), (Data, Some(Listed))], Exit::No),
            (&[(Block, Some(NotListed)), (Block, Some(Unknown))], Exit::CouldNotTell),
            (&[(Block, Some(NotListed)), (Allow, Some(Unknown)), (Data, Some(Unknown))], Exit::No),
            (&[(Block, None), (Block, Some(Listed))], Exit::Yes),
            (&[(Block, None), (Block, Some(NotListed))], Exit::No),
        ];
        for (rows, exit) in cases {
            let row = |(purpose, says): &Row| {
                Reply::ListTest(ListTest {
                    list: "l.example".to_owned(),
                    purpose: *purpose,
                    says: *says,
                    codes: Vec::new(),
                    text: Vec::new(),
                    why: None,
                    removal: None,
                    elapsed: 0.0,
                })
            };
            assert_eq!(verdict(&rows.iter().map(row).collect::<Vec<_>>()), exit, "{rows:?}");
        }
    }
}
