//! The replies about the fleet, and orders for all its gateways.

use super::Controlled;
use super::protocol::fleet::FleetOrder;
use super::protocol::{Blame, Problem, Reply};

pub(super) fn rows(subject: &impl Controlled) -> Vec<Reply> {
    let (state, members) = subject.fleet();
    std::iter::once(Reply::Fleet(Box::new(state)))
        .chain(members.into_iter().map(|member| Reply::FleetMember(Box::new(member))))
        .collect()
}

/// Sends an order to the other gateways of the fleet.
///
/// # Errors
/// This gateway is in no fleet, or the store does not work.
pub(super) fn send(subject: &impl Controlled, order: FleetOrder) -> Result<(), Problem> {
    subject.order_fleet(order).map_err(|sentence| Problem { fault: Blame::Daemon, sentence })
}
