//! The replies about the fleet, and orders for all its gateways.

use futures_util::future::BoxFuture;

use super::controlled::Controlled;
use protocol::fleet::FleetOrder;
use protocol::{Blame, Problem, Reply};

/// Waits until all gateways of the fleet had the time to read an order. The error says in a sentence why some may not carry it out.
pub type Confirmation = BoxFuture<'static, Result<(), String>>;

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
pub(super) fn send(subject: &impl Controlled, order: FleetOrder) -> Result<Confirmation, Problem> {
    subject.order_fleet(order).map_err(problem)
}

/// Waits until the other gateways had the time to read the order. `None`: no order was sent.
///
/// # Errors
/// The store has lost the order, or does not work.
pub(super) async fn confirmed(order: Option<Confirmation>) -> Result<(), Problem> {
    match order {
        Some(order) => order.await.map_err(problem),
        None => Ok(()),
    }
}

fn problem(sentence: String) -> Problem {
    Problem { fault: Blame::Daemon, sentence }
}
