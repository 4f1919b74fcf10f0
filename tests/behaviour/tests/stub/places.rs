use super::*;

#[tokio::test]
async fn of_a_nested_flow_are_replaced() -> Result<(), Error> {
    let stub = Stub::new().node::<answer>(|_, _| Ok("42".into()));
    let mut desk = desk();
    Outer.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.answer.as_deref(), Some("42"));
    // Two places with one node.
    assert_eq!(stub.calls::<count>(), 2);
    assert_eq!(desk.rounds, 2);
    Ok(())
}

#[tokio::test]
async fn of_a_fork_are_replaced() -> Result<(), Error> {
    let stub = Stub::strict()
        .real::<count>()
        .real::<figures>()
        .node::<facts>(|_, _| Ok("facts".into()))
        .each::<draft>(|_, title, _| Ok(title.to_uppercase()));
    let mut desk = desk();
    Gather.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.facts.as_deref(), Some("facts"));
    assert_eq!(desk.figures.as_deref(), Some("real figures"));
    assert_eq!(desk.drafts.as_deref().unwrap(), ["CAUSES", "EFFECTS"]);
    assert_eq!(stub.calls::<draft>(), 2);
    Ok(())
}

#[tokio::test]
async fn in_a_loop_are_visited_again() -> Result<(), Error> {
    let mut turns = [Turn::Again, Turn::Again, Turn::Enough].into_iter();
    let stub = Stub::new().node::<decide>(move |reads, _| {
        let turn = turns
            .next()
            .ok_or_else(|| format!("round {}", reads.rounds))?;
        Ok(turn)
    });
    let mut desk = desk();
    Loop.with(&stub).run(&mut desk).await?;
    assert_eq!((desk.rounds, stub.calls::<decide>()), (2, 3));
    Ok(())
}

/// A test plays the failure that an error edge leads on from.
#[tokio::test]
async fn that_fail_lead_along_their_error_edge() -> Result<(), Error> {
    #[derive(Shared, Default)]
    struct Sale {
        receipt: Option<String>,
        problem: Option<Failed>,
    }

    #[node(Sale, attempts = 2, writes = receipt)]
    async fn pay() -> anyhow::Result<String> {
        unreachable!("{UNREACHABLE}")
    }

    #[node(Sale)]
    fn explain(problem: &Failed) {
        assert_eq!(problem.cause(), "no money");
    }

    flow! {
        Sell {
            pay >> end;
            pay - error(problem) >> explain >> end "declined";
        }
    }

    let stub = Stub::new().node::<pay>(|_, _| Err("no money".into()));
    let exit = Sell.with(&stub).run(&mut Sale::default()).await?;
    assert_eq!(exit, SellExit::Declined);
    assert_eq!((stub.attempts::<pay>(), stub.calls::<explain>()), (2, 1));

    // A missing stub is a mistake of the test, and no error edge hides it.
    let error = Sell
        .with(&Stub::strict())
        .run(&mut Sale::default())
        .await
        .unwrap_err();
    assert!(error.cause().is::<NoStub>());
    Ok(())
}

#[tokio::test]
async fn that_wait_are_filled() -> Result<(), Error> {
    let stub = Stub::new().fill("approval", |desk: &mut Desk| {
        desk.approval = Some(desk.rounds == 1);
    });
    let mut desk = desk();
    Approved.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.approval, Some(true));
    assert_eq!(stub.calls::<publish>(), 1);
    Ok(())
}

#[tokio::test]
async fn that_wait_wait_as_they_do_without_a_stub() {
    let stub = Stub::strict().real::<count>();
    let error = Approved.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&Waits { field: "approval" })
    );
}

#[tokio::test]
async fn that_wait_and_stay_empty_fail() {
    let stub = Stub::new().fill("approval", |_: &mut Desk| {});
    let error = Approved.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(error.path(), ["Approved", "await(approval)"]);
    assert_eq!(
        error.cause().to_string(),
        "the late field `approval` of `Desk` is empty"
    );
}

#[test]
#[should_panic(expected = "the store `Desk` has no late field `aproval`")]
fn that_wait_for_a_misspelt_field_are_found_at_once() {
    let _ = Stub::new().fill("aproval", |_: &mut Desk| {});
}
