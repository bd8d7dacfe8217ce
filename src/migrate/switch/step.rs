//! The steps of a switch, and the state before each.

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

/// A change in words.
#[derive(Clone, Debug)]
pub struct ChangeWords {
    /// What it does.
    pub does: String,
    /// The words behind "restored" or "removed" when it is undone.
    pub undone: String,
    /// The state of this host if it could not be undone.
    pub not_undone: String,
}

impl Change {
    /// The change in words.
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
