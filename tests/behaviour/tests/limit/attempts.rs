//! When an attempt counts, and when it gives its place back.

use super::*;

#[node(Article, writes = drafts, parallel = 9, timeout = "1s")]
async fn slow(#[each(titles)] title: &str, service: &Service) -> String {
    service.answer(title, SECOND - TENTH).await
}

#[tokio::test(start_paused = true)]
async fn are_not_timed_while_they_wait() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().at_a_time(1).rate(2, 5 * SECOND);
    let mut article = article(&service, 0..5);
    let flow = flow! { slow; };
    flow.with(limit).run(&mut article).await.unwrap();
    assert_eq!(start.elapsed(), 11 * SECOND - TENTH);
}

#[node(Article, writes = text, attempts = 3, wait = "1s")]
async fn flaky(service: &Service, #[attempt] attempt: Attempt<'_>) -> Result<String, &'static str> {
    service.answer(attempt.number(), TENTH).await;
    if attempt.is_last() {
        Ok("done".into())
    } else {
        Err("busy")
    }
}

#[tokio::test(start_paused = true)]
async fn count_again_when_they_are_retried_and_hold_nothing_while_they_wait() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().at_a_time(1);
    let (mut one, mut two) = (article(&service, [0]), article(&service, ["a", "b", "c"]));
    let flow = flow! { flaky; };
    tokio::try_join!(
        async { flow.with(&limit).run(&mut one).await.map(drop) },
        async { Draft.with(&limit).run(&mut two).await.map(drop) },
    )
    .unwrap();
    assert_eq!(service.names(), ["1", "a", "b", "c", "2", "3"]);
    assert_eq!(
        (service.most(), start.elapsed()),
        (1, 2 * SECOND + 3 * TENTH)
    );

    let start = Instant::now();
    let limit = Limit::new().per_minute(1);
    flow.with(limit).run(&mut one).await.unwrap();
    assert_eq!(start.elapsed(), 120 * SECOND + TENTH);
}

#[node(Article, writes = text, attempts = 2, timeout = "1s", fallback = give_up)]
async fn hangs(service: &Service) -> String {
    let _request = service.receives("hangs");
    pending().await
}

async fn give_up(reads: &pocketflow::Reads<'_, hangs>, error: Error) -> String {
    assert!(error.cause().is::<TimedOut>());
    reads.service.answer("fallback", TENTH).await
}

#[tokio::test(start_paused = true)]
async fn give_their_place_back_after_a_timeout() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().at_a_time(1);
    let (mut one, mut two) = (article(&service, [0]), article(&service, ["a"]));
    let flow = flow! { hangs; };
    tokio::try_join!(
        async { flow.with(&limit).run(&mut one).await.map(drop) },
        async { Draft.with(&limit).run(&mut two).await.map(drop) },
    )
    .unwrap();
    // The other run takes the place after the first attempt, and the second attempt follows.
    assert_eq!(service.names(), ["hangs", "a", "hangs", "fallback"]);
    assert_eq!(start.elapsed(), 2 * SECOND + 2 * TENTH);
}

#[tokio::test(start_paused = true)]
async fn give_their_place_back_when_the_run_is_cancelled() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1).rate(2, SECOND);
    let (mut one, mut two) = (article(&service, [0]), article(&service, ["a", "b"]));
    // This run has one attempt in flight.
    let flow = flow! { hangs; };
    let mut running = Box::pin(flow.with(&limit).run(&mut one));
    // Of these, one attempt waits for the place.
    let mut waiting = Box::pin(Draft.with(&limit).run(&mut two));
    let turn = sleep(TENTH);
    tokio::select! {
        biased;
        _ = &mut running => unreachable!(),
        _ = &mut waiting => unreachable!(),
        () = turn => {}
    }
    assert_eq!(service.names(), ["hangs"]);
    drop(waiting);
    drop(running);

    let start = Instant::now();
    Draft.with(&limit).run(&mut two).await.unwrap();
    // The cancelled attempt that waited does not count in the rate; the one that began does.
    assert_eq!(service.names(), ["hangs", "a", "b"]);
    assert_eq!(start.elapsed(), SECOND);
}

#[node(Article)]
pub(super) async fn panics(service: &Service) {
    let _request = service.receives("panics");
    panic!("on purpose");
}

#[tokio::test(start_paused = true)]
async fn give_their_place_back_after_a_panic() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1);
    let (mut one, shared) = (article(&service, [0]), limit.clone());
    let run = async move { flow! { panics; }.with(shared).run(&mut one).await.map(drop) };
    tokio::spawn(run).await.unwrap_err();

    let mut two = article(&service, ["a"]);
    Draft.with(&limit).run(&mut two).await.unwrap();
    assert_eq!(service.names(), ["panics", "a"]);
}

#[node(Article, attempts = 2)]
async fn refused(service: &Service) -> Result<(), &'static str> {
    let _request = service.receives("refused");
    Err("refused")
}

#[tokio::test(start_paused = true)]
async fn fail_as_they_do_without_a_limit() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1);
    let flow = flow! { refused; };
    let error = flow.with(limit).run(&mut article(&service, [0])).await;
    assert_eq!(
        format!("{:#}", error.unwrap_err()),
        "flow > refused: exec failed at attempt 2 of 2: refused"
    );
    assert_eq!(service.names(), ["refused", "refused"]);
}
