//! Inner runs that fail: what collects the failures, what follows them, and how they name their items.

use std::collections::BTreeMap;
use std::sync::Mutex;

use pocketflow::{
    Driver, Error, Failed, Run, Shared, Stage, StepInfo, StepLimit, Taken, flow, node,
};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Desk {
    hint: Option<String>,
    finding: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Report {
    facts: Desk,
    named: BTreeMap<String, Desk>,
    desks: Vec<Desk>,
    problems: Vec<Failed>,
    problem: Option<Failed>,
    text: Option<String>,
}

#[node(Desk, writes = finding)]
fn look(hint: &str) -> String {
    format!("about {hint}")
}

#[node(Report, writes = text)]
fn write() -> String {
    "written".into()
}

#[node(Report, writes = text)]
fn apologize(problem: &Failed) -> String {
    format!("{problem:#}")
}

flow! {
    /// No node of it can fail, but its input may be empty.
    Hinted(hint): Desk { look; }
}

flow! { Collects: Report { Hinted.each(desks, parallel = 2, failures = problems) >> write; } }
flow! {
    Follows: Report {
        Hinted.on(facts) >> write;
        Hinted.on(facts) - error(problem) >> apologize;
    }
}
flow! {
    FollowsItem: Report {
        Hinted.each(desks) >> write;
        Hinted.each(desks) - error(problem) >> apologize;
    }
}
flow! { Around: Report { Nested - error(problem) >> apologize; } }
flow! { Nested: Report { Hinted.on(facts); } }

fn desk(hint: Option<&str>) -> Desk {
    Desk {
        hint: hint.map(Into::into),
        finding: None,
    }
}

/// Runs a flow with and without a driver, and checks that both end in the same way.
macro_rules! ran {
    ($flow:ident, $store:expr) => {{
        let (mut plain, mut driven) = ($store, $store);
        let ends: [Result<_, Error>; 2] = [
            $flow.run(&mut plain).await,
            $flow.with(StepLimit::new(99)).run(&mut driven).await,
        ];
        let [one, other] = ends.map(|end| end.map(drop).map_err(|error| format!("{error:#}")));
        assert_eq!(one, other);
        assert_eq!(plain, driven);
        one.map(|()| driven)
    }};
}

#[tokio::test]
async fn an_item_without_its_input_has_failed_and_the_others_go_on() {
    let report = Report {
        desks: [Some("a"), None, Some("b")].map(desk).into(),
        ..Report::default()
    };
    let report = ran!(Collects, report.clone()).unwrap();
    assert_eq!(report.text.as_deref(), Some("written"));
    let findings: Vec<_> = report.desks.iter().map(|desk| &desk.finding).collect();
    assert_eq!(
        findings,
        [&Some("about a".into()), &None, &Some("about b".into())]
    );
    let [problem] = &report.problems[..] else {
        panic!("{:?}", report.problems);
    };
    assert_eq!(
        format!("{problem:#}"),
        "Collects > desks[1]: cannot start: the late field `hint` of `Desk` is empty"
    );
    assert_eq!((problem.item, problem.node()), (Some(1), None));
}

#[tokio::test]
async fn an_error_edge_follows_a_run_without_its_input() {
    let report = ran!(Follows, Report::default()).unwrap();
    assert_eq!(
        report.text.as_deref(),
        Some("Follows > facts: cannot start: the late field `hint` of `Desk` is empty")
    );

    let report = ran!(Around, Report::default()).unwrap();
    assert_eq!(
        report.text.as_deref(),
        Some("Around > Nested > facts: cannot start: the late field `hint` of `Desk` is empty")
    );

    let facts = desk(Some("rain"));
    let report = ran!(
        Follows,
        Report {
            facts: facts.clone(),
            ..Report::default()
        }
    );
    assert_eq!(report.unwrap().text.as_deref(), Some("written"));

    let desks = [Some("a"), None].map(desk);
    let report = ran!(
        FollowsItem,
        Report {
            desks: desks.clone().into(),
            ..Report::default()
        }
    );
    assert_eq!(
        report.as_ref().unwrap().text.as_deref(),
        Some("FollowsItem > desks[1]: cannot start: the late field `hint` of `Desk` is empty")
    );
    assert_eq!(report.unwrap().problem.unwrap().item, Some(1));
}

flow! { CollectsNamed: Report { Hinted.each(named, failures = problems); } }
flow! {
    FollowsNamed: Report {
        Hinted.each(named) >> write;
        Hinted.each(named) - error(problem) >> apologize;
    }
}

#[tokio::test]
async fn the_failure_of_an_item_of_a_map_has_its_key() {
    let named = [("a", Some("x")), ("b \"c\"", None)];
    let report = Report {
        named: named.map(|(key, hint)| (key.to_owned(), desk(hint))).into(),
        ..Report::default()
    };
    let collected = ran!(CollectsNamed, report.clone()).unwrap().problems;
    let followed = ran!(FollowsNamed, report.clone()).unwrap().problem;
    for failed in [&collected[0], &followed.unwrap()] {
        assert_eq!(
            (failed.item, failed.key.as_deref()),
            (None, Some("b \"c\""))
        );
    }
}

#[derive(Shared, Default)]
struct Archive {
    reports: BTreeMap<String, Report>,
}

flow! { Archived: Archive { Collects.each(reports); } }
flow! { Strict: Report { Hinted.each(desks); } }
flow! { ArchivedStrictly: Archive { Strict.each(reports); } }

/// Records the error that each step and each flow ends with, next to its place.
#[derive(Default)]
struct Errors(Mutex<Vec<(String, String)>>);

impl<S: Shared> Driver<S> for Errors {
    async fn flow<R: Run<S>>(
        &self,
        _: &'static pocketflow::Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let end = run.run(shared).await;
        if let (Err(error), Some(info)) = (&end, info) {
            let mut errors = self.0.lock().unwrap();
            errors.push((info.to_string(), error.to_string()));
            errors.push((info.to_string(), info.error("stop").to_string()));
        }
        end
    }
}

fn archive() -> Archive {
    let report = Report {
        desks: [Some("a"), None].map(desk).into(),
        ..Report::default()
    };
    Archive {
        reports: [("x".to_owned(), report)].into(),
    }
}

#[tokio::test]
async fn a_driver_sees_errors_with_all_their_items() {
    let (errors, mut store) = (Errors::default(), archive());
    let end = ArchivedStrictly.with(&errors).run(&mut store).await;
    let path = "ArchivedStrictly > reports[\"x\"] > desks[1]";
    let text = format!("{path}: cannot start");
    assert_eq!(end.unwrap_err().to_string(), text);
    let errors = errors.0.into_inner().unwrap();
    let around = "ArchivedStrictly > reports[\"x\"]";
    let expected = [
        (path, text.clone()),
        (path, format!("{path}: stopped")),
        (around, text),
        (around, format!("{around}: stopped")),
    ];
    assert_eq!(errors, expected.map(|(at, text)| (at.to_owned(), text)));
}

#[tokio::test]
async fn a_collected_failure_of_a_driven_run_names_the_items_around_it() {
    let mut store = archive();
    Archived
        .with(StepLimit::new(99))
        .run(&mut store)
        .await
        .unwrap();
    let failed = &store.reports["x"].problems[0];
    assert_eq!(failed.path, ["Archived", "reports[\"x\"]", "desks[1]"]);
    assert_eq!((failed.item, &failed.key), (Some(1), &None));
}

#[tokio::test]
async fn the_outermost_run_without_its_input_has_not_failed() {
    let error = Hinted.run(&mut Desk::default()).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Start);
    assert!(!error.is_failure());
}
