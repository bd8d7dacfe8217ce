//! The steps of a switch to resolverd, and the states of the host before them.

use serde::{Deserialize, Serialize};

/// One step of a switch: a change of this host, and the reason for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchStep {
    /// The change that the step makes.
    pub change: Change,
    /// The reason for the change, as a sentence for the operator.
    pub why: String,
}

/// A change of this host by a switch. The undo can reverse it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Write a file of the host.
    File {
        /// Path of the file on the host.
        path: String,
        /// Complete new text of the file.
        text: String,
        /// The service that must read the new file, if it is running.
        informs: Option<Informed>,
    },
    /// Stop a systemd service.
    Stop {
        /// Name of the systemd unit.
        unit: String,
    },
    /// Disable a systemd service, so that it does not start at boot.
    Disable {
        /// Name of the systemd unit.
        unit: String,
    },
    /// Start the systemd units of resolverd now, and enable them at boot.
    Start,
}

/// A service that must read a file again after the switch has changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informed {
    /// Name of the systemd unit.
    pub unit: String,
    /// True if the service must be restarted. Such a service cannot read the file again while it runs.
    pub restart: bool,
}

/// The state of a file or of services before a change by the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBefore {
    /// The file did not exist.
    Missing {
        /// Paths of the directories that must be created for the file, the outermost first.
        made: Vec<String>,
    },
    /// The file was a symbolic link.
    Link {
        /// Target of the link.
        target: String,
        /// True if the target of the link did not exist. With such a `resolv.conf`, the C library asks 127.0.0.1.
        dangling: bool,
    },
    /// The file was a regular file.
    Text {
        /// Text of the file.
        text: String,
    },
    /// The change concerned systemd units.
    Units {
        /// The units, and their states before the change.
        units: Vec<UnitState>,
    },
}

/// The state of a systemd unit, as `systemctl show` reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// Name of the unit.
    pub unit: String,
    /// True if the unit exists.
    pub exists: bool,
    /// True if the unit starts at boot.
    pub enabled: bool,
    /// True if the unit is running now.
    pub active: bool,
}

/// The unit of NetworkManager, which may run its own dnsmasq.
pub(super) const NETWORK_MANAGER: &str = "NetworkManager.service";

/// The systemd units of resolverd.
pub(crate) const OWN_UNITS: [&str; 2] = ["resolverd.socket", "resolverd.service"];

/// The texts for the operator about a change of the host.
#[derive(Clone, Debug)]
pub struct ChangeWords {
    /// What the change does, as a part of a sentence.
    pub does: String,
    /// The text after "restored" or "removed", when the change was undone.
    pub undone: String,
    /// The text about the state of this host, if the change could not be undone.
    pub not_undone: String,
}

impl Change {
    /// Returns the texts for the operator about this change.
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
