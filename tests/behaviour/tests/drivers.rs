//! Drivers, which wrap steps and `exec`.

use std::collections::HashMap;
use std::sync::Mutex;

use pocketflow::seam::Execs;
use pocketflow::{
    Action, Attempt, AttemptCall, Driver, Error, ExecCall, ExecDriver, Failure, Graph, NoSuchPlace,
    Node, Position, Run, Shared, Stage, Start, StepInfo, StepLimit, StepsExceeded, Taken, flow,
    node,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Count {
    number: u64,
    note: Option<String>,
}

#[derive(Action)]
enum Sign {
    More,
    Done,
}

#[node(Count, writes = number)]
async fn add(number: &u64) -> u64 {
    tokio::task::yield_now().await;
    number + 1
}

#[node(Count)]
fn compare(number: &u64) -> Sign {
    if *number < 4 { Sign::More } else { Sign::Done }
}

#[node(Count, writes = note, attempts = 2)]
fn report(number: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    if attempt.number() == 1 {
        Err("smudged".into())
    } else {
        Ok(format!("counted to {number}"))
    }
}

flow! {
    Counting {
        add >> compare - "more" >> add;
        compare - "done" >> end "done";
    }
}

flow! {
    Whole {
        Counting - "done" >> report;
    }
}

/// Records everything that a driver receives.
struct Log<'a> {
    name: &'static str,
    lines: &'a Mutex<Vec<String>>,
}

impl Log<'_> {
    fn line(&self, line: String) {
        self.lines
            .lock()
            .unwrap()
            .push(format!("{}{line}", self.name));
    }
}

impl<S: Shared> Driver<S, Execs> for Log<'_> {
    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.line(format!(
            "{} at {:?}",
            flow.name,
            info.map(ToString::to_string)
        ));
        let taken = run.run(shared).await?;
        self.line(format!("{} left at {}", flow.name, taken.action()));
        Ok(taken)
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        self.line(format!("{}. {info} - {}", info.step(), taken.action()));
        Ok(taken)
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Log<'_> {
    async fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        let result = call.call().await;
        if let Err(failure) = &result {
            self.line(format!("{info}: {attempt:?}: {}", failure));
        }
        result
    }
}

#[tokio::test]
async fn a_driver_sees_every_flow_step_and_attempt() {
    let lines = Mutex::default();
    let mut count = Count {
        number: 2,
        note: None,
    };
    Whole
        .with(Log {
            name: "",
            lines: &lines,
        })
        .run(&mut count)
        .await
        .unwrap();
    assert_eq!(
        *lines.lock().unwrap(),
        [
            "Whole at None",
            "Counting at Some(\"Whole > Counting\")",
            "1. Whole > Counting > add - default",
            "2. Whole > Counting > compare - more",
            "3. Whole > Counting > add - default",
            "4. Whole > Counting > compare - done",
            "Counting left at done",
            "Whole > report: attempt 1 of 2: smudged",
            "5. Whole > report - default",
            "Whole left at default",
        ]
    );
    assert_eq!(count.note.as_deref(), Some("counted to 4"));
}

flow! {
    /// Receives a note.
    Noted(note) {
        add;
    }
}

#[tokio::test]
async fn a_flow_that_cannot_start_is_not_started() {
    let lines = Mutex::default();
    let error = Noted
        .with(Log {
            name: "",
            lines: &lines,
        })
        .run(&mut Count::default())
        .await
        .err()
        .unwrap();
    assert_eq!(error.stage(), Stage::Start);
    assert_eq!(*lines.lock().unwrap(), [""; 0]);
}

#[tokio::test]
async fn the_first_driver_is_outside() {
    let lines = Mutex::default();
    let (a, b) = (
        Log {
            name: "a ",
            lines: &lines,
        },
        Log {
            name: "b ",
            lines: &lines,
        },
    );
    flow! { report; }
        .with(a)
        .with(&b)
        .run(&mut Count::default())
        .await
        .unwrap();
    let lines = lines.into_inner().unwrap();
    let order: Vec<_> = lines.iter().map(|line| &line[..1]).collect();
    assert_eq!(order, ["a", "b", "b", "a", "b", "a", "b", "a"], "{lines:?}");
}

#[tokio::test]
async fn a_borrowing_driver_may_be_spawned() {
    let note = tokio::spawn(async {
        let (lines, mut count) = (Mutex::default(), Count::default());
        let log = Log {
            name: "",
            lines: &lines,
        };
        Whole
            .with(&log)
            .with(StepLimit::new(100))
            .run(&mut count)
            .await
            .map(|_| count.note)
    });
    assert_eq!(
        note.await.unwrap().unwrap().as_deref(),
        Some("counted to 4")
    );
}

