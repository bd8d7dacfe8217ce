//! The errors of a switch and of its undo.

use std::io;

/// Path of the record of a switch, which lists its steps and the state before each. Only root can write to its directory.
pub const RECORD: &str = "/var/lib/resolverctl/switch.json";

/// The reason why a step, or the undo of a step, failed.
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
        /// The failed action, as a verb for the message.
        does: &'static str,
        /// Path of the file.
        path: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file was changed after the switch.
    #[error(
        "{path} was changed after the switch, so it was not restored; its text before the switch is in {RECORD}"
    )]
    Changed {
        /// Path of the file.
        path: String,
    },
    /// The target of a link no longer exists.
    #[error(
        "{path} was a link to {target}, which does not exist any more; install the program that wrote it"
    )]
    TargetGone {
        /// Path of the link.
        path: String,
        /// Target of the link.
        target: String,
    },
    /// A file that programs of this host use cannot be read by resolverctl.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// Path of the file.
        path: String,
        /// Why the file cannot be read.
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
        /// Path of the file.
        path: String,
    },
    /// The step was not undone, because another step that must be undone first could not be undone.
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
        /// Path of the file.
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
        /// The end of what systemctl printed.
        said: String,
    },
    /// A file was restored, but its service could not be informed that it must read the file again.
    #[error("the file is restored, but {0}")]
    NotInformed(Box<SwitchError>),
    /// Port 53 is still used by another program.
    #[error("port 53 is still taken: {holders}")]
    Port {
        /// Finding of `check system` about the programs that use the port.
        holders: String,
    },
    /// A record of an earlier switch already exists.
    #[error(
        "an earlier switch was cut off, or this host was changed since; undo it first: `resolverctl switch --back`"
    )]
    Recorded,
    /// There is no record of a switch.
    #[error("there is no switch to undo: {RECORD} does not exist")]
    NotRecorded,
    /// A user other than root may have written the record, so it is not trusted.
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
