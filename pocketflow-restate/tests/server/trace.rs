//! What ran, and how often, by the log of the workers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// A line of the log: an attempt at a piece of work that begins.
struct Begin<'a> {
    key: &'a str,
    attempt: &'a str,
    process: &'a str,
}

/// How much of the work began again.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Count {
    /// Different attempts at different pieces of work.
    pub(crate) pieces: usize,
    /// Attempts that began once more, because a process was killed before the server knew their end.
    pub(crate) again: usize,
    pub(crate) kills: usize,
}

/// Checks the log of runs: a piece of work began again only after a kill, and never after the server had recorded
/// it, or after one that depends on it had begun. At most `width` items of a batch began again after one kill.
pub(crate) fn check(text: &str, width: usize) -> Count {
    counted(text, Some(width))
}

/// Checks the log of runs that are also interrupted without a kill, for example when another server of a cluster
/// becomes responsible: no piece of work began again after one that depends on it had begun.
pub(crate) fn check_order(text: &str) -> Count {
    counted(text, None)
}

fn counted(text: &str, width: Option<usize>) -> Count {
    let mut count = Count::default();
    // How many kills were over when each attempt began last. A process may do some work while it is being killed.
    let mut over = 0;
    let mut begun: HashMap<(&str, &str), usize> = HashMap::new();
    // The last step of each run, and of each inner run.
    let mut last: HashMap<&str, u64> = HashMap::new();
    // What the server has recorded.
    let mut recorded = HashSet::new();
    // The items of a batch that began again in one process, by kills.
    let mut items: BTreeMap<(&str, &str, usize), BTreeSet<&str>> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let line = match parts[..] {
            ["kill"] => {
                count.kills += 1;
                continue;
            }
            ["killed"] => {
                over += 1;
                continue;
            }
            ["recorded", key] => {
                recorded.insert(key);
                continue;
            }
            ["done", ..] => continue,
            ["begin", _, key, attempt, process, _] => Begin {
                key,
                attempt,
                process,
            },
            _ => panic!("not a line: {line}"),
        };
        for (end, _) in line.key.match_indices('/').chain([(line.key.len(), "")]) {
            let (key, part) = (line.key, &line.key[..end]);
            assert!(
                !recorded.contains(part),
                "{key} ran after {part} had been recorded"
            );
        }
        for (run, step) in places(line.key) {
            let last = last.entry(run).or_default();
            let key = line.key;
            assert!(
                step >= *last,
                "{key}: step {step} of {run} ran after step {last}"
            );
            *last = step;
        }
        let Some(before) = begun.insert((line.key, line.attempt), over) else {
            count.pieces += 1;
            continue;
        };
        count.again += 1;
        let Some(width) = width else { continue };
        let (key, kills) = (line.key, count.kills);
        assert!(before < kills, "{key} began again, and nothing was killed");
        if let Some((batch, item)) = key.split_once("/item-") {
            let again = items.entry((batch, line.process, kills)).or_default();
            again.insert(item);
            let number = again.len();
            assert!(
                number <= width,
                "{number} items of {batch} began again: {again:?}"
            );
        }
    }
    count
}

/// The run and the step of a piece of work, and of the steps that it is a part of. `a/4/documents[3]/2/item-1`
/// is at step 4 of `a`, and at step 2 of `a/4/documents[3]`.
fn places(key: &str) -> Vec<(&str, u64)> {
    let mut places = Vec::new();
    let mut end = 0;
    for part in key.split('/') {
        if let (Ok(step), true) = (part.parse(), end > 0) {
            places.push((&key[..end - 1], step));
        }
        end += part.len() + 1;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_its_steps() {
        let inner = places("a-1/4/documents[3]/2/branch-0/item-1");
        assert_eq!(inner, [("a-1", 4), ("a-1/4/documents[3]", 2)]);
        assert_eq!(places("12/7"), [("12", 7)]);
    }

    fn lines(lines: &[&str]) -> String {
        let line = |line: &&str| match *line {
            "kill" => "kill\nkilled\n".to_owned(),
            recorded if recorded.starts_with("recorded ") => format!("{recorded}\n"),
            key => format!("begin work {key} 1 4711 0\n"),
        };
        lines.iter().map(line).collect()
    }

    #[test]
    fn work_that_is_in_flight_may_begin_again() {
        let text = lines(&["a/1", "a/2", "kill", "a/2", "a/3"]);
        let count = Count {
            pieces: 3,
            again: 1,
            kills: 1,
        };
        assert_eq!(check(&text, 1), count);
    }

    #[test]
    #[should_panic = "a/1: step 1 of a ran after step 2"]
    fn work_that_is_done_may_not() {
        check(&lines(&["a/1", "a/2", "kill", "a/1"]), 1);
    }

    #[test]
    #[should_panic = "step 1 of a/2/b[0] ran after step 2"]
    fn nor_in_an_inner_run() {
        let text = lines(&[
            "a/2/b[0]/1",
            "a/2/b[1]/1",
            "a/2/b[0]/2",
            "kill",
            "a/2/b[1]/1",
            "a/2/b[0]/1",
        ]);
        check(&text, 1);
    }

    #[test]
    #[should_panic = "a/1: step 1 of a ran after step 2"]
    fn work_that_is_done_may_not_even_if_runs_are_interrupted() {
        let count = check_order(&lines(&["a/1", "a/1", "a/2"]));
        assert_eq!((count.pieces, count.again), (2, 1));
        check_order(&lines(&["a/1", "a/2", "a/1"]));
    }

    #[test]
    #[should_panic = "a/1/item-0 ran after a/1/item-0 had been recorded"]
    fn nothing_that_was_recorded_runs_again() {
        let text = [
            "a/1/item-0",
            "a/1/item-1",
            "recorded a/1/item-0",
            "kill",
            "a/1/item-1",
        ];
        assert_eq!(check(&lines(&text), 2).again, 1);
        check(&lines(&[&text[..], &["a/1/item-0"]].concat()), 2);
    }

    #[test]
    #[should_panic = "a/1/branch-0 ran after a/1 had been recorded"]
    fn nor_does_a_part_of_it() {
        check(
            &lines(&["a/1/branch-0", "recorded a/1", "kill", "a/1/branch-0"]),
            2,
        );
    }

    #[test]
    #[should_panic = "a/2 began again, and nothing was killed"]
    fn nothing_begins_again_by_itself() {
        check(&lines(&["kill", "a/1", "a/2", "a/2"]), 1);
    }

    #[test]
    #[should_panic = "2 items of a/1 began again"]
    fn no_more_items_than_are_in_flight_begin_again() {
        check(
            &lines(&[
                "a/1/item-0",
                "a/1/item-1",
                "kill",
                "a/1/item-1",
                "a/1/item-0",
            ]),
            1,
        );
    }
}
