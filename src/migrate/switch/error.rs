//! The errors of a switch and of its undo.

use std::io;

/// Path of the record of a switch. Its directory belongs to root.
pub const RECORD: &str = "/var/lib/resolverctl/switch.json";

/// The reason why a step, or the undo of a step, failed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// A file cannot be read, written or removed.
    #[error("cannot {does} {path}: {error}")]
    File {
        /// The verb for the message.
        does: &'static str,
        /// The file.
        path: String,
        /// The error.
        error: io::Error,
    },
    /// A file was changed after the switch.
    #[error(
        "{path} was changed after the switch, so it was not restored; its text before the switch is in {RECORD}"
    )]
    Changed {
        /// The file.
        path: String,
    },
    /// The target of a link no longer exists.
    #[error(
        "{path} was a link to {target}, which does not exist any more; install the program that wrote it"
    )]
    TargetGone {
        /// The link.
        path: String,
        /// Its target.
        target: String,
    },
    /// A file that programs of this host read is not readable for this program.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// The file.
        path: String,
        /// The error.
        error: String,
    },
    /// A service was uninstalled after the switch.
    #[error("{unit} is no longer installed")]
    Gone {
        /// Unit of the service.
        unit: String,
    },
    /// After the undo, no resolver would answer.
    #[error(
        "no resolver would answer at {servers}, which /etc/resolv.conf named before the switch{gone}; nothing is changed. Install a resolver, or write the address of one into /etc/resolv.conf, then run this again"
    )]
    NoResolver {
        /// The name servers of the former `resolv.conf`.
        servers: String,
        /// The services that no longer exist.
        gone: String,
    },
    /// A file that the operator has changed names resolverd.
    #[error(
        "{path} has changed since the switch and still names resolverd, which was not here before; nothing is changed. Write the address of another resolver, then run this again; the former text is in {RECORD}"
    )]
    StillNamed {
        /// The file.
        path: String,
    },
    /// A step that must be undone before this one could not be undone.
    #[error("resolverd must keep running until the failures above are repaired")]
    Needed,
    /// The old resolver runs, but no program listens at its addresses.
    #[error("{unit} runs, but no process listens at {addresses}; see why: journalctl -u {unit}")]
    NotListening {
        /// Unit of the old resolver.
        unit: String,
        /// Former addresses of the old resolver.
        addresses: String,
    },
    /// The old resolver could not be started.
    #[error("resolverd is started again, because the former resolver does not answer")]
    StartedAgain,
    /// No resolver answered at the addresses of the restored `resolv.conf`.
    #[error("{path} names resolverd again, because nobody answers at the addresses that it named before")]
    NamedAgain {
        /// The file.
        path: String,
    },
    /// A signal was received.
    #[error("a signal interrupted the switch before this step")]
    Interrupted,
    /// Another process is carrying out a switch.
    #[error("another `resolverctl switch` is running")]
    Busy,
    /// systemctl failed.
    #[error("systemctl {arguments}: {}{}", .said.trim_end_matches('.'), log_of(.arguments))]
    Systemctl {
        /// Arguments of systemctl.
        arguments: String,
        /// End of the output of systemctl.
        said: String,
    },
    /// A service was not informed of a file that was restored.
    #[error("the file is restored, but {0}")]
    NotInformed(Box<SwitchError>),
    /// Port 53 is still taken.
    #[error("port 53 is still taken: {holders}")]
    Port {
        /// Finding of `check system` about the programs that use the port.
        holders: String,
    },
    /// A record already exists.
    #[error(
        "an earlier switch was cut off, or this host was changed since; undo it first: `resolverctl switch --back`"
    )]
    Recorded,
    /// There is no record.
    #[error("there is no switch to undo: {RECORD} does not exist")]
    NotRecorded,
    /// Another user than root may have written the record.
    #[error("{RECORD} does not belong to root alone, or is no record of this version; nothing is changed")]
    Untrusted,
}

/// Returns the command that shows the log of the units passed to systemctl; empty if there are none.
fn log_of(arguments: &str) -> String {
    let units = arguments.split(' ').filter(|word| word.ends_with(".service") || word.ends_with(".socket"));
    let units: Vec<String> = units.map(|unit| format!(" -u {unit}")).collect();
    if units.is_empty() { String::new() } else { format!("; to see why: journalctl -e{}", units.concat()) }
}

impl SwitchError {
    /// Returns true if the error means that someone has changed the host since the switch. Such changes take precedence over the
    /// state before the switch.
    pub const fn is_later_work(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Gone { .. })
    }
}
