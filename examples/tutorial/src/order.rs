//! The order of the chapters.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::topics::Uses;

/// Sorts topics so that each comes after those that it uses. If several could be next, the first
/// one in `chosen` comes next.
///
/// A cycle starts at the topic that misses the least: the one that names topics still to come the
/// fewest times.
pub fn order(chosen: &[usize], uses: &Uses) -> Vec<usize> {
    let count = |user: &usize, used: &usize| uses.get(&(*user, *used)).map_or(0, |how| how.count);
    let needs = chosen
        .iter()
        .map(|topic| (*topic, reachable(*topic, chosen, uses)))
        .collect::<BTreeMap<_, _>>();
    let mut left = chosen.to_vec();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        // Everything that it needs is already there, or is in a cycle with it.
        let free = |topic: &&usize| {
            left.iter()
                .all(|other| !needs[*topic].contains(other) || needs[other].contains(topic))
        };
        let first = left
            .iter()
            .find(free)
            .copied()
            .expect("some cycle waits for no other");
        let circle = left
            .iter()
            .filter(|topic| **topic == first || needs[*topic].contains(&first));
        let circle = circle.filter(|topic| **topic == first || needs[&first].contains(topic));
        let next = circle.copied().min_by_key(|topic| {
            let missing = left.iter().map(|other| count(topic, other)).sum::<usize>();
            let wanted = left.iter().map(|other| count(other, topic)).sum::<usize>();
            (missing, Reverse(wanted))
        });
        let next = next.expect("the cycle contains the first");
        left.retain(|topic| *topic != next);
        ordered.push(next);
    }
    ordered
}

/// The chosen topics that a topic uses, directly or indirectly.
fn reachable(topic: usize, chosen: &[usize], uses: &Uses) -> BTreeSet<usize> {
    let (mut found, mut queue) = (BTreeSet::new(), vec![topic]);
    while let Some(user) = queue.pop() {
        let used = chosen
            .iter()
            .copied()
            .filter(|used| uses.contains_key(&(user, *used)));
        queue.extend(used.filter(|used| found.insert(*used)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::topics::Use;
    use super::*;

    fn uses(edges: &[(usize, usize, usize)]) -> Uses {
        edges
            .iter()
            .map(|&(user, used, count)| {
                (
                    (user, used),
                    Use {
                        count,
                        ..Use::default()
                    },
                )
            })
            .collect()
    }

    #[test]
    fn what_others_use_comes_first_and_ties_keep_their_order() {
        assert_eq!(
            order(&[0, 1, 2, 3], &uses(&[(0, 1, 5), (1, 2, 1)])),
            [2, 1, 0, 3]
        );
        assert_eq!(order(&[3, 1, 2], &uses(&[])), [3, 1, 2]);
        // Topics that are not chosen do not count.
        assert_eq!(order(&[0, 1], &uses(&[(0, 9, 5)])), [0, 1]);
    }

    #[test]
    fn a_circle_is_entered_where_the_least_is_missing() {
        assert_eq!(order(&[0, 1], &uses(&[(0, 1, 3), (1, 0, 1)])), [1, 0]);
        assert_eq!(
            order(&[0, 1, 2], &uses(&[(0, 1, 1), (1, 2, 1), (2, 0, 1)])),
            [0, 2, 1]
        );
        // 0 waits for the cycle, although it names it less often than 1 and 2 name each other.
        assert_eq!(
            order(&[0, 1, 2], &uses(&[(0, 2, 1), (1, 2, 5), (2, 1, 5)])),
            [2, 1, 0]
        );
        // The cycle of 0 and 1 waits for 2.
        assert_eq!(
            order(&[0, 1, 2], &uses(&[(0, 1, 1), (1, 0, 1), (0, 2, 9)])),
            [2, 0, 1]
        );
    }
}
