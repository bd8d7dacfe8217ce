//! The steps of a switch to resolverd, and the states of the host before them.

use serde::{Deserialize, Serialize};

/// A step of a switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchStep {
    /// The change of this host.
    pub change: Change,
    /// The reason for the change, as a sentence for the operator.
    pub why: String,
}

/// A change of this host, which the undo can reverse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Write a file.
    File {
        /// The path of the file.
        path: String,
        /// The new text of the file.
        text: String,
        /// The service that must read the file, if it runs.
        informs: Option<Informed>,
    },
    /// Stop a systemd service.
    Stop {
        /// The systemd unit.
        unit: String,
    },
    /// Disable a systemd service at boot.
    Disable {
        /// The systemd unit.
        unit: String,
    },
    /// Start resolverd's systemd units, and enable them at boot.
    Start,
}

/// A service that must read a changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informed {
    /// The systemd unit.
    pub unit: String,
    /// True if the service must be restarted, because it cannot read the file while it runs.
    pub restart: bool,
}

/// The state of a file or of services before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBefore {
    /// The file did not exist.
    Missing {
        /// The directories that must be created for the file, the outermost first.
        made: Vec<String>,
    },
    /// The file was a symbolic link.
    Link {
        /// The target of the link.
        target: String,
        /// True if the target did not exist. With such a `resolv.conf`, the C library queries 127.0.0.1.
        dangling: bool,
    },
    /// The file was a regular file.
    Text {
        /// The text of the file.
        text: String,
    },
    /// The change concerned systemd units.
    Units {
        /// The units with their states.
        units: Vec<UnitState>,
    },
}

/// The state of a systemd unit, as `systemctl show` reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// The name of the unit.
    pub unit: String,
    /// True if the unit exists.
    pub exists: bool,
    /// True if the unit starts at boot.
    pub enabled: bool,
    /// True if the unit runs.
    pub active: bool,
}

/// NetworkManager may run its own dnsmasq.
pub(super) const NETWORK_MANAGER: &str = "NetworkManager.service";

pub(crate) const OWN_UNITS: [&str; 2] = ["resolverd.socket", "resolverd.service"];

/// Texts for the operator about a change.
#[derive(Clone, Debug)]
pub struct ChangeWords {
    /// What the change does, as a part of a sentence.
    pub does: String,
    /// The text after "restored" or "removed", when the change was undone.
    pub undone: String,
    /// The text about this host if the change could not be undone.
    pub not_undone: String,
}

impl Change {
    /// Returns the texts for the operator.
    pub fn words(&self) -> ChangeWords {
        let own = OWN_UNITS.join(" and ");
        let (does, undone, not_undone) = match self {
            Self::File { path, informs, .. } => {
                let verb = |informed: &Informed| if informed.restart { "restart" } else { "reload" };
                let then = |it: &Informed| format!(", then {} {}", verb(it), it.unit);
                let and = |it: &Informed| format!(", and {}ed {}", verb(it), it.unit);
                (
                    format!("write {path}{}", informs.as_ref().map(then).unwrap_or_default()),
                    format!("{path}{}", informs.as_ref().map(and).unwrap_or_default()),
                    format!("{path} was not restored"),
                )
            }
            Self::Stop { unit } => (
                format!("stop {unit}"),
                format!("{unit}: it runs again"),
                format!("{unit} was not started again"),
            ),
            Self::Disable { unit } => (
                format!("disable {unit}"),
                format!("{unit}: it starts at boot again"),
                format!("{unit} was not enabled again"),
            ),
            Self::Start => (
                format!("start and enable {own}"),
                format!("{own} to their state before the switch"),
                format!("{own}, so that this host keeps a resolver"),
            ),
        };
        ChangeWords { does, undone, not_undone }
    }
}
