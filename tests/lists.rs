//! What stands beside the way of questions to DNS lists, over the lab: asking ahead, breaker, tests and counts.

mod lists {
    pub(crate) mod stage;

    mod ahead;
    mod forwarded;
    mod silence;
    mod tested;
    mod views;
    mod ways;
}
