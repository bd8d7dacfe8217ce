//! The steps of a switch, and the state before each.

use serde::{Deserialize, Serialize};

/// A step: a change with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchStep {
    /// The change that the step makes.
    pub change: Change,
    /// The reason for the change, in one sentence.
    pub why: String,
}

/// One change of this host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Write a file.
    File {
        /// Path of the file on the host.
        path: String,
        /// Complete new text of the file.
        text: String,
        /// The service that must read the new file, if it is running.
        informs: Option<Informed>,
    },
    /// Stop a service.
    Stop {
        /// Unit of the service.
        unit: String,
    },
    /// Disable a service, so that it does not start at boot.
    Disable {
        /// Unit of the service.
        unit: String,
    },
    /// Start the units of resolverd now, and enable them at boot.
    Start,
}

/// A service that must read a changed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informed {
    /// Unit of the service.
    pub unit: String,
    /// True if the service must be restarted, because it cannot reload.
    pub restart: bool,
}

/// The state before a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateBefore {
    /// The file did not exist.
    Missing {
        /// Paths of the directories that were created for the file, the outermost first.
        made: Vec<String>,
    },
    /// The file was a link.
    Link {
        /// Target of the link.
        target: String,
        /// True if the target did not exist. In this case the C library asks 127.0.0.1.
        dangling: bool,
    },
    /// The file was a regular file.
    Text {
        /// Text of the file.
        text: String,
    },
    /// The change stops, starts or disables systemd units.
    Units {
        /// The units, and their states before the change.
        units: Vec<UnitState>,
    },
}

/// The state of a systemd unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// Name of the unit.
    pub unit: String,
    /// True if the unit exists.
    pub exists: bool,
    /// True if the unit starts at boot.
    pub enabled: bool,
    /// True if the unit is running.
    pub active: bool,
}

/// The unit of NetworkManager, which may run its own dnsmasq.
pub(super) const NETWORK_MANAGER: &str = "NetworkManager.service";

/// The systemd units of resolverd.
pub(crate) const OWN_UNITS: [&str; 2] = ["resolverd.socket", "resolverd.service"];

/// The texts that describe a change.
#[derive(Clone, Debug)]
pub struct ChangeWords {
    /// Text that says what the change does.
    pub does: String,
    /// Text that follows "restored" or "removed" when the change is undone.
    pub undone: String,
    /// Text that describes the host if the change could not be undone.
    pub not_undone: String,
}

impl Change {
    /// Returns the texts that describe the change.
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
                format!("{own} stay in use"),
            ),
        };
        ChangeWords { does, undone, not_undone }
    }
}