#[test]
fn a_run_is_printed_without_what_it_holds() {
    let mut count = Count::default();
    let run = Whole.with(StepLimit::new(1)).run(&mut count);
    assert_eq!(format!("{run:?}"), "Running");
}

#[test]
fn the_futures_of_flows_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let (mut one, mut two) = (Count::default(), Count::default());
    is_send(&Whole.run(&mut one));
    is_send(&Whole.with(StepLimit::new(1)).run(&mut two));
}

mod limits {
    use super::*;

    #[tokio::test]
    async fn a_step_limit_counts_the_steps_of_nested_flows_and_leaves_the_store_whole() {
        let mut count = Count::default();
        let error = Whole
            .with(StepLimit::new(5))
            .run(&mut count)
            .await
            .unwrap_err();
        assert_eq!(error.stage(), Stage::Driver);
        assert!(matches!(
            error.cause().downcast_ref(),
            Some(StepsExceeded { max: 5 })
        ));
        assert_eq!(
            format!("{error:#}"),
            "Whole > Counting > compare: stopped: the run has taken its 5 steps and not reached an exit"
        );
        assert_eq!(count.number, 3);
    }

    #[tokio::test]
    async fn a_limit_that_is_just_enough_stops_nothing_and_serves_any_number_of_runs() {
        let limit = StepLimit::new(9);
        for _ in 0..3 {
            let mut count = Count::default();
            Whole.with(&limit).run(&mut count).await.unwrap();
            assert_eq!(count.number, 4);
        }
    }
}

mod positions {
    use super::*;

    /// Stores the position and the state of every arrival, like a checkpoint.
    #[derive(Default)]
    struct Keep(Mutex<Vec<(Position, Count)>>);

