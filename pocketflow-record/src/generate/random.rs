//! Random numbers from a seed, which are the same on every machine.

use std::ops::RangeInclusive;

/// The source of random values that a strategy draws from: the same seed gives the same values, on
/// every machine and in every version of Rust.
///
/// ```
/// use pocketflow_record::generate::Random;
///
/// let mut random = Random::from_seed(17);
/// let word = *random.pick(&["rain", "snow", "hail"]);
/// let cents = random.number(1..=100_000);
/// # assert!(word.len() == 4 && (1..=100_000).contains(&cents));
/// assert_eq!(*Random::from_seed(17).pick(&["rain", "snow", "hail"]), word);
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The source with this seed.
    pub fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any number. This is the generator SplitMix64.
    pub fn any(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in a range.
    ///
    /// # Panics
    ///
    /// The range is empty.
    pub fn number(&mut self, range: RangeInclusive<u64>) -> u64 {
        assert!(!range.is_empty(), "no number is in the range {range:?}");
        let (start, end) = range.into_inner();
        match (end - start).checked_add(1) {
            Some(count) => start + self.any() % count,
            None => self.any(),
        }
    }

    /// One of some values.
    ///
    /// # Panics
    ///
    /// There are none.
    pub fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        assert!(!values.is_empty(), "there is no value to pick from");
        let index = self.number(0..=values.len() as u64 - 1);
        &values[index as usize]
    }

    /// Whether something happens that has this probability: never for 0.0, always for 1.0.
    pub fn chance(&mut self, probability: f64) -> bool {
        // 53 bits are what a fraction has.
        let fraction = (self.any() >> 11) as f64 / (1_u64 << 53) as f64;
        fraction < probability
    }

    /// Up to `most` values.
    ///
    /// ```
    /// # use pocketflow_record::generate::Random;
    /// let titles = Random::from_seed(3).several(5, |random| format!("Title {}", random.number(1..=9)));
    /// assert!(titles.len() <= 5);
    /// ```
    pub fn several<T>(&mut self, most: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.number(0..=most as u64);
        (0..count).map(|_| make(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        // The first numbers of the reference implementation for the seed 1234567.
        let mut random = Random::from_seed(1_234_567);
        assert_eq!(random.any(), 6_457_827_717_110_365_317);
        assert_eq!(random.any(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn all_values_of_a_range_come_and_no_other() {
        let mut random = Random::from_seed(0);
        let seen: BTreeSet<u64> = (0..1_000).map(|_| random.number(3..=6)).collect();
        assert_eq!(seen, (3..=6).collect());
        random.number(0..=u64::MAX);
        assert_eq!(random.number(9..=9), 9);
    }

    #[test]
    fn a_chance_has_its_probability() {
        let mut random = Random::from_seed(0);
        let hits = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..1_000).all(|_| !random.chance(0.0) && random.chance(1.0)));
    }

    #[test]
    fn several_are_at_most_as_many() {
        let mut random = Random::from_seed(0);
        let counts: BTreeSet<usize> = (0..1_000)
            .map(|_| random.several(3, Random::any).len())
            .collect();
        assert_eq!(counts, (0..=3).collect());
    }
}
