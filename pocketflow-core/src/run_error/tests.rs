use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::*;

#[test]
fn the_text_names_the_place_and_leaves_the_cause_to_the_chain() {
    let error = Error::new(
        vec!["Shop", "Payment", "authorize"],
        Stage::Exec {
            attempt: 3,
            attempts: 3,
        },
        TimedOut {
            limit: Duration::from_secs(2),
        },
    );
    assert_eq!(
        error.to_string(),
        "Shop > Payment > authorize: exec failed at attempt 3 of 3"
    );
    assert_eq!(error.flow(), Some("Payment"));
    assert_eq!(error.source().unwrap().to_string(), "no result within 2s");
    assert_eq!(
        format!("{error:?}"),
        "Shop > Payment > authorize: exec failed at attempt 3 of 3\n\nCaused by:\n    no result within 2s"
    );
}

#[test]
fn an_error_at_the_start_has_a_flow_and_no_node() {
    let error = Error::new(
        vec!["Payment"],
        Stage::Start,
        EmptyField {
            store: "Order",
            field: "card",
        },
    );
    assert_eq!((error.flow(), error.node()), (Some("Payment"), None));
    assert_eq!(
        format!("{error:#}"),
        "Payment: cannot start: the late field `card` of `Order` is empty"
    );
}

#[test]
fn each_line_of_a_cause_is_indented() {
    let cause = io::Error::other("expected `,`\n  at line 3\n\n  | a b");
    let error = Error::new(vec!["Write", "draft"], Stage::Prep, cause);
    assert_eq!(
        format!("{error:?}"),
        "Write > draft: prep failed\n\nCaused by:\n    expected `,`\n      at line 3\n\n      | a b"
    );
}

#[derive(Debug, PartialEq)]
struct Mine(u32);

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mine {}", self.0)
    }
}

impl StdError for Mine {}

#[test]
fn an_error_is_found_wherever_it_is_in_the_chain() {
    use anyhow::Context;

    let at = |cause: Cause| Error::new(vec!["Write", "draft"], Stage::Prep, cause);
    let report = |report: anyhow::Result<()>| at(Cause::of_report(report.unwrap_err()));
    let mine = || Err::<(), _>(Mine(7));
    let found = [
        at(Mine(7).into()),
        at(Cause::of_error(Box::new(Mine(7)))),
        at(Arc::new(Mine(7)).into()),
        at(io::Error::other(Mine(7)).into()),
        at(io::Error::other(io::Error::other(Arc::new(Mine(7)))).into()),
        report(mine().context("around it")),
        report(mine().context("around it").context("and around that")),
        report(Err(io::Error::other(Mine(7))).context("around it")),
        at(at(Mine(7).into()).into()),
        report(Err(at(Mine(7).into())).context("another flow failed")),
    ];
    for (index, error) in found.iter().enumerate() {
        assert_eq!(error.find::<Mine>(), Some(&Mine(7)), "{index}: {error:#}");
        assert_eq!(error.find::<TimedOut>(), None, "{index}: {error:#}");
    }
    assert!(found[8].find::<Error>().is_some());
}
