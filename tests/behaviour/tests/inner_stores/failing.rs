//! Inner runs that fail: what collects the failures, what follows them, and how they name their items.

use pocketflow::{Error, Failed, Shared, Stage, StepLimit, flow, node};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Desk {
    hint: Option<String>,
    finding: Option<String>,
}

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Report {
    facts: Desk,
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
        report.unwrap().text.as_deref(),
        Some("FollowsItem > desks[1]: cannot start: the late field `hint` of `Desk` is empty")
    );
}

#[tokio::test]
async fn the_outermost_run_without_its_input_has_not_failed() {
    let error = Hinted.run(&mut Desk::default()).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Start);
    assert!(!error.is_failure());
}
