//! The root that keys or servers belong to.

/// The root that the keys or servers of a text belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootOf {
    /// The root of the internet: some are built in.
    Internet,
    /// None is built in, as of a private root, or some are of other zones.
    Others,
    /// The text cannot be read.
    CannotTell,
}
