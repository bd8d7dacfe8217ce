//! The parts beside the way of questions to DNS lists, over the lab: prefetch, breaker, tests and counters.

mod lists {
    pub(crate) mod stage;

    mod ahead;
    mod forwarded;
    mod silence;
    mod tested;
    mod views;
    mod ways;
}
