//! The steps of a switch, and the state before each.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A step: a change with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchStep {
    /// The change.
    pub change: Change,
    /// The reason, in one sentence.
    pub why: String,
}

/// One change of this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Write a file.
    File {
        /// Its path on the host.
        path: String,
        /// Its whole text.
        text: String,
        /// The service that then reads it, if it runs.
        informs: Option<Informed>,
    },
    /// Stop a service.
    Stop {
        /// Its unit.
        unit: String,
    },
    /// Start a service no more at boot.
    Disable {
        /// Its unit.
        unit: String,
    },
    /// Start the units of resolverd, now and at each boot.
    Start,
}

/// A service that reads a changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informed {
    /// Its unit.
    pub unit: String,
    /// Whether it must be restarted, because it does not reload.
    pub restart: bool,
}

/// The state before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBefore {
    /// There was no file; these directories were made for it, the outermost first.
    Missing {
        /// Their paths on the host.
        made: Vec<String>,
    },
    /// A link.
    Link {
        /// Its target.
        target: String,
        /// Whether the target did not exist. The C library then asks 127.0.0.1.
        dangling: bool,
    },
    /// A file.
    Text {
        /// Its text.
        text: String,
    },
    /// Units.
    Units {
        /// Each with its state.
        units: Vec<UnitState>,
    },
}

/// The state of a unit of systemd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// Its name.
    pub unit: String,
    /// Whether it exists.
    pub exists: bool,
    /// Whether it starts at boot.
    pub enabled: bool,
    /// Whether it runs.
    pub active: bool,
}

/// The unit of NetworkManager, which may run a dnsmasq of its own.
pub(super) const NETWORK_MANAGER: &str = "NetworkManager.service";

/// The units of resolverd.
pub(crate) const OWN_UNITS: [&str; 2] = ["resolverd.socket", "resolverd.service"];

impl Change {
    /// The words behind "restored" or "removed" for the change.
    pub fn undone(&self) -> String {
        match self {
            Self::File { path, informs: None, .. } => path.clone(),
            Self::File { path, informs: Some(informed), .. } => {
                let verb = if informed.restart { "restarted" } else { "reloaded" };
                format!("{path}, and {verb} {}", informed.unit)
            }
            Self::Stop { unit } => format!("{unit}: it runs again"),
            Self::Disable { unit } => format!("{unit}: it starts at boot again"),
            Self::Start => {
                format!("{} to their state before the switch", OWN_UNITS.join(" and "))
            }
        }
    }
}

impl Change {
    /// The state of this host if the change could not be undone.
    pub fn not_undone(&self) -> String {
        match self {
            Self::File { path, .. } => format!("{path} was not restored"),
            Self::Stop { unit } => format!("{unit} was not started again"),
            Self::Disable { unit } => format!("{unit} was not enabled again"),
            Self::Start => {
                format!("{} stay in use", OWN_UNITS.join(" and "))
            }
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, informs: None, .. } => write!(out, "write {path}"),
            Self::File { path, informs: Some(informed), .. } => {
                let verb = if informed.restart { "restart" } else { "reload" };
                write!(out, "write {path}, then {verb} {}", informed.unit)
            }
            Self::Stop { unit } => write!(out, "stop {unit}"),
            Self::Disable { unit } => write!(out, "disable {unit}"),
            Self::Start => write!(out, "start and enable {}", OWN_UNITS.join(" and ")),
        }
    }
}
