//! The section `[dnsbl]`: the registry of known DNS lists, and batches (questions to DNS lists that resolverd asks before clients ask them).

use std::path::PathBuf;
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::forms::{self, List, NAME, Number, Word};
use super::keys::{ConfigKey, SingleSection, key};
use super::{list_files, value};
use dnsbl::batch::Mode;
use dnsbl::registry::Registry;

const BATCHES: [(&str, Mode); 4] = [
    ("learned", Mode::Learned),
    ("configured", Mode::Configured),
    ("observe", Mode::Observe),
    ("off", Mode::Off),
];

/// The greatest `batch_waste`, in percent. Above it, asking all lists at the same time would be simpler.
const MAX_BATCH_WASTE: u32 = 50;

/// The section `[dnsbl]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dnsbl {
    /// The registry file; `None` for the built-in registry.
    pub path: Option<PathBuf>,
    /// The known DNS lists.
    pub registry: Arc<Registry>,
    /// When resolverd asks DNS lists before clients ask them.
    pub batch: Mode,
    /// DNS lists (their apexes) that are asked together if `batch` is `Configured`.
    pub batch_groups: Vec<Vec<Name>>,
    /// The limit for batch queries whose answers no client uses, in percent of all queries to DNS lists.
    pub batch_waste: u32,
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
            |dnsbl| Some(forms::path(dnsbl.path.as_deref())),
        )
        .comment(&[(Some("\"\""), "the built-in table of known DNS lists")])
        .content("the file changed", |old, new| old.registry != new.registry),
        key!(Dnsbl, batch, Word(&BATCHES)).comment(&[(
            Some("\"learned\""),
            "resolverd learns which lists clients query, and queries them early, all at once (batch queries)",
        )]),
        key!(Dnsbl, batch_groups, List(List(NAME)))
            .comment(&[(Some("[]"), "no groups of lists; batch = \"configured\" uses them")]),
        key!(Dnsbl, batch_waste, Number(0..=MAX_BATCH_WASTE))
            .comment(&[(None, "maximum percentage of batch queries whose answer no client uses")]),
    ],
};
