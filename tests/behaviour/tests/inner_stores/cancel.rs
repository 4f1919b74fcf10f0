//! A run that is dropped at any await leaves each inner store as its own last finished `post` left
//! it.

use std::any::Any;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};

use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken};

use crate::school::{Class, Fair, School, Student, Year, school};

/// The stores after the last step of each run, by the path of the run.
#[derive(Default)]
struct Keep {
    students: Mutex<HashMap<String, Student>>,
    best: Mutex<HashMap<String, Option<u64>>>,
    school: Mutex<(u64, Option<u64>)>,
    steps: Mutex<usize>,
}

impl<S: Shared> Driver<S> for Keep {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        let path = info.to_string();
        let run = path.rsplit_once(" > ").unwrap().0.to_owned();
        let shared: &dyn Any = shared;
        if let Some(student) = shared.downcast_ref::<Student>() {
            self.students.lock().unwrap().insert(run, student.clone());
        } else if let Some(class) = shared.downcast_ref::<Class>() {
            self.best.lock().unwrap().insert(run, class.best);
        } else if let Some(school) = shared.downcast_ref::<School>() {
            *self.school.lock().unwrap() = (school.terms, school.best);
        }
        *self.steps.lock().unwrap() += 1;
        Ok(taken)
    }
}

/// What the store must be: the one from the beginning with what each run has kept.
fn expected(flow: &str, keep: &Keep) -> School {
    let mut school = school();
    let (students, best) = (keep.students.lock().unwrap(), keep.best.lock().unwrap());
    let runs = students.keys().chain(best.keys());
    if *keep.steps.lock().unwrap() > 0 || runs.count() > 0 {
        school.guests = Some(Box::new(crate::school::class([1])));
    }
    let fill = |class: &mut Class, path: &str| {
        for (index, student) in class.students.iter_mut().enumerate() {
            if let Some(kept) = students.get(&format!("{path} > students[{index}]")) {
                *student = kept.clone();
            }
        }
        class.best = best.get(path).copied().flatten();
    };
    for (index, class) in school.classes.iter_mut().enumerate() {
        fill(class, &format!("{flow} > classes[{index}]"));
    }
    if let Some(guests) = &mut school.guests {
        fill(guests, &format!("{flow} > guests"));
    }
    (school.terms, school.best) = *keep.school.lock().unwrap();
    school
}

macro_rules! dropped_anywhere {
    ($flow:ident, $steps:expr) => {{
        let mut seen = 0;
        for polls in 0.. {
            let (mut shared, keep) = (school(), Keep::default());
            let ended = {
                let mut run = pin!($flow.with(&keep).run(&mut shared));
                let mut context = Context::from_waker(Waker::noop());
                (0..polls).any(|_| run.as_mut().poll(&mut context).is_ready())
            };
            assert_eq!(
                shared,
                expected(stringify!($flow), &keep),
                "after {polls} polls"
            );
            seen = seen.max(*keep.steps.lock().unwrap());
            if ended {
                break;
            }
        }
        assert_eq!(seen, $steps);
    }};
}

#[tokio::test]
async fn a_run_dropped_at_any_await_leaves_each_store_as_its_last_post_left_it() {
    dropped_anywhere!(Fair, 25);
    dropped_anywhere!(Year, 49);
}

/// The same without a driver: the store is one of those that a driver sees.
#[tokio::test]
async fn so_does_a_run_without_drivers() {
    let mut last = school();
    Fair.run(&mut last).await.unwrap();
    for polls in 0.. {
        let mut shared = school();
        let ended = {
            let mut run = pin!(Fair.run(&mut shared));
            let mut context = Context::from_waker(Waker::noop());
            (0..polls).any(|_| std::future::Future::poll(run.as_mut(), &mut context).is_ready())
        };
        for class in &shared.classes {
            for student in &class.students {
                assert!(student.points >= 2 * student.grade.unwrap_or_default());
            }
            if class.best.is_some() {
                assert!(class.students.iter().all(|student| student.grade.is_some()));
            }
        }
        if ended {
            assert_eq!(shared, last);
            break;
        }
        assert_eq!(shared.best, None);
    }
}
