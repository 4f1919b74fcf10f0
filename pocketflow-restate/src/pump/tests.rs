//! Pieces of work against a journal that is cut off at random moments.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use fastrand::Rng;
use futures_util::future::join_all;

use super::*;
use crate::clock::Clock;

const MAX_ENTRY: usize = 1000;

/// A journal in memory, which survives the attempts at its invocation.
#[derive(Default)]
struct Fake {
    entries: Mutex<Vec<Entry>>,
}

/// One attempt at the invocation.
struct Attempt<'a> {
    journal: &'a Fake,
    next: Mutex<usize>,
    rng: Mutex<Rng>,
}

/// Yields as often as the number says.
async fn turns(mut number: usize) {
    poll_fn(|context| {
        if number == 0 {
            return Poll::Ready(());
        }
        number -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Journal for Attempt<'_> {
    async fn record(&self, entry: impl Future<Output = Entry> + Send) -> Result<Entry, Cancelled> {
        let index = *self.next.lock().unwrap();
        *self.next.lock().unwrap() += 1;
        let known = self.journal.entries.lock().unwrap().get(index).cloned();
        let (before, after) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.usize(..3), rng.usize(..3))
        };
        if let Some(entry) = known {
            turns(before).await;
            return Ok(entry);
        }
        let entry = entry.await;
        turns(before).await;
        // The attempt may be cut off before this, between, or after it.
        self.journal.entries.lock().unwrap().push(entry.clone());
        turns(after).await;
        Ok(entry)
    }
}

fn key(step: u64, item: Option<u64>) -> Key {
    let piece = |item| {
        Part::Item(Piece {
            branch: None,
            item: Some(item),
        })
    };
    Key {
        run: String::new(),
        step,
        part: item.map_or(Part::Step, piece),
    }
}

fn json(value: u64) -> Json {
    Json::new(value.to_string()).unwrap()
}

