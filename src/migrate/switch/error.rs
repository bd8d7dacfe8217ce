//! The errors of a switch and of its undo.

use std::io;

/// Path of the file that records a switch: its steps, and the state of this host before each. Only root can write to its directory.
pub const RECORD: &str = "/var/lib/resolverctl/switch.json";

/// The reason why a step of the switch, or the undo of a step, failed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The host was not started by systemd.
    #[error(
        "this host does not run systemd, which `switch` needs: start resolverd with the service manager of this host, and write `nameserver 127.0.0.1` and `options edns0 trust-ad` into /etc/resolv.conf"
    )]
    NoSystemd,
    /// A file cannot be read, written or removed.
    #[error("cannot {does} {path}: {error}")]
    File {
        /// The action that failed, as a verb for the error message: read, write or remove.
        does: &'static str,
        /// Path of the file.
        path: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file was changed by someone else after the switch, so it is not restored.
    #[error("{path} was changed after the switch; its text before the switch is in {RECORD}")]
    Changed {
        /// Path of the file on the host.
        path: String,
    },
    /// A file cannot be restored as the link that it was, because the target of the link no longer exists.
    #[error(
        "{path} was a link to {target}, which does not exist any more; install the program that wrote it"
    )]
    TargetGone {
        /// Path of the symbolic link on the host.
        path: String,
        /// Target of the symbolic link.
        target: String,
    },
    /// resolverctl cannot read a file that the programs of this host use.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// Path of the file.
        path: String,
        /// Why the file cannot be read.
        error: String,
    },
    /// A service does not exist any more, because it was uninstalled after the switch.
    #[error("{unit} is no longer installed")]
    Gone {
        /// Name of the systemd unit.
        unit: String,
    },
    /// No resolver would answer the programs of this host after the undo, so nothing is undone.
    #[error(
        "no resolver would answer at {servers}, which /etc/resolv.conf named before the switch{gone}; nothing is changed. Install a resolver, or write the address of one into /etc/resolv.conf, then run this again"
    )]
    NoResolver {
        /// The addresses of the name servers that `resolv.conf` had before the switch.
        servers: String,
        /// A part of the error message that names the services which no longer exist; empty if all exist.
        gone: String,
    },
    /// The operator has changed `resolv.conf` after the switch, and it still names resolverd, which the undo would stop.
    #[error(
        "{path} has changed since the switch and still names resolverd, which was not here before; nothing is changed. Write the address of another resolver, then run this again; the former text is in {RECORD}"
    )]
    StillNamed {
        /// Path of the file.
        path: String,
    },
    /// The step was not undone, because another step must be undone before it, and the undo of that step failed.
    #[error("resolverd must keep running until the failures above are repaired")]
    Needed,
    /// The old resolver runs, but no program listens at its addresses.
    #[error("{unit} runs, but no process listens at {addresses}; see why: journalctl -u {unit}")]
    NotListening {
        /// Name of the systemd unit of the old resolver.
        unit: String,
        /// The addresses at which the old resolver listened before the switch.
        addresses: String,
    },
    /// The old resolver does not answer after the undo, so resolverd was started again.
    #[error("the former resolver does not answer, so resolverd was started again")]
    StartedAgain,
    /// After `resolv.conf` was restored, no resolver answered at the addresses in it. So it was changed to name resolverd again.
    #[error("{path} names resolverd again, because nobody answers at the addresses that it named before")]
    NamedAgain {
        /// Path of the file.
        path: String,
    },
    /// A signal was received before the step was carried out.
    #[error("a signal interrupted the switch before this step")]
    Interrupted,
    /// Another process is carrying out a switch.
    #[error("another `resolverctl switch` is running")]
    Busy,
    /// The command `systemctl` failed.
    #[error("systemctl {arguments}: {}{}", .said.trim_end_matches('.'), log_of(.arguments))]
    Systemctl {
        /// Arguments of `systemctl`, separated by spaces.
        arguments: String,
        /// The last part of the text that `systemctl` has printed.
        said: String,
    },
    /// A file was restored, but its service did not accept the command to read the file again.
    #[error("the file is restored, but {0}")]
    NotInformed(Box<SwitchError>),
    /// Port 53 is still used by another program, so resolverd cannot be started.
    #[error("port 53 is still taken: {holders}")]
    Port {
        /// The text of `check system` about the programs that use port 53.
        holders: String,
    },
    /// A record of an earlier switch already exists, so a new switch must not begin.
    #[error(
        "an earlier switch was cut off, or this host was changed since; undo it first: `resolverctl switch --back`"
    )]
    Recorded,
    /// There is no record of a switch, so there is nothing to undo.
    #[error("there is no switch to undo: {RECORD} does not exist")]
    NotRecorded,
    /// A user other than root may have written the record of the switch, so it is not trusted.
    #[error("{RECORD} does not belong to root alone, or is no record of this version; nothing is changed")]
    Untrusted,
}

/// Returns a part of an error text: the command that shows the log of the units in `arguments`, the arguments of systemctl. Empty if they name no
/// unit.
fn log_of(arguments: &str) -> String {
    let units = arguments.split(' ').filter(|word| word.ends_with(".service") || word.ends_with(".socket"));
    let units: Vec<String> = units.map(|unit| format!(" -u {unit}")).collect();
    if units.is_empty() { String::new() } else { format!("; to see why: journalctl -e{}", units.concat()) }
}

impl SwitchError {
    /// Returns true if the step was not undone because someone has changed this host since the switch. Such a change is kept, and is not
    /// replaced by the state before the switch.
    pub const fn is_later_work(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Gone { .. })
    }
}
