//! Why a switch, or its undoing, failed.

use std::io;

/// The record of a switch. Its directory belongs to root.
pub const RECORD: &str = "/var/lib/resolverctl/switch.json";

/// Why a step, or its undoing, failed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// A file.
    #[error("cannot {does} {path}: {error}")]
    File {
        /// The verb.
        does: &'static str,
        /// The file.
        path: String,
        /// The error.
        error: io::Error,
    },
    /// A file that has changed since the switch.
    #[error(
        "{path} was changed after the switch, so it was not restored; its text before the switch is in {RECORD}"
    )]
    Changed {
        /// The file.
        path: String,
    },
    /// A link whose target has gone since the switch.
    #[error(
        "{path} was a link to {target}, which does not exist any more; install the program that wrote it"
    )]
    TargetGone {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// A file that programs of this host read, and this one cannot.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// The file.
        path: String,
        /// The error.
        error: String,
    },
    /// A service that has gone since the switch.
    #[error("{unit} is no longer installed")]
    Gone {
        /// Its unit.
        unit: String,
    },
    /// Nobody would answer after the undo.
    #[error(
        "no resolver would answer at {servers}, which /etc/resolv.conf named before the switch{gone}; nothing is changed. Install a resolver, or write the address of one into /etc/resolv.conf, then run this again"
    )]
    NoResolver {
        /// The name servers.
        servers: String,
        /// The services that are gone.
        gone: String,
    },
    /// The operator's own file names resolverd.
    #[error(
        "{path} has changed since the switch and still names resolverd, which was not here before; nothing is changed. Write the address of another resolver, then run this again; the former text is in {RECORD}"
    )]
    StillNamed {
        /// The file.
        path: String,
    },
    /// A step that comes before this one in the undo has failed.
    #[error("resolverd keeps running until the steps above are undone")]
    Needed,
    /// The old resolver runs, but no program listens at its addresses.
    #[error("{unit} runs, but no process listens at {addresses}; see why: journalctl -u {unit}")]
    NotListening {
        /// Its unit.
        unit: String,
        /// Its former addresses.
        addresses: String,
    },
    /// The old resolver could not be started.
    #[error("resolverd is started again, because the former resolver does not answer")]
    StartedAgain,
    /// Nobody answered at the addresses of a restored `resolv.conf`.
    #[error("{path} names resolverd again, because nobody answers at the addresses that it named before")]
    NamedAgain {
        /// The file.
        path: String,
    },
    /// A signal came.
    #[error("a signal interrupted the switch before this step")]
    Interrupted,
    /// Another process switches.
    #[error("another `resolverctl switch` is running")]
    Busy,
    /// systemctl has failed.
    #[error("systemctl {arguments}: {}{}", .said.trim_end_matches('.'), log_of(.arguments))]
    Systemctl {
        /// Its arguments.
        arguments: String,
        /// The end of its output.
        said: String,
    },
    /// Port 53 is still taken.
    #[error("port 53 is still taken: {holders}")]
    Port {
        /// The finding of `check system`.
        holders: String,
    },
    /// There is a record already.
    #[error(
        "an earlier switch was cut off, or this host was changed since; undo it first: `resolverctl switch --back`"
    )]
    Recorded,
    /// There is no record.
    #[error("there is no switch to undo: {RECORD} does not exist")]
    NotRecorded,
    /// The record may have been written by somebody else than root.
    #[error("{RECORD} does not belong to root alone, or is no record of this version; nothing is changed")]
    Untrusted,
}

/// The command that shows the log of the units that systemctl was given; empty if there are none.
fn log_of(arguments: &str) -> String {
    let units = arguments.split(' ').filter(|word| word.ends_with(".service") || word.ends_with(".socket"));
    let units: Vec<String> = units.map(|unit| format!(" -u {unit}")).collect();
    if units.is_empty() { String::new() } else { format!("; to see why: journalctl -e{}", units.concat()) }
}

impl SwitchError {
    /// Whether somebody has changed the host since the switch, which counts more than the state of before.
    pub const fn is_later_work(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Gone { .. })
    }
}
