use super::*;

#[tokio::test]
async fn fails_at_a_node_without_a_stub() {
    let stub = Stub::strict().real::<count>();
    let error = Outer.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(error.path(), ["Outer", "Answer", "answer"]);
    assert_eq!(error.stage(), Stage::Driver);
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&NoStub { node: "answer" })
    );
    assert_eq!(
        error.cause().to_string(),
        "the node `answer` has no stub: replace it with `.node::<answer>(…)`, or let it run with `.real::<answer>()`"
    );
    // Neither the retries nor the fallback of a node can hide it.
    assert_eq!((stub.calls::<answer>(), stub.attempts::<answer>()), (0, 0));
    assert_eq!(stub.calls::<count>(), 1);

    let stub = Stub::strict();
    let error = Remember.with(&stub).run(&mut desk()).await.unwrap_err();
    assert!(error.cause().is::<NoStub>());
    assert_eq!(stub.attempts::<ask_or_remember>(), 0);
}

#[tokio::test]
async fn names_a_node_by_its_type_and_the_place_by_its_name() {
    let error = search()
        .with(&Stub::strict())
        .run(&mut desk())
        .await
        .unwrap_err();
    assert_eq!(error.path(), ["Search", "search"]);
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&NoStub { node: "WebSearch" })
    );
}

#[tokio::test]
async fn leaves_an_empty_batch_alone() -> Result<(), Error> {
    let mut desk = Desk::default();
    Draft.with(&Stub::strict()).run(&mut desk).await?;
    assert_eq!(desk.drafts.unwrap(), [""; 0]);
    Ok(())
}
