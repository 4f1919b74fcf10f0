//! Rounds: each round runs every contender once, one after the other, so that disturbances affect
//! all of them.

/// The results of one contender over all rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The ratio to the base, as the median of the ratios within the rounds.
    pub ratio: Option<f64>,
    pub median: f64,
    /// The medians of the lower and the upper half.
    pub quartiles: Option<(f64, f64)>,
    pub minimum: f64,
    pub rounds: usize,
}

/// Times this many rounds of each contender. The contenders take turns to go first. A contender
/// with fewer rounds takes part in the first ones.
pub fn interleave(rounds: &[usize], mut time: impl FnMut(usize) -> f64) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); rounds.len()];
    for round in 0..rounds.iter().copied().max().unwrap_or_default() {
        for turn in 0..rounds.len() {
            let contender = (turn + round) % rounds.len();
            if round < rounds[contender] {
                times[contender].push(time(contender));
            }
        }
    }
    times
}

/// Summarizes the rounds of one contender, compared with the rounds of the base.
pub fn sum_up(times: &[f64], base: Option<&[f64]>) -> Timing {
    let ratios = base.map(|base| {
        times
            .iter()
            .zip(base)
            .map(|(time, base)| time / base)
            .collect::<Vec<_>>()
    });
    Timing {
        ratio: ratios.map(|ratios| quantile(&ratios, 0.5)),
        median: quantile(times, 0.5),
        quartiles: Some((quantile(times, 0.25), quantile(times, 0.75))),
        minimum: quantile(times, 0.0),
        rounds: times.len(),
    }
}

/// The value below which this part of the values lies, interpolated if needed.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = part * last as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&[4.0, 1.0, 2.0, 3.0], 0.5), 2.5);
        assert_eq!(quantile(&[5.0, 4.0, 3.0, 2.0, 1.0], 0.25), 2.0);
        assert_eq!(quantile(&[7.0], 0.75), 7.0);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_ratio_is_within_a_round() {
        // The second round was slow for both, which does not affect the ratio.
        let timing = sum_up(&[2.0, 20.0, 2.0], Some(&[1.0, 10.0, 2.0]));
        assert_eq!(timing.ratio, Some(2.0));
        assert_eq!(
            (timing.median, timing.minimum, timing.rounds),
            (2.0, 2.0, 3)
        );
    }

    #[test]
    fn fewer_rounds_are_compared_with_the_first() {
        assert_eq!(sum_up(&[3.0], Some(&[1.0, 100.0])).ratio, Some(3.0));
        assert_eq!(sum_up(&[3.0], None).ratio, None);
    }

    #[test]
    fn who_comes_first_takes_turns() {
        let mut order = Vec::new();
        let times = interleave(&[2, 1, 2], |contender| {
            order.push(contender);
            order.len() as f64
        });
        assert_eq!(order, [0, 1, 2, 2, 0]);
        assert_eq!(times, [vec![1.0, 5.0], vec![2.0], vec![3.0, 4.0]]);
    }
}
