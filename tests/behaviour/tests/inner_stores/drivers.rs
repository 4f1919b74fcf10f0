//! The drivers of a run around its inner runs.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecDriver, Failure, Graph, Limit, Node, Position, Run,
    Shared, Stage, Start, StepInfo, StepLimit, StepsExceeded, Stub, Taken, Trace, Watch,
};

use crate::school::{Fair, School, Teach, Year, class, mark, school};

/// Records what a driver receives.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    id: Option<&'static str>,
}

impl Log {
    fn line(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    fn lines(self) -> Vec<String> {
        self.lines.into_inner().unwrap()
    }
}

impl<S: Shared> Driver<S, Execs> for Log {
    async fn begin(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        _: &mut S,
    ) -> Result<Start, Error> {
        let store = S::STORE.name;
        match info {
            Some(info) => self.line(format!(
                "{} begins at {info} on a {store}, {} {:?}",
                flow.name,
                info.begins_inner_run(),
                info.run_id(),
            )),
            None => self.line(format!("{} begins on a {store}", flow.name)),
        }
        Ok(Start::Fresh)
    }

    async fn flow<R: Run<S>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        let at = info.map(ToString::to_string);
        self.line(format!("{} left at {} ({at:?})", flow.name, taken.action()));
        assert_eq!(
            taken.edge().is_some(),
            info.is_some_and(|info| !info.begins_inner_run())
        );
        Ok(taken)
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        self.line(format!(
            "{}/{}. {info} - {}",
            info.step(),
            info.total_steps(),
            taken.action()
        ));
        Ok(taken)
    }

