use super::*;

#[tokio::test(start_paused = true)]
async fn are_retried_after_their_waits() -> Result<(), Error> {
    let (sender, seen) = mpsc::channel();
    let stub = Stub::new().node::<answer>(move |_, attempt| {
        let last = attempt.last_error().map(|error| error.to_string());
        sender.send((attempt.number(), attempt.of(), last))?;
        match attempt.number() {
            3 => Ok("at last".into()),
            number => Err(format!("failure {number}").into()),
        }
    });
    let start = Instant::now();
    let mut desk = desk();
    Answer.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.answer.as_deref(), Some("at last"));
    assert_eq!(start.elapsed(), Duration::from_secs(20));
    assert_eq!((stub.calls::<answer>(), stub.attempts::<answer>()), (1, 3));
    let seen: Vec<_> = seen.try_iter().collect();
    let failure = |number| Some(format!("failure {number}"));
    assert_eq!(seen, [(1, 3, None), (2, 3, failure(1)), (3, 3, failure(2))]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn end_with_the_error_of_the_last() {
    let stub = Stub::new().node::<answer>(|_, _| Err(Api::Busy.into()));
    let error = Answer.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Answer > answer: exec failed at attempt 3 of 3"
    );
    assert_eq!(error.cause().downcast_ref(), Some(&Api::Busy));
    assert_eq!(stub.attempts::<answer>(), 3);
}

#[tokio::test(start_paused = true)]
async fn are_judged_by_retry_if() {
    for (answer, attempts) in [(Api::Busy, 5), (Api::Denied, 1)] {
        let stub = Stub::new().node::<ask>(move |_, _| Err(answer.into()));
        let error = Ask.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(error.cause().downcast_ref(), Some(&answer));
        assert_eq!(stub.attempts::<ask>(), attempts);

        let stub = Stub::new()
            .node::<ask_reported>(move |_, _| Err(Failure::of_report(anyhow::anyhow!(answer))));
        AskReported.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(stub.attempts::<ask_reported>(), attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn with_an_error_that_retry_if_does_not_take_are_retried() {
    let stub = Stub::new().node::<ask>(|_, _| Err("offline".into()));
    Ask.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(stub.attempts::<ask>(), 5);

    let stub = Stub::new().node::<ask>(|_, _| Err(Failure::new("offline").without_retry()));
    let error = Ask.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(stub.attempts::<ask>(), 1);
    assert_eq!(
        error.to_string(),
        "Ask > ask: exec failed at attempt 1 of 5, not retried"
    );
}

#[tokio::test]
async fn end_in_the_fallback() -> Result<(), Error> {
    let stub = Stub::new().node::<ask_or_remember>(|_, _| Err("offline".into()));
    let mut desk = desk();
    Remember.with(&stub).run(&mut desk).await?;
    assert_eq!(
        desk.answer.as_deref(),
        Some("rain from memory, since offline")
    );
    assert_eq!(stub.attempts::<ask_or_remember>(), 2);
    Ok(())
}

/// A stub takes no time, so it returns the timeout that it plays.
#[tokio::test(start_paused = true)]
async fn can_play_a_timeout() {
    let limit = Duration::from_secs(5);
    let stub = Stub::new().node::<answer>(move |_, _| Err(TimedOut { limit }.into()));
    let error = Answer.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(error.cause().downcast_ref(), Some(&TimedOut { limit }));
    assert_eq!(stub.attempts::<answer>(), 3);
}
