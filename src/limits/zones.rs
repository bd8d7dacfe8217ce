//! Bounds of zones that are served here.

/// Records of one `$GENERATE` in a zone file: the addresses of a /16 network.
pub const MAX_GENERATED_RECORDS: usize = 65_536;

/// Aliases followed within a zone. BIND stops at 16; a loop in the zone's text must end.
pub const MAX_ALIASES_IN_ZONE: usize = 16;
