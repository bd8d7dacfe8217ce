//! The errors of a switch and of its undo.

use std::io;

/// The record of a switch: its steps, and the state of this host before each. Only root can write to its directory.
pub const RECORD: &str = "/var/lib/resolverctl/switch.json";

/// Why a step of the switch, or its undo, failed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// The host was not started by systemd.
    #[error(
        "this host does not run systemd, which `switch` needs: start resolverd with the service manager of this host, and write `nameserver 127.0.0.1` and `options edns0 trust-ad` into /etc/resolv.conf"
    )]
    NoSystemd,
    /// The host was not started by systemd, so `switch` has changed nothing that it could undo.
    #[error(
        "this host does not run systemd, which `switch` needs: start the former resolver with the service manager of this host, write its address into /etc/resolv.conf, then stop resolverd"
    )]
    NoSystemdToGoBack,
    /// A file cannot be read, written or removed.
    #[error("cannot {does} {path}: {error}")]
    File {
        /// The failed action, as a verb for the error message: read, write or remove.
        does: &'static str,
        /// The path of the file.
        path: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file is not restored, because somebody changed it after the switch.
    #[error("{path} was changed after the switch; its text before the switch is in {RECORD}")]
    Changed {
        /// The path of the file.
        path: String,
    },
    /// A symbolic link is not restored, because its target no longer exists.
    #[error(
        "{path} was a link to {target}, which does not exist any more; install the program that wrote it"
    )]
    TargetGone {
        /// The path of the link.
        path: String,
        /// The target of the link.
        target: String,
    },
    /// resolverctl cannot read a file that the programs of this host use.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// The path of the file.
        path: String,
        /// Why the file cannot be read.
        error: String,
    },
    /// A service was uninstalled after the switch.
    #[error("{unit} is no longer installed")]
    Gone {
        /// The systemd unit.
        unit: String,
    },
    /// After the undo, no resolver would answer the programs of this host, so nothing is undone.
    #[error(
        "no resolver would answer at {servers}, which /etc/resolv.conf named before the switch{gone}; nothing is changed. Install a resolver, or write the address of one into /etc/resolv.conf, then run this again"
    )]
    NoResolver {
        /// The name servers in `resolv.conf` before the switch.
        servers: String,
        /// The end of a sentence about services that no longer exist; empty if all exist.
        gone: String,
    },
    /// The operator has changed `resolv.conf` after the switch, and it still names resolverd, which the undo would stop.
    #[error(
        "{path} has changed since the switch and still names resolverd, which was not here before; nothing is changed. Write the address of another resolver, then run this again; the former text is in {RECORD}"
    )]
    StillNamed {
        /// The path of the file.
        path: String,
    },
    /// This step is not undone, because the undo of another step failed, and that step must be undone before this one.
    #[error("resolverd must keep running until the failures above are repaired")]
    Needed,
    /// The old resolver runs, but does not listen at its addresses.
    #[error("{unit} runs, but no process listens at {addresses}; see why: journalctl -u {unit}")]
    NotListening {
        /// The systemd unit of the old resolver.
        unit: String,
        /// The addresses before the switch.
        addresses: String,
    },
    /// After the undo, the old resolver does not answer, so resolverd was started again.
    #[error("the former resolver does not answer, so resolverd was started again")]
    StartedAgain,
    /// No resolver answered at the addresses in the restored `resolv.conf`, so it names resolverd again.
    #[error("{path} names resolverd again, because nobody answers at the addresses that it named before")]
    NamedAgain {
        /// The path of the file.
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
        /// The arguments, separated by spaces.
        arguments: String,
        /// The end of the output.
        said: String,
    },
    /// A file was restored, but its service did not read it again.
    #[error("the file is restored, but {0}")]
    NotInformed(Box<SwitchError>),
    /// Another program still uses port 53, so resolverd cannot be started.
    #[error("port 53 is still taken: {holders}")]
    Port {
        /// The programs that use port 53, as `check system` prints them.
        holders: String,
    },
    /// There is a record of an earlier switch.
    #[error(
        "an earlier switch was cut off, or this host was changed since; undo it first: `resolverctl switch --back`"
    )]
    Recorded,
    /// There is no record of a switch.
    #[error("there is no switch to undo: {RECORD} does not exist")]
    NotRecorded,
    /// Another user than root may have written the record, so it is not trusted.
    #[error("{RECORD} does not belong to root alone, or is no record of this version; nothing is changed")]
    Untrusted,
}

/// Returns the command that shows the log of the units in `arguments`, for an error text; empty if there are no units.
fn log_of(arguments: &str) -> String {
    let units = arguments.split(' ').filter(|word| word.ends_with(".service") || word.ends_with(".socket"));
    let units: Vec<String> = units.map(|unit| format!(" -u {unit}")).collect();
    if units.is_empty() { String::new() } else { format!("; to see why: journalctl -e{}", units.concat()) }
}

impl SwitchError {
    /// Returns true if the step was not undone because somebody has changed this host since the switch.
    pub const fn is_later_work(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Gone { .. })
    }
}