    fn run_id(&self) -> Option<&str> {
        self.id
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Log {
    async fn attempt<C>(
        &self,
        _: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        if let Some(key) = attempt.key() {
            self.line(format!("key {key}"));
        }
        call.call().await
    }
}

#[tokio::test]
async fn a_driver_sees_the_inner_runs_with_their_items() {
    let log = Log::default();
    let mut school = School {
        classes: vec![class([4])],
        ..School::default()
    };
    Fair.with(&log).run(&mut school).await.unwrap();
    assert_eq!(school.best, Some(3));
    let lines = log.lines();
    for line in [
        "Fair begins on a School",
        "Teach begins at Fair > classes[0] on a Class, true None",
        "Grade begins at Fair > classes[0] > students[0] on a Student, true None",
        "Teach begins at Fair > guests on a Class, true None",
        "Grade left at default (Some(\"Fair > classes[0] > students[0]\"))",
        "Teach left at default (Some(\"Fair > guests\"))",
        "Fair left at default (None)",
    ] {
        assert!(
            lines.iter().any(|known| known == line),
            "{line} in {lines:#?}"
        );
    }
    let step_of = |path: &str| {
        let found = lines
            .iter()
            .find(|line| line.contains(&format!(" {path} - ")));
        found
            .unwrap_or_else(|| panic!("{path} in {lines:#?}"))
            .split('/')
            .next()
            .unwrap()
    };
    assert_eq!(step_of("Fair > invite"), "1");
    assert_eq!(step_of("Fair > classes[0] > students[0] > mark"), "3");
    assert_eq!(step_of("Fair > classes[0] > Grade.each(students)"), "1");
    assert_eq!(step_of("Fair > classes[0] > find_best"), "2");
    assert_eq!(step_of("Fair > compare"), "3");
    assert!(
        lines
            .iter()
            .any(|line| line == "3/15. Fair > compare - default"),
        "{lines:#?}"
    );
}

#[tokio::test]
async fn the_path_of_a_step_leads_out_through_the_runs_around_it() {
    struct Outward(Mutex<Vec<String>>);
    impl<S: Shared> Driver<S> for Outward {
        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            let mut line = format!("{:?} {}", info.path(), info.name());
            let mut next = info.inner_run();
            while let Some(inner) = next {
                let outer = inner.outer();
                line += &format!(
                    " in {} {:?} of {} ({})",
                    inner.field(),
                    inner.item().and_then(|item| item.index()),
                    outer.name(),
                    outer.step()
                );
                assert!(outer.parent().is_none());
                next = outer.inner_run();
            }
            if info.name() == "mark" {
                self.0.lock().unwrap().push(line);
            }
            Ok(taken)
        }
    }
    let outward = Outward(Mutex::default());
    let mut school = School {
        classes: vec![class([]), class([4])],
        ..School::default()
    };
    Fair.with(&outward).run(&mut school).await.unwrap();
    let lines = outward.0.into_inner().unwrap();
    assert!(
        lines.contains(
            &"[\"Fair\", \"classes\", \"students\", \"mark\"] mark in students Some(0) of \
              Grade.each(students) (1) in classes Some(1) of Teach.each(classes) (2)"
                .into()
        ),
        "{lines:#?}"
    );
    assert!(
        lines.contains(
            &"[\"Fair\", \"guests\", \"students\", \"mark\"] mark in students Some(0) of \
              Grade.each(students) (1) in guests None of Teach.on(guests) (2)"
                .into()
        ),
        "{lines:#?}"
    );
}

#[tokio::test]
async fn a_second_visit_is_another_run_with_other_keys() {
    let log = Log {
        id: Some("year-1"),
        ..Log::default()
    };
    let mut school = School {
        classes: vec![class([4])],
        ..School::default()
    };
    Year.with(&log).run(&mut school).await.unwrap();
    let lines = log.lines();
    let begins: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("begins at"))
        .collect();
    let ids = |field: &str| -> Vec<&str> {
        let of_field = begins
            .iter()
            .filter(|line| line.contains(&format!("{field} on a")));
        of_field
            .map(|line| line.split('"').nth(1).unwrap())
            .collect()
    };
    assert_eq!(
        ids("> classes[0]"),
        ["year-1/2/classes[0]", "year-1/6/classes[0]"]
    );
    assert_eq!(
        ids("> classes[0] > students[0]"),
        [
            "year-1/2/classes[0]/1/students[0]",
            "year-1/6/classes[0]/1/students[0]"
        ]
    );
    assert_eq!(ids("> guests"), ["year-1/3/guests", "year-1/7/guests"]);
    let mut keys: Vec<_> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("key "))
        .collect();
    assert!(
        keys.contains(&"year-1/6/classes[0]/1/students[0]/3"),
        "{keys:?}"
    );
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "no two attempts have the same key");
}

#[tokio::test]
async fn an_error_names_the_items_and_not_only_the_fields() {
    for driven in [false, true] {
        let mut school = School {
            classes: vec![class([4]), class([4, 99, 5])],
            ..School::default()
        };
        let error = if driven {
            Fair.with(StepLimit::new(99))
                .run(&mut school)
                .await
                .unwrap_err()
        } else {
            Fair.run(&mut school).await.unwrap_err()
        };
        let text = format!("{error:#}");
        assert!(
            text.starts_with(
                "Fair > classes[1] > students[1] > mark: exec failed at attempt 2 of 2: 101"
            ),
            "{text}"
        );
        assert_eq!(error.path(), ["Fair", "classes", "students", "mark"]);
        let items: Vec<_> = error
            .items()
            .map(|(field, item)| format!("{field}{item}"))
            .collect();
        assert_eq!(items, ["classes[1]", "students[1]"]);
        assert_eq!(
            (error.node(), error.flow()),
            (Some("mark"), Some("students"))
        );
        let failed = pocketflow::Failed::from(&error);
        assert_eq!(failed.path, ["Fair", "classes[1]", "students[1]", "mark"]);
        assert_eq!(failed.node(), Some("mark"));
        assert_eq!(format!("{failed:#}"), text);
    }
}

