//! Bounds of zones that are served here.

/// Aliases followed within a zone. BIND stops at 16; a loop in the zone's text must end.
pub const MAX_ALIASES_IN_ZONE: usize = 16;
