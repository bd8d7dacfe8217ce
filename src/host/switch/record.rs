//! The record of a switch on disk: the services at port 53, and each step with the state before it. Also the lock that lets only one process write
//! the record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RECORD, SwitchError};
use super::machine::Machine;
use super::step::{OWN_UNITS, StateBefore, SwitchStep};
use crate::limits::MAX_SWITCHED_FILE;
use crate::system::host::CheckedHost;
use crate::system::{port, proc};
use config::files::open_regular;

/// A record with another version is not used.
const VERSION: u32 = 1;

const OTHERS_WRITE: u32 = 0o022;

/// A service that listened on port 53 before the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FormerHolder {
    /// The systemd unit.
    pub unit: String,
    /// The addresses at which the service listened.
    pub addresses: Vec<IpAddr>,
}

impl FormerHolder {
    /// Returns true if the service received queries to `address`. A service at a wildcard address received queries to all addresses.
    pub(super) fn covers(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|held| port::covers(*held, address))
    }
}

/// Returns the services other than resolverd that listen on port 53, with their addresses.
pub(super) fn holders(machine: &Machine<'_>) -> Vec<FormerHolder> {
    let mut found: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
    for (address, holder) in proc::holders(&CheckedHost { root: machine.root }).unwrap_or_default() {
        let unit = holder.and_then(|holder| holder.unit);
        if let Some(unit) = unit.filter(|unit| !OWN_UNITS.contains(&unit.as_str())) {
            found.entry(unit).or_default().insert(address.ip());
        }
    }
    let holder = |(unit, addresses)| FormerHolder { unit, addresses: Vec::from_iter(addresses) };
    found.into_iter().map(holder).collect()
}

/// A recorded step, with the state before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedStep {
    /// The step.
    pub step: SwitchStep,
    /// The state of the file or the services before the step.
    pub before: StateBefore,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SwitchRecord {
    version: u32,
    /// The services that listened on port 53 before the switch.
    pub held: Vec<FormerHolder>,
    /// The steps that were begun and not undone, in their order.
    pub steps: Vec<RecordedStep>,
}

/// Locks the directory `/etc`, so that no other process carries out a switch until the returned value is dropped.
///
/// # Errors
/// Fails if another process is carrying out a switch.
pub fn lock(machine: &Machine<'_>) -> Result<File, SwitchError> {
    let path = "/etc";
    let failed = |error| SwitchError::File { does: "lock", path: path.to_owned(), error };
    let folder = File::open(machine.path(path)).map_err(failed)?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(SwitchError::Busy),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Returns true if the record of a switch exists on this host.
pub fn exists(machine: &Machine<'_>) -> bool {
    machine.path(RECORD).symlink_metadata().is_ok()
}

/// Removes the record of the switch, and its directory if that is empty.
///
/// # Errors
/// Fails if the record cannot be removed.
pub fn remove(machine: &Machine<'_>) -> Result<(), SwitchError> {
    let path = machine.path(RECORD);
    fs::remove_file(&path).map_err(failed("remove"))?;
    if let Some(folder) = path.parent() {
        // The directory stays if it has other files, for example of a later version.
        let _left = fs::remove_dir(folder);
    }
    Ok(())
}

fn failed(does: &'static str) -> impl Fn(io::Error) -> SwitchError {
    move |error| SwitchError::File { does, path: RECORD.to_owned(), error }
}

impl SwitchRecord {
    /// Creates the record of a switch. `held` are the services that listened on port 53 before the switch.
    pub(crate) const fn new(held: Vec<FormerHolder>, steps: Vec<RecordedStep>) -> Self {
        Self { version: VERSION, held, steps }
    }

    /// Reads the record of a switch from disk.
    ///
    /// # Errors
    /// Fails if there is no record, or if it cannot be read. Also fails if another user may have written the record.
    pub(crate) fn read(machine: &Machine<'_>) -> Result<Self, SwitchError> {
        let file = match open_regular(&machine.path(RECORD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SwitchError::NotRecorded);
            }
            file => file.map_err(failed("read"))?,
        };
        let facts = file.metadata().map_err(failed("read"))?;
        let is_own = facts.uid() == rustix::process::geteuid().as_raw() && facts.mode() & OTHERS_WRITE == 0;
        let mut octets = Vec::new();
        file.take(MAX_SWITCHED_FILE).read_to_end(&mut octets).map_err(failed("read"))?;
        let record: Self = serde_json::from_slice(&octets).map_err(|_| SwitchError::Untrusted)?;
        match is_own && record.version == VERSION {
            true => Ok(record),
            false => Err(SwitchError::Untrusted),
        }
    }

    /// Writes the record to disk, safe from a power failure.
    ///
    /// # Errors
    /// Fails if the record cannot be written.
    pub(crate) fn write(&self, machine: &Machine<'_>) -> Result<(), SwitchError> {
        let path = machine.path(RECORD);
        let new = path.with_extension("new");
        let written = || -> io::Result<()> {
            let folder = path.parent().unwrap_or_else(|| Path::new("/"));
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let _old = fs::remove_file(&new);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(folder)?.sync_all()
        };
        written().map_err(failed("write"))
    }
}