#[tokio::test]
async fn a_step_limit_counts_inner_steps_and_says_where_it_stops() {
    let all = {
        let count = Count::default();
        Year.with(&count).run(&mut school()).await.unwrap();
        count.0.into_inner()
    };
    let mut one = school();
    Year.with(StepLimit::new(all)).run(&mut one).await.unwrap();
    let mut other = school();
    let error = Year
        .with(StepLimit::new(all - 1))
        .run(&mut other)
        .await
        .unwrap_err();
    assert!(error.cause().is::<StepsExceeded>());
    assert_eq!(error.path(), ["Year", "close"]);

    let mut school = school();
    let error = Year
        .with(StepLimit::new(3))
        .run(&mut school)
        .await
        .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "Year > classes[0] > students[0] > learn: stopped: the run has taken its 3 steps and not \
         reached an exit"
    );
    assert_eq!(error.stage(), Stage::Driver);
}

/// Counts all steps.
#[derive(Default)]
struct Count(AtomicU64);

impl<S: Shared> Driver<S> for Count {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        assert_eq!(info.total_steps(), self.0.fetch_add(1, Relaxed) + 1);
        run.run(shared).await
    }
}

/// Keeps each position of the outermost run, with the store and the number of all steps before it.
#[derive(Default)]
struct Keep(Mutex<Vec<(Position, School, u64)>>);

impl<S: Shared> Driver<S> for Keep {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if let Some(school) = (shared as &dyn std::any::Any).downcast_ref::<School>() {
            let kept = (info.position(), school.clone(), info.total_steps() - 1);
            self.0.lock().unwrap().push(kept);
        }
        run.run(shared).await
    }
}

#[tokio::test]
async fn a_run_that_resumes_knows_how_many_inner_steps_it_has_taken() {
    let (keep, mut whole) = (Keep::default(), school());
    Year.with(&keep).run(&mut whole).await.unwrap();
    let kept = keep.0.into_inner().unwrap();
    assert_eq!(kept.len(), 9);
    for (number, (position, mut school, before)) in kept.into_iter().enumerate() {
        assert_eq!(position.steps, number as u64);
        assert_eq!(position.steps + position.inner_steps, before);
        let again = Keep::default();
        Year.with(&again)
            .resume(position, &mut school)
            .await
            .unwrap();
        assert_eq!(school, whole);
        let again = again.0.into_inner().unwrap();
        assert_eq!((again.len(), again[0].2), (9 - number, before));
    }
}

/// Stores every run by its id, as a driver of durable runs does, and fails after so many steps.
#[derive(Default)]
struct Durable {
    /// The position of each run, or its exit.
    runs: Mutex<HashMap<String, Start>>,
    steps: Mutex<Vec<String>>,
    left: AtomicU64,
}

impl<S: Shared> Driver<S> for &Durable {
    async fn begin(
        &self,
        _: &'static Graph,
        info: Option<&StepInfo<'_>>,
        _: &mut S,
    ) -> Result<Start, Error> {
        let id = info.and_then(StepInfo::run_id).unwrap_or("school");
        Ok(self
            .runs
            .lock()
            .unwrap()
            .get(id)
            .cloned()
            .unwrap_or(Start::Fresh))
    }

    async fn flow<R: Run<S>>(
        &self,
        _: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        if info.is_none_or(StepInfo::begins_inner_run) {
            let id = info.and_then(StepInfo::run_id).unwrap_or("school");
            let over = Start::Over(taken.index());
            self.runs.lock().unwrap().insert(id.to_owned(), over);
        }
        Ok(taken)
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let id = info.run_id().unwrap().to_owned();
        self.runs
            .lock()
            .unwrap()
            .insert(id, Start::At(info.position()));
        if self.left.fetch_sub(1, Relaxed) == 0 {
            return Err(info.error("killed"));
        }
        let taken = run.run(shared).await?;
        if taken.next().is_some() || taken.exit().is_some() {
            let mut steps = self.steps.lock().unwrap();
            steps.push(format!("{} {}", info.run_id().unwrap(), info.step()));
        }
        Ok(taken)
    }

