use super::*;

#[tokio::test]
async fn wrap_a_stub_and_are_wrapped() {
    for outer in [true, false] {
        let stub = Stub::new().node::<decide>(|_, _| Ok(Turn::Again));
        let limit = StepLimit::new(6);
        let mut desk = desk();
        let result = if outer {
            Loop.with(limit)
                .with(Trace)
                .with(&stub)
                .run(&mut desk)
                .await
        } else {
            Loop.with(&stub)
                .with(Trace)
                .with(limit)
                .run(&mut desk)
                .await
        };
        let error = result.unwrap_err();
        assert!(error.cause().is::<StepsExceeded>());
        assert_eq!((desk.rounds, stub.calls::<decide>()), (3, 3));
    }
}

/// A limit around the stub holds for the attempts that the stub replaces.
#[tokio::test(start_paused = true)]
async fn limit_the_attempts_of_a_stub() -> Result<(), Error> {
    let stub = Stub::new().each::<draft>(|_, title, attempt| match attempt.number() {
        1 => Err("try again".into()),
        _ => Ok(title.into()),
    });
    let limit = Limit::new().per_second(1).node::<draft>();
    let start = Instant::now();
    Draft.with(limit).with(&stub).run(&mut desk()).await?;
    assert_eq!(stub.attempts::<draft>(), 4);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    Ok(())
}

/// The first stub that knows the node replaces it.
#[tokio::test]
async fn of_one_kind_can_be_two_stubs() -> Result<(), Error> {
    let outer = Stub::new().node::<facts>(|_, _| Ok("outer".into()));
    let inner = Stub::strict()
        .real::<count>()
        .real::<figures>()
        .node::<facts>(|_, _| Ok("inner".into()))
        .each::<draft>(|_, title, _| Ok(title.into()));
    let mut desk = desk();
    Gather.with(&outer).with(&inner).run(&mut desk).await?;
    assert_eq!(desk.facts.as_deref(), Some("outer"));
    assert_eq!(
        (outer.attempts::<facts>(), inner.attempts::<facts>()),
        (1, 0)
    );
    assert_eq!(
        (outer.attempts::<draft>(), inner.attempts::<draft>()),
        (2, 2)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn are_shared_by_spawned_runs() -> Result<(), Error> {
    let kept = Arc::new(AtomicUsize::new(0));
    let counted = kept.clone();
    let stub = Arc::new(Stub::strict().each::<draft>(move |_, title, _| {
        counted.fetch_add(title.len(), Ordering::Relaxed);
        Ok(title.into())
    }));
    let runs = (0..8).map(|_| {
        let stub = stub.clone();
        tokio::spawn(async move { Draft.with(stub).run(&mut desk()).await })
    });
    for run in runs.collect::<Vec<_>>() {
        run.await.unwrap()?;
    }
    assert_eq!(stub.calls::<draft>(), 16);
    assert_eq!(kept.load(Ordering::Relaxed), 8 * "causeseffects".len());
    Ok(())
}

#[tokio::test]
async fn that_borrow_are_stubs_in_spawned_tasks() {
    tokio::spawn(async {
        let stub = Stub::new().node::<answer>(|_, _| Ok("42".into()));
        Answer
            .with(&stub)
            .run(&mut desk())
            .await
            .map(|_| stub.calls::<answer>())
    })
    .await
    .unwrap()
    .unwrap();
}
