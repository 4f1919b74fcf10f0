//! Inner runs whose program or item has changed, and what people cannot do with them.

use pocketflow_checkpoint::{Changed, Parked, Storage, StorageError};

use super::*;

#[tokio::test]
async fn another_item_is_refused() {
    let (_folder, runs) = runs().await;
    let run = "changed";
    let parked = Digest
        .with(runs.run(run).park())
        .run(&mut numbered(2))
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    let documents = serde_json::to_string(&library(["number 0", "another"]).documents).unwrap();
    runs.edit(run, "documents", &documents).await.unwrap();
    let error = Digest
        .with(runs.run(run).park())
        .run(&mut Library::default())
        .await
        .unwrap_err();
    let changed: &Changed = error.cause().downcast_ref().unwrap();
    assert_eq!(changed.run, "changed/1/documents[1]");
    assert_eq!(
        changed.conflicts,
        [
            "it began with another item: `title` had another value",
            "no migration converts it, because it is a part of a step: remove the stored inner runs of that step with \
             `Checkpoints::drop_items`, or with `pocketflow runs drop-items changed`, so that they run again"
        ]
    );
    assert_eq!(runs.drop_items(run).await.unwrap(), 2);
    let parked = Digest
        .with(runs.run(run).park())
        .run(&mut Library::default())
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    let record = runs.storage().show("changed/1/documents[1]").await.unwrap();
    assert!(record.unwrap().state.contains("All about another"));
}

#[tokio::test]
async fn an_inner_run_is_no_run_of_its_own() {
    let (_folder, runs) = runs().await;
    let parked = Digest
        .with(runs.run("own").park())
        .run(&mut numbered(1))
        .await;
    assert!(parked.unwrap_err().cause().is::<Parked>());
    let inner = "own/1/documents[0]";
    let error = Approve
        .with(runs.run(inner))
        .run(&mut Document::default())
        .await
        .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("run `own/1/documents[0]` is a part of run `own`: do this with `own`"),
        "{text}"
    );
    let refused = runs.fork(inner, 1, "new").await.unwrap_err();
    assert!(
        matches!(refused, StorageError::InnerRun { .. }),
        "{refused}"
    );
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Forgetful {
    #[serde(skip)]
    document: Document,
}

flow! { Forgets: Forgetful { Approve.on(document); } }

#[tokio::test]
async fn a_field_that_is_not_stored_cannot_have_inner_runs() {
    let (_folder, runs) = runs().await;
    let error = Forgets
        .with(runs.run("skipped"))
        .run(&mut Forgetful::default())
        .await
        .unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains(
            "cannot store the field `document`, on which `Approve` runs, of run `skipped`: serde skips it, so the inner runs \
             would be lost: leave `skip` out"
        ),
        "{text}"
    );
    assert_eq!(runs.list(None).await.unwrap(), []);
}