    fn run_id(&self) -> Option<&str> {
        Some("school")
    }
}

#[tokio::test]
async fn each_inner_run_resumes_at_its_own_position() {
    let mut whole = school();
    Fair.run(&mut whole).await.unwrap();
    for kill_after in 0..40 {
        let (durable, mut school) = (Durable::default(), school());
        durable.left.store(kill_after, Relaxed);
        let first = Fair.with(&durable).run(&mut school).await;
        durable.left.store(u64::MAX, Relaxed);
        Fair.with(&durable).run(&mut school).await.unwrap();
        assert_eq!(school, whole, "killed after {kill_after} steps");
        let mut steps = durable.steps.into_inner().unwrap();
        let all = steps.len();
        steps.sort();
        steps.dedup();
        assert_eq!(steps.len(), all, "a step ran twice: {steps:#?}");
        if first.is_ok() {
            assert!(kill_after > 15);
            return;
        }
    }
    panic!("the run takes fewer steps");
}

#[tokio::test]
async fn a_stub_replaces_nodes_of_inner_runs() {
    let stub = Stub::new().node::<mark>(|_, attempt| match attempt.number() {
        1 => Err("again".into()),
        _ => Ok(50),
    });
    let mut school = school();
    Fair.with(Trace).with(&stub).run(&mut school).await.unwrap();
    assert_eq!(school.best, Some(50));
    assert_eq!((stub.calls::<mark>(), stub.attempts::<mark>()), (4, 8));
}

#[tokio::test]
async fn a_watch_shows_the_outermost_store_after_its_steps() {
    let mut school = school();
    let watch = Watch::new(&school, |school: &School| {
        let graded = school.classes.iter().filter(|class| class.best.is_some());
        (graded.count(), school.best)
    });
    let mut seen = watch.subscribe();
    let mut shown = vec![*seen.borrow()];
    let look = async {
        while seen.changed().await.is_ok() {
            shown.push(*seen.borrow_and_update());
        }
    };
    let (done, ()) = tokio::join!(Year.with(watch).run(&mut school), look);
    done.unwrap();
    assert_eq!(shown, [(0, None), (2, None), (2, Some(5)), (2, Some(6))]);

    let watch = Watch::new(&School::default(), |school: &School| school.terms);
    let error = Teach.with(watch).run(&mut class([])).await.unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "Teach: stopped: the watch shows a `School`, and the run is on a `Class`"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_for_the_nodes_of_all_inner_runs() {
    let limit = Limit::new().at_a_time(1).node::<mark>();
    let mut school = school();
    Fair.with(&limit).run(&mut school).await.unwrap();
    assert_eq!(school.best, Some(5));
}

#[tokio::test]
async fn a_driver_may_replace_an_inner_run() {
    struct Skip;
    impl<S: Shared> Driver<S> for Skip {
        async fn flow<R: Run<S>>(
            &self,
            flow: &'static Graph,
            info: Option<&StepInfo<'_>>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            match info {
                Some(info) if flow.name == "Grade" => {
                    assert_eq!(info.actions(), ["default"]);
                    assert!(info.taken("nowhere").is_none());
                    Ok(info.taken("default").unwrap())
                }
                _ => run.run(shared).await,
            }
        }
    }
    let mut school = school();
    Fair.with(Skip).run(&mut school).await.unwrap();
    assert_eq!(
        (school.best, school.classes[0].students[0].points),
        (Some(0), 0)
    );
}

#[tokio::test]
async fn a_run_with_borrowed_drivers_may_be_spawned() {
    let best = tokio::spawn(async {
        let (count, mut school) = (Count::default(), school());
        let driven = Fair.with(&count).with(StepLimit::new(99)).with(Trace);
        driven.run(&mut school).await.map(|_| school.best)
    });
    assert_eq!(best.await.unwrap().unwrap(), Some(5));
}