fn number(outcome: &Outcome) -> u64 {
    match outcome {
        Outcome::Item(json) => json.text().parse().unwrap(),
        Outcome::Step(step) => step.change.text().parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// What all attempts at a test have done.
#[derive(Default)]
struct Work {
    /// The pieces that the journal has acknowledged, as far as the flow has heard of it.
    acknowledged: Mutex<BTreeSet<Key>>,
    done: Mutex<BTreeMap<Key, usize>>,
}

impl Work {
    fn does(&self, key: &Key) {
        let acknowledged = self.acknowledged.lock().unwrap();
        assert!(
            !acknowledged.contains(key),
            "{key:?} was acknowledged, and is done again"
        );
        *self.done.lock().unwrap().entry(key.clone()).or_default() += 1;
    }
}

/// The work of one piece: a number that depends on its key.
async fn piece(desk: &Desk, work: &Work, seed: u64, key: Key) -> u64 {
    let value = key.step * 1000
        + match key.part {
            Part::Item(piece) => piece.item.unwrap(),
            _ => 0,
        };
    let doing = async {
        desk.live().await;
        work.does(&key);
        let mut rng = Rng::with_seed(seed ^ value);
        turns(rng.usize(..8)).await;
        let record = Record {
            key: key.clone(),
            begun: None,
            outcome: Outcome::Item(json(value)),
        };
        Ok::<_, ()>((value, record))
    };
    let performed = desk.perform(key.clone(), doing).await.unwrap();
    work.acknowledged.lock().unwrap().insert(key);
    match performed {
        Performed::Now(value) => value,
        Performed::Before(outcome) => number(&outcome),
    }
}

/// A flow: a number is a plain step, and a list a batch with so many items.
async fn flow(desk: &Desk, work: &Work, seed: u64, steps: &[u64]) -> Why {
    let mut sum = 0;
    for (step, items) in (1..).zip(steps) {
        if *items == 0 {
            sum += piece(desk, work, seed, key(step, None)).await;
            continue;
        }
        // The step is entered before the end of the journal is reached.
        let whole = async {
            let items = (0..*items).map(|item| piece(desk, work, seed, key(step, Some(item))));
            let results = join_all(items).await;
            let sum: u64 = results.into_iter().sum();
            let record = Record {
                key: key(step, None),
                begun: None,
                outcome: Outcome::Item(json(sum)),
            };
            Ok::<_, ()>((sum, record))
        };
        sum += match desk.perform(key(step, None), whole).await.unwrap() {
            Performed::Now(sum) => sum,
            Performed::Before(outcome) => number(&outcome),
        };
    }
    Why::Finished {
        exit: "default".into(),
        change: json(sum),
    }
}

fn expected(steps: &[u64]) -> u64 {
    (1..)
        .zip(steps)
        .map(|(step, items): (u64, _)| match items {
            0 => step * 1000,
            items => (0..*items).map(|item| step * 1000 + item).sum(),
        })
        .sum()
}

/// Polls an attempt at most so often. Returns how the burst ends, if it does, and the records.
fn attempt(
    journal: &Fake,
    work: &Work,
    program: &str,
    (seed, polls): (u64, usize),
    steps: &[u64],
) -> Option<(End, Vec<Record>)> {
    let desk = Desk::new(
        program.into(),
        Clock::default(),
        MAX_ENTRY,
        BTreeMap::default(),
    );
    let attempt = Attempt {
        journal,
        next: Mutex::default(),
        rng: Mutex::new(Rng::with_seed(seed)),
    };
    let mut records = Vec::new();
    let end = {
        let fold = |entry: &Entry| records.extend(entry.records.clone());
        let burst = burst(&desk, &attempt, flow(&desk, work, seed, steps), fold);
        poll_when_woken(pin!(burst), polls)
    };
    Some((end?, records))
}

/// The keys of all records, each of which must be there once.
fn keys(records: &[Record]) -> BTreeSet<Key> {
    let keys: BTreeSet<_> = records.iter().map(|record| record.key.clone()).collect();
    assert_eq!(keys.len(), records.len(), "a piece is recorded twice");
    keys
}

#[test]
fn nothing_that_was_acknowledged_is_done_again_wherever_the_attempts_are_cut_off() {
    let steps = Cell::new(Vec::new());
    for seed in 0..3000 {
        let mut rng = Rng::with_seed(seed);
        steps.set(
            (0..rng.usize(1..6))
                .map(|_| rng.u64(..2) * rng.u64(..30))
                .collect(),
        );
        let steps = steps.take();
        let (journal, work) = (Fake::default(), Work::default());
        let mut cuts = 0;
        let (end, records) = loop {
            // Later attempts may take longer, so that the test ends.
            let polls = rng.usize(..40 + 4 * cuts);
            cuts += 1;
            if let Some(over) = attempt(&journal, &work, "a", (rng.u64(..), polls), &steps) {
                break over;
            }
            assert!(cuts < 1000, "it does not come to an end");
        };
        let Why::Finished { change, .. } = end.why else {
            panic!("{end:?}");
        };
        assert_eq!(change, json(expected(&steps)), "seed {seed}");
        let all = (1..).zip(&steps).flat_map(|(step, items)| {
            let items = (0..*items).map(move |item| key(step, Some(item)));
            items.chain([key(step, None)])
        });
        assert_eq!(keys(&records), all.collect(), "seed {seed}");
        // Replayed as a whole, it does nothing and comes to the same end.
        let done = work.done.lock().unwrap().clone();
        let (again, replayed) = attempt(&journal, &work, "a", (seed, 10_000), &steps).unwrap();
        assert_eq!(
            (again.why, replayed.len()),
            (end_of(&journal), records.len())
        );
        assert_eq!(*work.done.lock().unwrap(), done);
    }
}

fn end_of(journal: &Fake) -> Why {
    let entries = journal.entries.lock().unwrap();
    entries.last().unwrap().end.clone().unwrap().why
}

#[test]
fn every_prefix_of_a_journal_comes_to_the_same_result() {
    let steps = [0, 7, 0, 20, 0];
    let whole = Fake::default();
    let run = |journal: &Fake, work: &Work, seed| {
        let (end, _) = attempt(journal, work, "a", (seed, 100_000), &steps).unwrap();
        end.why
    };
    let first = run(&whole, &Work::default(), 7);
    let entries = whole.entries.into_inner().unwrap();
    assert!(entries.len() > 10);
    for cut in 0..=entries.len() {
        let work = Work::default();
        let acknowledged = entries[..cut].iter().flat_map(|entry| &entry.records);
        work.acknowledged
            .lock()
            .unwrap()
            .extend(acknowledged.map(|record| record.key.clone()));
        let journal = Fake {
            entries: Mutex::new(entries[..cut].to_vec()),
        };
        // Another order of completion than the first time.
        assert_eq!(run(&journal, &work, 1 + cut as u64), first);
    }
}

#[test]
fn another_program_folds_the_journal_and_leaves_the_rest_to_the_next_burst() {
    let steps = [0, 5, 0];
    let (journal, work) = (Fake::default(), Work::default());
    assert!(attempt(&journal, &work, "a", (1, 12), &steps).is_none());
    let recorded = journal.entries.lock().unwrap().len();
    assert!(recorded > 0);
    let done = work.done.lock().unwrap().clone();
    let (end, records) = attempt(&journal, &work, "b", (2, 1000), &steps).unwrap();
    assert_eq!(end.why, Why::GoesOn);
    assert!(!keys(&records).is_empty());
    assert_eq!(journal.entries.lock().unwrap().len(), recorded + 1);
    assert_eq!(
        *work.done.lock().unwrap(),
        done,
        "the other program has run"
    );
    // The first program, in the end, comes to the same.
    let (again, _) = attempt(&journal, &work, "a", (3, 1000), &steps).unwrap();
    assert_eq!(again, end);
}

#[test]
fn what_an_earlier_attempt_has_recorded_in_the_meantime_counts() {
    /// Has an entry where none was, after it has been made.
    struct Late(Mutex<Vec<Entry>>);

    impl Journal for Late {
        async fn record(
            &self,
            entry: impl Future<Output = Entry> + Send,
        ) -> Result<Entry, Cancelled> {
            let mut made = entry.await;
            let mut entries = self.0.lock().unwrap();
            if entries.is_empty() {
                let record = &mut made.records[0];
                record.outcome = Outcome::Item(json(99));
            }
            entries.push(made.clone());
            Ok(made)
        }
    }

    let journal = Late(Mutex::default());
    let (work, mut folded) = (Work::default(), Vec::new());
    let desk = Desk::new("a".into(), Clock::default(), MAX_ENTRY, BTreeMap::default());
    let flow = flow(&desk, &work, 1, &[0, 0]);
    let fold = |entry: &Entry| folded.extend(entry.records.clone());
    let end = block_on(burst(&desk, &journal, flow, fold));
    assert_eq!(end.why, Why::GoesOn);
    assert_eq!(folded.len(), 1);
    assert_eq!(number(&folded[0].outcome), 99);
    assert_eq!(work.done.lock().unwrap().len(), 1, "the flow has gone on");
}

#[test]
fn a_cancelled_burst_keeps_what_it_has_done() {
    /// Reports a cancellation instead of the third acknowledgement.
    struct Cancels(Mutex<(usize, Vec<Entry>)>);

    impl Journal for Cancels {
        async fn record(
            &self,
            entry: impl Future<Output = Entry> + Send,
        ) -> Result<Entry, Cancelled> {
            let made = entry.await;
            let mut state = self.0.lock().unwrap();
            state.0 += 1;
            if state.0 == 3 {
                return Err(Cancelled);
            }
            state.1.push(made.clone());
            Ok(made)
        }
    }

    let journal = Cancels(Mutex::default());
    let (work, mut folded) = (Work::default(), Vec::new());
    let desk = Desk::new("a".into(), Clock::default(), MAX_ENTRY, BTreeMap::default());
    let flow = flow(&desk, &work, 1, &[0, 0, 0, 0]);
    let fold = |entry: &Entry| folded.extend(entry.records.clone());
    let end = block_on(burst(&desk, &journal, flow, fold));
    assert_eq!(end.why, Why::Cancelled);
    assert_eq!(folded.len(), 3, "the third step was done");
    assert_eq!(work.done.lock().unwrap().len(), 3);
}

#[test]
fn what_is_too_much_for_one_entry_takes_several() {
    let (journal, work) = (Fake::default(), Work::default());
    let (end, records) = attempt(&journal, &work, "a", (5, 10_000), &[29]).unwrap();
    assert!(matches!(end.why, Why::Finished { .. }));
    assert_eq!(keys(&records).len(), 30);
    for entry in &*journal.entries.lock().unwrap() {
        let size: usize = entry.records.iter().map(Record::size).sum();
        assert!(size <= MAX_ENTRY, "{size} bytes");
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    poll_when_woken(pin!(future), 10_000).expect("it does not come to an end")
}

/// Polls a future at most so often, and only if it has been woken.
fn poll_when_woken<T>(mut future: Pin<&mut impl Future<Output = T>>, polls: usize) -> Option<T> {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }

    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    let mut context = Context::from_waker(&waker);
    (0..polls).find_map(|_| {
        assert!(woken.0.swap(false, Relaxed), "nothing wakes it any more");
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    })
}
