//! The route of a question: the longest configured suffix of its name, or recursion.
//!
//! RFC 6303 and RFC 6761 (names that never leave this host) hold unless a configured zone covers them.
//!
//! # Decisions
//!
//! - A route carries its whole policy (source addresses, TTL caps, NXDOMAIN cut, minimisation, races, list). DNS
//!   lists differ from other zones only by that policy and the gate of `dnsbl`.
//! - A `[[host]]` decides addresses and reverse names only, a `[[record]]` its own type. When it decided all types, the MX of a name was lost and
//!   mail went to the host itself.
//! - A listener with a list of zones sees a `[[host]]` or `[[record]]` only if the closest `[[zone]]` around its name is in the
//!   list. Before, these entries were visible at every listener.
//! - The address of a client chooses its `[[view]]`, except at a listener with a list of zones. A zone of a view takes the place of the
//!   zone of the same name that the others see, and a `[[host]]` or `[[record]]` of a view that of all of this name that the others see.
//! - Listeners and `[[view]]`s that see the same zones share one view and its memory. Ids of views are never given twice: when they
//!   were, a listener could for ten seconds after a reload get data learnt for clients of another listener.
//! - Routes are found without a secret hash, because the operator chooses the names in the table.

pub mod authority;
mod circle;
mod clients;
mod denial;
mod fingerprint;
pub mod local;
pub mod mirror;
mod names;
mod route;
mod special;
mod trust;
mod view;
mod views;
pub mod zone;

pub use route::{Mirrored, Route, RouteTarget, Wrong, ZonePolicy, same_mirror};
pub use special::locally_served;
pub use trust::AnchorsInUse;
pub use view::View;
pub use views::{ClientViews, Views, changed};

#[cfg(test)]
mod tests;
