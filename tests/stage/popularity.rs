//! How often each name is asked for in benchmarks of caches.

/// Returns cumulated shares for each rank of popularity. The share of a rank is the part of all questions that are for the name with this rank or
/// for a more popular one. Rank 1 is the most popular name. The popularity of the `names` names follows Zipf's law with the exponent 0.9.
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
