//! How often each name is asked for in benchmarks of caches.

/// Returns an element for each of `names` ranks: the share of all questions that are for the name with this rank or with a smaller one. The most
/// popular name has rank 1. The popularity follows Zipf's law with the exponent 0.9.
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
