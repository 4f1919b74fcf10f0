//! Inner runs that fail.

use pocketflow_checkpoint::{Parked, Status, Storage};

use super::*;

#[tokio::test]
async fn a_failed_inner_run_runs_on_and_the_finished_ones_do_not() {
    let (_folder, runs) = runs().await;
    let run = "failing";
    let parked = Digest
        .with(runs.run(run).park())
        .run(&mut numbered(4))
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    for (number, answer) in ["yes", "yes", "no", "yes"].into_iter().enumerate() {
        let inner = format!("{run}/1/documents[{number}]");
        runs.fill_value(&inner, "approval#1", answer).await.unwrap();
    }
    let error = Digest
        .with(runs.run(run))
        .run(&mut numbered(4))
        .await
        .unwrap_err();
    let path = "Digest > documents[2] > publish: exec failed: it was not approved";
    assert_eq!(format!("{error:#}"), path);
    let record = runs.storage().show(run).await.unwrap().unwrap();
    assert_eq!((record.status, record.owner), (Status::Failed, None));
    assert_eq!(record.message.as_deref(), Some(path), "it names the item");
    let inner = format!("{run}/1/documents[2]");
    let record = runs.storage().show(&inner).await.unwrap().unwrap();
    assert_eq!((record.status, record.step), (Status::Failed, 2));
    assert!(record.message.unwrap().contains("it was not approved"));

    // A person mends it.
    runs.edit(&inner, "approval", "\"yes\"").await.unwrap();
    let mut library = numbered(4);
    Digest.with(runs.run(run)).run(&mut library).await.unwrap();
    assert!(library.digest.is_some());
    let work = work_of(run);
    for (piece, times) in &work {
        let again = piece.starts_with("publish") && piece.contains("documents[2]");
        assert_eq!(*times, if again { 2 } else { 1 }, "{work:?}");
    }
    assert_eq!(work.len(), 9);
}

#[tokio::test]
async fn a_collected_failure_is_stored_and_does_not_run_again() {
    let (_folder, runs) = runs().await;
    let run = "collected";
    let titles = ["fine", "impossible thing", "good", "refused"];
    let parked = async || {
        Careful
            .with(runs.run(run).park())
            .run(&mut library(titles))
            .await
            .unwrap_err()
    };
    assert!(parked().await.cause().is::<Parked>());
    assert_eq!(status(&runs, run).await, (Status::Waiting, 3));
    let inner = |number| format!("{run}/1/documents[{number}]");
    let record = runs.storage().show(&inner(1)).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Failed);
    runs.fill_value(&inner(3), "approval#1", "no")
        .await
        .unwrap();
    assert!(parked().await.cause().is::<Parked>());
    assert_eq!(status(&runs, run).await, (Status::Waiting, 2));
    for number in [0, 2] {
        runs.fill_value(&inner(number), "approval#1", "Ada")
            .await
            .unwrap();
    }
    let mut library = library(titles);
    Careful.with(runs.run(run)).run(&mut library).await.unwrap();
    assert_ran_once(run, 4 + 3 + 1);

    // What the field gets is what it gets without a driver, and the places are the same.
    let problems: Vec<_> = library
        .problems
        .iter()
        .map(|failed| (failed.item, format!("{failed:#}")))
        .collect();
    let texts = [
        "Careful > documents[1] > draft: exec failed: nobody can write impossible thing",
        "Careful > documents[3] > publish: exec failed: it was not approved",
    ];
    assert_eq!(
        problems,
        [
            (Some(1), texts[0].to_owned()),
            (Some(3), texts[1].to_owned())
        ]
    );
    let refused = &library.documents[3];
    assert_eq!(refused.text.as_deref(), Some("All about refused"));
    assert_eq!(refused.approval.as_deref(), Some("no"));
    assert_eq!(library.documents[1].text, None);
    let digest = "All about fine, approved by Ada; -; All about good, approved by Ada; -";
    assert_eq!(library.digest.as_deref(), Some(digest));
}

flow! {
    /// Only with a text.
    Republish(text): Document { await(approval) >> publish; }
}

flow! { Again: Library { Republish.each(documents, parallel = 2, failures = problems) >> combine; } }

#[tokio::test]
async fn an_inner_run_without_its_input_has_failed_for_good() {
    let (_folder, runs) = runs().await;
    let run = "without-input";
    let empty_and_full = || {
        let mut library = library(["empty", "full"]);
        library.documents[1].text = Some("All about full".into());
        library
    };
    let parked = Again
        .with(runs.run(run).park())
        .run(&mut empty_and_full())
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    let inner = |number| format!("{run}/1/documents[{number}]");
    let record = runs.storage().show(&inner(0)).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Failed);
    let message =
        "Again > documents[0]: cannot start: the late field `text` of `Document` is empty";
    assert_eq!(record.message.as_deref(), Some(message));
    runs.fill_value(&inner(1), "approval#1", "Ada")
        .await
        .unwrap();
    let mut library = empty_and_full();
    Again.with(runs.run(run)).run(&mut library).await.unwrap();
    let problems: Vec<_> = library
        .problems
        .iter()
        .map(|failed| (failed.item, format!("{failed:#}")))
        .collect();
    assert_eq!(problems, [(Some(0), message.to_owned())]);
    let digest = "-; All about full, approved by Ada";
    assert_eq!(library.digest.as_deref(), Some(digest));
}
