//! The end of resolverctl: a code for scripts, a sentence for people.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::control::protocol::{Blame, Problem};
use crate::import::ImportError;

/// Exit codes; the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Yes: healthy, the name has such data, or done.
    Yes = 0,
    /// No: not healthy, no such name, or no such data.
    No = 1,
    /// The command line is invalid.
    Usage = 2,
    /// No daemon answers.
    Unreachable = 3,
    /// Neither yes nor no: the query failed, or the reply was cut off.
    CouldNotTell = 4,
    /// This user may not ask the daemon, or not for this.
    Permission = 5,
    /// The configuration file has errors.
    ConfigInvalid = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum CommandFailure {
    /// No process listens at the socket.
    #[error(
        "cannot connect to resolverd at {socket}: {error}; start it (`systemctl start resolverd`), or give its socket with --socket"
    )]
    Unreachable {
        /// The socket that was tried.
        socket: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// This user may not use the socket.
    #[error("permission denied for {socket}; use sudo, or join the group that owns the socket")]
    Permission {
        /// The socket that was tried.
        socket: PathBuf,
    },
    /// The reply is incomplete.
    #[error("no usable reply from resolverd: {0}")]
    CutOff(String),
    /// The daemon refused.
    #[error("{0}")]
    Problem(#[from] Problem),
    /// A file of the command line cannot be used.
    #[error("cannot read {file}: {error}")]
    Input {
        /// The file; `-` is standard input.
        file: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// The configuration of another resolver cannot be imported.
    #[error("{0}")]
    Import(#[from] ImportError),
    /// The reply cannot be printed.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

impl CommandFailure {
    /// The exit code.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } => Exit::Unreachable,
            Self::Permission { .. } | Self::Problem(Problem { fault: Blame::Permission, .. }) => {
                Exit::Permission
            }
            Self::Input { .. } | Self::Problem(Problem { fault: Blame::Request, .. }) => Exit::Usage,
            Self::Import(_) => Exit::ConfigInvalid,
            Self::CutOff(_) | Self::Output(_) | Self::Problem(_) => Exit::CouldNotTell,
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
        assert_eq!(Exit::ConfigInvalid as u8, 6);
    }
}
