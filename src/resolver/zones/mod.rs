//! Chooses the route of a question: that of the longest configured suffix of its name, or recursion.
//!
//! Names that never leave this host (RFC 6303, RFC 6761) are answered here, unless a configured zone covers them.
//!
//! # Decisions
//!
//! - A route contains its whole policy (source addresses, TTL caps, NXDOMAIN cut, minimisation, races, list). DNS lists differ from other zones only
//!   by this policy, and by the gate in `dnsbl`.
//! - A `[[host]]` answers only addresses and reverse names, and a `[[record]]` only its own type. When a `[[host]]` answered all types, the MX of a
//!   name was lost, and mail was sent to the host itself.
//! - A listener with a list of zones sees a `[[host]]` or `[[record]]` only if the closest `[[zone]]` around its name is in the list. Before, these
//!   entries were visible at every listener.
//! - The address of a client selects its `[[view]]`, except at a listener with a list of zones. A zone in a view replaces the shared zone of the same
//!   name. A `[[host]]` or `[[record]]` in a view replaces all shared entries for the same name.
//! - Listeners and `[[view]]`s that see the same zones share one view and its memory. Ids of views are never used twice. When they were,
//!   clients of one listener could, for ten seconds after a reload, receive data that were learned for clients of another.
//! - The hash for looking up routes has no secret, because the operator chooses the names in the table.

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