    impl Driver<Count> for Keep {
        async fn step<R: Run<Count>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut Count,
            run: R,
        ) -> Result<Taken, Error> {
            self.0
                .lock()
                .unwrap()
                .push((info.position(), shared.clone()));
            run.run(shared).await
        }
    }

    #[tokio::test]
    async fn a_run_resumes_at_every_position_inside_nested_flows_too() {
        let keep = Keep::default();
        let mut whole = Count::default();
        Whole.with(&keep).run(&mut whole).await.unwrap();
        let kept = keep.0.into_inner().unwrap();
        assert_eq!(kept.len(), 9);
        for (number, (position, mut shared)) in kept.into_iter().enumerate() {
            assert_eq!(position.steps, number as u64);
            let again = Keep::default();
            Whole
                .with(&again)
                .resume(position.clone(), &mut shared)
                .await
                .unwrap();
            assert_eq!(shared, whole, "from {position:?}");
            let again = again.0.into_inner().unwrap();
            assert_eq!(
                (again.len(), &again[0].0),
                (9 - number, &position),
                "the steps done are not repeated"
            );
        }
    }

    /// Sets where a run starts, and restores the stored state there.
    struct Begins(Mutex<Option<(Start, Count)>>);

    impl Driver<Count> for Begins {
        async fn begin(
            &self,
            flow: &'static Graph,
            _info: Option<&StepInfo<'_>>,
            shared: &mut Count,
        ) -> Result<Start, Error> {
            assert_eq!(flow.name, "Whole");
            let begin = self.0.lock().unwrap().take();
            let (start, store) = begin.ok_or_else(|| flow.error("nothing is kept"))?;
            *shared = store;
            Ok(start)
        }
    }

    /// Begins after the step of a position, whose action it knows, and records which steps have
    /// finished before.
    struct BeginsAfter {
        position: Position,
        action: &'static str,
        steps: Mutex<Vec<(u64, bool)>>,
    }

    impl Driver<Count> for BeginsAfter {
        async fn begin(
            &self,
            _flow: &'static Graph,
            _info: Option<&StepInfo<'_>>,
            _shared: &mut Count,
        ) -> Result<Start, Error> {
            Ok(Start::After(self.position.clone()))
        }

        async fn step<R: Run<Count>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut Count,
            run: R,
        ) -> Result<Taken, Error> {
            let before = info.has_finished_before();
            self.steps.lock().unwrap().push((info.step(), before));
            match before {
                true => Ok(info.taken(self.action).unwrap()),
                false => run.run(shared).await,
            }
        }
    }

    #[tokio::test]
    async fn a_run_resumes_after_a_step() {
        let keep = Keep::default();
        let mut whole = Count::default();
        Whole.with(&keep).run(&mut whole).await.unwrap();
        let kept = keep.0.into_inner().unwrap();
        // The store of the next step is the store after this one.
        let (position, (_, mut shared)) = (kept[4].0.clone(), kept[5].clone());
        let driver = BeginsAfter {
            position,
            action: "default",
            steps: Mutex::default(),
        };
        Whole.with(&driver).run(&mut shared).await.unwrap();
        assert_eq!(shared, whole);
        let steps = driver.steps.into_inner().unwrap();
        assert_eq!(steps[..2], [(5, true), (6, false)]);
        assert!(steps[2..].iter().all(|(_, before)| !before));
    }

    #[tokio::test]
    async fn any_driver_of_a_stack_can_choose_where_a_run_begins() {
        let keep = Keep::default();
        let mut whole = Count::default();
        let exit = Whole.with(&keep).run(&mut whole).await.unwrap();
        let (position, store) = keep.0.into_inner().unwrap().swap_remove(4);
        for inside in [true, false] {
            let (again, mut shared) = (Keep::default(), Count::default());
            let begins = Begins(Mutex::new(Some((
                Start::At(position.clone()),
                store.clone(),
            ))));
            let run = async {
                match inside {
                    true => Whole.with(&again).with(&begins).run(&mut shared).await,
                    false => Whole.with(&begins).with(&again).run(&mut shared).await,
                }
            };
            assert_eq!(run.await.unwrap(), exit);
            assert_eq!(
                (&shared, again.0.into_inner().unwrap().len()),
                (&whole, 9 - 4)
            );
        }

        let over = Begins(Mutex::new(Some((Start::Over(0), whole.clone()))));
        let (none, mut shared) = (Keep::default(), Count::default());
        assert_eq!(
            Whole
                .with(&none)
                .with(&over)
                .run(&mut shared)
                .await
                .unwrap(),
            exit
        );
        assert_eq!(
            (&shared, none.0.into_inner().unwrap().len()),
            (&whole, 0),
            "nothing runs"
        );

        let error = Whole.with(&over).run(&mut shared).await.unwrap_err();
        assert_eq!(format!("{error:#}"), "Whole: stopped: nothing is kept");
    }

    #[tokio::test]
    async fn a_position_that_the_flow_does_not_have_is_refused_before_any_node_runs() {
        let keep = Keep::default();
        Whole.with(&keep).run(&mut Count::default()).await.unwrap();
        let (position, store) = keep.0.into_inner().unwrap().swap_remove(1);
        let wrong: [fn(&mut Position); 4] = [
            |position| position.flows[1].place = "subtract".into(),
            |position| position.flows[0].flow = "Other".into(),
            |position| drop(position.flows.pop()),
            |position| position.flows.push(position.flows[1].clone()),
        ];
        for change in wrong {
            let (mut position, mut shared) = (position.clone(), store.clone());
            change(&mut position);
            let error = Whole
                .with(StepLimit::new(100))
                .resume(position, &mut shared)
                .await
                .unwrap_err();
            let Some(NoSuchPlace { place }) = error.cause().downcast_ref() else {
                panic!("{error:#}");
            };
            let text = format!("there is no place `{place}` to resume at");
            assert_eq!(error.cause().to_string(), text);
            assert_eq!(shared, store);
        }
    }
}

mod results_kept {
    use super::*;

    /// Stores the result of every exec as text, and returns it instead of running the exec again.
    #[derive(Default)]
    struct Results(Mutex<HashMap<String, String>>);

    impl<S: Shared> Driver<S, Execs> for Results {}

    impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Results
    where
        N::Exec: Serialize + DeserializeOwned,
    {
        async fn exec<C>(
            &self,
            info: &StepInfo<'_>,
            _item: Option<usize>,
            call: C,
        ) -> Result<N::Exec, Error>
        where
            C: ExecCall<S, Marker, N>,
        {
            let kept = self.0.lock().unwrap().get(&info.to_string()).cloned();
            if let Some(kept) = kept {
                return serde_yaml::from_str(&kept).map_err(|error| info.error(error));
            }
            let exec = call.call().await?;
            let text = serde_yaml::to_string(&exec).map_err(|error| info.error(error))?;
            self.0.lock().unwrap().insert(info.to_string(), text);
            Ok(exec)
        }
    }

    static CALLS: Mutex<u32> = Mutex::new(0);

    #[node(Count, writes = note)]
    async fn expensive(number: &u64) -> String {
        *CALLS.lock().unwrap() += 1;
        format!("paid for {number}")
    }

    #[tokio::test]
    async fn a_driver_may_ask_for_serde_and_save_the_work() {
        let results = Results::default();
        for _ in 0..3 {
            let mut count = Count::default();
            flow! { expensive; }
                .with(&results)
                .run(&mut count)
                .await
                .unwrap();
            assert_eq!(count.note.as_deref(), Some("paid for 0"));
        }
        assert_eq!(*CALLS.lock().unwrap(), 1);
    }
}
