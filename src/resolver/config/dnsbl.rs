//! `[dnsbl]`: the registry of DNS lists, and batches.

use std::path::PathBuf;
use std::sync::Arc;

use hickory_proto::rr::Name;
use toml::Value;

use super::keys::{ConfigKey, SingleSection, set};
use super::{list_files, value, written};
use crate::dnsbl::batch::Mode;
use crate::dnsbl::registry::Registry;

const BATCHES: [(&str, Mode); 4] = [
    ("learned", Mode::Learned),
    ("configured", Mode::Configured),
    ("observe", Mode::Observe),
    ("off", Mode::Off),
];

/// The largest `dnsbl.batch_waste`: with more, an operator may ask all lists at once.
const MAX_BATCH_WASTE: u32 = 50;

/// `[dnsbl]`
#[derive(Clone, Debug, PartialEq)]
pub struct Dnsbl {
    /// The file of the registry; none: the built-in one.
    pub path: Option<PathBuf>,
    /// The registry.
    pub registry: Arc<Registry>,
    /// Whether batches are sent.
    pub batch: Mode,
    /// Lists that are asked together, by apex, if `batch` is `Configured`.
    pub batch_groups: Vec<Vec<Name>>,
    /// The percentage of queries to lists of batches that may stay unused.
    pub(crate) batch_waste: u32,
}

pub(super) const DNSBL: SingleSection<Dnsbl> = SingleSection {
    name: "dnsbl",
    keys: &[
        ConfigKey::<Dnsbl>::new(
            "registry",
            |dnsbl, typed, directory| {
                if let Some(path) = value::path(typed, directory)? {
                    dnsbl.registry = list_files::registry(&path)?;
                    dnsbl.path = Some(path);
                }
                Ok(())
            },
            |dnsbl| Some(written::path(dnsbl.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "the built-in table of known DNS lists")])
        .content("the file changed", |old, new| old.registry != new.registry),
        ConfigKey::<Dnsbl>::new(
            "batch",
            |dnsbl, typed, _| set(&mut dnsbl.batch, value::word(typed, &BATCHES)),
            |dnsbl| Some(written::word(dnsbl.batch, &BATCHES)),
        )
        .comment(&[(
            Some("\"learned\""),
            "resolverd queries the lists that clients usually query before the clients do (batch queries)",
        )]),
        ConfigKey::<Dnsbl>::new(
            "batch_groups",
            |dnsbl, typed, _| {
                set(&mut dnsbl.batch_groups, value::list(typed, |group| value::list(group, value::name)))
            },
            |dnsbl| {
                Some(Value::Array(dnsbl.batch_groups.iter().map(|group| written::names(group)).collect()))
            },
        )
        .comment(&[(Some("[]"), "no groups")]),
        ConfigKey::<Dnsbl>::new(
            "batch_waste",
            |dnsbl, typed, _| {
                set(&mut dnsbl.batch_waste, value::number(typed, &(0..=MAX_BATCH_WASTE.into())))
            },
            |dnsbl| Some(written::number(dnsbl.batch_waste)),
        )
        .comment(&[(None, "maximum percentage of batch queries whose answer no client uses")]),
    ],
};
