//! How resolverctl ends: with an exit code for scripts, and an error message for people.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use host::switch::SwitchError;
use import::ImportError;
use protocol::{Blame, Problem, Reply};

/// Exit codes, the same for every command. Only `status --plugin` has other codes: those of Nagios plug-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Yes: the daemon is healthy, the name has data of the wanted type, or the action is done.
    Yes,
    /// No: the daemon is not healthy, the name does not exist, or it has no data of the wanted type.
    No,
    /// The command line is invalid.
    Usage,
    /// The daemon does not answer on its control socket.
    Unreachable,
    /// Neither yes nor no: the query failed or the reply was cut off.
    CouldNotTell,
    /// This user has no permission to use the control socket, or to send this request.
    Permission,
    /// The checked configuration file has errors.
    ConfigInvalid,
    /// The exit code of `status --plugin`: the state that the plug-in reports to a monitoring system.
    Plugin(PluginState),
}

/// The state of resolverd for a monitoring system such as Nagios. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginState {
    /// No problem was found.
    Ok = 0,
    /// A problem, such as many failing queries, packet loss or a certificate that expires soon.
    Warning = 1,
    /// Queries of all kinds fail, a certificate has expired, or the daemon does not run or does not reply.
    Critical = 2,
    /// Unknown: this user has no permission to use the control socket.
    Unknown = 3,
}

impl PluginState {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

impl Exit {
    /// Returns "no" if `failure` is true, otherwise "could not tell" if `unknown` is true, otherwise "yes".
    pub(super) const fn judged(failure: bool, unknown: bool) -> Self {
        match (failure, unknown) {
            (true, _) => Self::No,
            (false, true) => Self::CouldNotTell,
            (false, false) => Self::Yes,
        }
    }

    pub(super) fn of_reload(replies: &[Reply]) -> Self {
        let is_wrong = replies.iter().any(|reply| matches!(reply, Reply::Wrong { .. }));
        if is_wrong { Self::ConfigInvalid } else { Self::Yes }
    }

    /// Returns the exit code as a number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::CouldNotTell => 4,
            Self::Permission => 5,
            Self::ConfigInvalid => 6,
            Self::Plugin(state) => state as u8,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command has failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// No process listens on the control socket.
    #[error(
        "cannot connect to resolverd at {socket}: {error}; start it (`systemctl start resolverd`), or give its socket with --socket"
    )]
    Unreachable {
        /// The path of the control socket.
        socket: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// This user has no permission to use the control socket.
    #[error("permission denied for {socket}; use sudo, or join the group that owns the socket")]
    Permission {
        /// Path of the control socket.
        socket: PathBuf,
    },
    /// The daemon did not reply within this time.
    #[error("resolverd did not reply within {} s; see `systemctl status resolverd`", .0.as_secs_f64())]
    Timeout(Duration),
    /// The daemon has stopped during the command.
    #[error(
        "resolverd has stopped; when it runs again (`systemctl start resolverd`), run this command again"
    )]
    Stopped,
    /// The reply of the daemon is incomplete or cannot be parsed. The text says why.
    #[error("no usable reply from resolverd: {0}")]
    CutOff(String),
    /// The daemon refused the request. `Problem` contains the reason.
    #[error("{0}")]
    Problem(#[from] Problem),
    /// The command line is not valid, but operators may guess it. The text says what to type instead.
    #[error("wrong command line; use instead:\n  {0}")]
    Guessed(String),
    /// An input file of the command line cannot be used.
    #[error("cannot read {file}: {error}")]
    Input {
        /// Path of the file; `-` is standard input.
        file: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// An output file of the command line cannot be written.
    #[error("cannot write {file}: {error}")]
    Written {
        /// Path of the file.
        file: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The configuration of another resolver cannot be imported.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// The switch from another resolver to resolverd cannot start, or its steps cannot be undone.
    #[error("{0}")]
    Switch(#[from] SwitchError),
    /// The user must be root for this command, because it changes this host.
    #[error("run this command as root")]
    NotRoot,
    /// The output cannot be written to standard output.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl CommandFailure {
    /// Returns the exit code for this failure.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::Stopped => Exit::Unreachable,
            Self::Permission { .. }
            | Self::NotRoot
            | Self::Problem(Problem { fault: Blame::Permission, .. }) => Exit::Permission,
            Self::Switch(
                SwitchError::Recorded
                | SwitchError::NotRecorded
                | SwitchError::NoSystemd
                | SwitchError::NoSystemdToGoBack,
            ) => Exit::No,
            Self::Guessed(_)
            | Self::Input { .. }
            | Self::Written { .. }
            | Self::Problem(Problem { fault: Blame::Request, .. }) => Exit::Usage,
            Self::Import(_) => Exit::ConfigInvalid,
            Self::Timeout(_) | Self::CutOff(_) | Self::Output(_) | Self::Switch(_) | Self::Problem(_) => {
                Exit::CouldNotTell
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_its_code() {
        let exit = |fault| CommandFailure::Problem(Problem { fault, sentence: String::new() }).exit();
        assert_eq!(exit(Blame::Request), Exit::Usage);
        assert_eq!(exit(Blame::Daemon), Exit::CouldNotTell);
        assert_eq!(exit(Blame::Permission), Exit::Permission);
        assert_eq!(Exit::ConfigInvalid.code(), 6);
    }
}
