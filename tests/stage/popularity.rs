//! How often each of the names in use is asked for, in benchmarks of caches.

/// Returns, for each of `names` names, the share of questions that are for it or for a name before it. The names follow Zipf's law with the
/// exponent 0.9.
pub fn shares(names: u32) -> Vec<f64> {
    let weights = (1..=names).map(|rank| f64::from(rank).powf(-0.9));
    let total: f64 = weights.clone().sum();
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight / total;
            Some(*sum)
        })
        .collect()
}
