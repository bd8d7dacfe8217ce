//! The options that are reported instead of converted.

use std::sync::LazyLock;

use crate::option_table::ProgramOptions;

/// Options that are reported instead of converted.
pub(super) static OPTIONS: LazyLock<ProgramOptions> =
    LazyLock::new(|| ProgramOptions::built_in(include_str!("options.toml")));
