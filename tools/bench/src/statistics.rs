// SPDX-License-Identifier: GPL-2.0

//! What many measurements of the same come to.

/// The value below which that part of all values lies, 0.5 for the median; between two values, in
/// proportion. 0 of nothing.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let at = part * last as f64;
    let below = at.floor();
    let above = sorted[(below as usize + 1).min(last)];
    sorted[below as usize] + (above - sorted[below as usize]) * (at - below)
}

/// The median; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The least; 0 of nothing.
pub fn minimum(values: &[f64]) -> f64 {
    quantile(values, 0.0)
}

/// How far the middle half of the values lies apart, as a part of the median.
pub fn spread(values: &[f64]) -> f64 {
    let middle = median(values);
    if middle == 0.0 {
        return 0.0;
    }
    (quantile(values, 0.75) - quantile(values, 0.25)) / middle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(median(&values), 2.5);
        assert_eq!(minimum(&values), 1.0);
        assert_eq!(quantile(&values, 1.0), 4.0);
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn spread_is_that_of_the_middle_half() {
        assert_eq!(spread(&[1.0, 2.0, 3.0, 4.0, 100.0]), 2.0 / 3.0);
        assert_eq!(spread(&[5.0, 5.0]), 0.0);
        assert_eq!(spread(&[]), 0.0);
    }
}
