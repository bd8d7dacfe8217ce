//! The result of a proof of absence, and which types of a name prove it.
//!
//! RFC 4035 section 5.4, RFC 5155 section 8, RFC 6840 section 4.

use hickory_proto::rr::{Name, RecordType, RecordTypeSet};

use super::verdict::ValidationFailure;

/// The strength of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The denied name or type does not exist.
    Fully,
    /// It may exist unsigned: the zone opts out there (RFC 5155 section 6), or its proof is not computed.
    Insecurely(Option<ValidationFailure>),
}

/// The meaning of a denial of DS for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// An unsigned zone begins here, or may.
    Insecure(Option<ValidationFailure>),
    /// No zone begins here.
    None,
    /// There is no such name.
    NoName,
}

/// Whether a name with exactly these types lacks `kind` in the zone of this proof. At a cut, the parent's side proves
/// the absence of DS only, and the child's side the absence of all other types (RFC 6840 section 4.4).
pub(super) fn lacks(types: &RecordTypeSet, kind: RecordType, name: &Name) -> bool {
    let has = |kind: RecordType| types.contains(kind);
    let (parent, apex) = (has(RecordType::NS) && !has(RecordType::SOA), has(RecordType::SOA));
    let right_side = if kind == RecordType::DS { !apex || name.is_root() } else { !parent };
    right_side && !has(kind) && !has(RecordType::CNAME)
}

/// The cut at a name, by the types of the name; none if they do not deny DS.
pub(super) fn cut_of(types: &RecordTypeSet, name: &Name) -> Option<Cut> {
    if !lacks(types, RecordType::DS, name) {
        return types
            .contains(RecordType::CNAME)
            .then_some(Cut::None)
            .filter(|_| !types.contains(RecordType::DS));
    }
    Some(if types.contains(RecordType::NS) { Cut::Insecure(None) } else { Cut::None })
}

/// Whether a proof at `owner` may be about names below it: not from above a cut, and not from above a DNAME (RFC 6840
/// section 4.1).
pub(super) fn speaks_below(types: &RecordTypeSet) -> bool {
    let delegation = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
    !delegation && !types.contains(RecordType::DNAME)
}
