//! Three stores: a school has classes, and a class has students.

use std::future::poll_fn;
use std::mem;
use std::task::Poll;

use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
pub(crate) struct Student {
    pub(crate) points: u64,
    pub(crate) grade: Option<u64>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq)]
pub(crate) struct Class {
    pub(crate) students: Vec<Student>,
    pub(crate) best: Option<u64>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq)]
pub(crate) struct School {
    pub(crate) terms: u64,
    pub(crate) classes: Vec<Class>,
    pub(crate) guests: Option<Box<Class>>,
    pub(crate) best: Option<u64>,
    pub(crate) log: Vec<String>,
}

#[derive(Action)]
pub(crate) enum Exam {
    Again,
    Passed,
}

/// Pending once, like anything that waits.
async fn wait() {
    let mut waited = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[node(Student, writes = points)]
pub(crate) async fn learn(points: &u64) -> u64 {
    wait().await;
    points + 2
}

#[node(Student)]
pub(crate) fn examine(points: &u64) -> Exam {
    if *points < 4 {
        Exam::Again
    } else {
        Exam::Passed
    }
}

#[node(Student, writes = grade, attempts = 2)]
pub(crate) async fn mark(points: &u64) -> Result<u64, String> {
    wait().await;
    match points {
        99.. => Err(format!("{points} points are too many")),
        _ => Ok(points / 2),
    }
}

flow! {
    pub(crate) Grade {
        learn >> examine - "again" >> learn;
        examine - "passed" >> mark;
    }
}

#[node(Class, writes = best)]
pub(crate) fn find_best(students: &[Student]) -> u64 {
    students
        .iter()
        .filter_map(|student| student.grade)
        .max()
        .unwrap_or_default()
}

flow! { pub(crate) Teach: Class { Grade.each(students, parallel = 2) >> find_best; } }

#[node(School, writes = best)]
pub(crate) async fn compare(classes: &[Class], guests: Option<&Class>) -> u64 {
    wait().await;
    classes
        .iter()
        .chain(guests)
        .filter_map(|class| class.best)
        .max()
        .unwrap_or_default()
}

#[derive(Action)]
#[action(School)]
pub(crate) enum Term {
    Next { terms: u64 },
    Over,
}

#[node(School)]
pub(crate) async fn close(terms: &u64) -> Term {
    wait().await;
    if *terms < 1 {
        Term::Next { terms: terms + 1 }
    } else {
        Term::Over
    }
}

#[node(School, writes = guests)]
pub(crate) fn invite() -> Box<Class> {
    Box::new(class([1]))
}

flow! {
    /// All classes, and then the guests. It runs twice.
    pub(crate) Year: School {
        invite >> Teach.each(classes) >> Teach.on(guests) >> compare >> close;
        close - "next" >> Teach.each(classes);
        close - "over" >> end;
    }
}

flow! {
    /// At the same time.
    pub(crate) Fair: School {
        invite >> (Teach.each(classes, parallel = 2), Teach.on(guests)) >> compare;
    }
}

pub(crate) fn class(points: impl IntoIterator<Item = u64>) -> Class {
    let student = |points| Student {
        points,
        grade: None,
    };
    Class {
        students: points.into_iter().map(student).collect(),
        best: None,
    }
}

/// Two classes.
pub(crate) fn school() -> School {
    School {
        classes: vec![class([0, 4]), class([8])],
        ..School::default()
    }
}
