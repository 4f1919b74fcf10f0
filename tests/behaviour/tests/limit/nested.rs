//! A run inside a node, with the same limit.

use super::*;

/// Writes each draft in a run of its own, with the same limit or one for other nodes.
#[node(Article, writes = drafts, parallel = 4, attempts = 2)]
async fn by_hand(
    #[each(titles)] title: &str,
    service: &Arc<Service>,
    limit: &Limit,
) -> Result<String, Error> {
    let mut inner = article(service, [title, title, title]);
    Inner.with(limit).run(&mut inner).await?;
    Ok(inner.drafts.unwrap_or_default().concat())
}

#[node(Article, writes = drafts, parallel = 3, attempts = 3, wait = "1s", fallback = nothing)]
async fn request(#[each(titles)] title: &str, service: &Service) -> Result<String, String> {
    Ok(service.answer(title, TENTH).await)
}

fn nothing(_: &pocketflow::Reads<'_, request>, _: &str, _: Error) -> Result<String, String> {
    Ok("the fallback".into())
}

flow! { Inner { request; } }
flow! { Outer { by_hand; } }

#[tokio::test(start_paused = true)]
async fn attempts_do_not_block_each_other_if_only_the_inner_nodes_are_limited() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(2).node::<request>();
    let mut outer = article(&service, 0..4);
    outer.limit = limit.clone();
    let start = Instant::now();
    Outer.with(&limit).run(&mut outer).await.unwrap();
    assert_eq!(outer.drafts.unwrap(), ["000", "111", "222", "333"]);
    assert_eq!((service.most(), start.elapsed()), (2, 6 * TENTH));
}

#[tokio::test(start_paused = true)]
async fn attempts_that_would_wait_for_each_other_fail() {
    for places in [1, 100] {
        let service = Arc::default();
        let limit = Limit::new().at_a_time(places);
        let mut outer = article(&service, [0]);
        outer.limit = limit.clone();
        let error = Outer.with(limit).run(&mut outer).await.unwrap_err();
        assert!(error.find::<NestedLimit>().is_some());
        assert_eq!(
            format!("{error:#}"),
            "Outer > by_hand[0]: exec failed at attempt 2 of 2: \
             Inner > request[0]: exec failed at attempt 1 of 3, not retried: \
             this attempt would wait for a place of a `Limit` while an attempt around it holds \
             one: use the limit once, and choose the nodes that send the requests, with \
             `Limit::node`"
        );
        assert_eq!(service.names(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn rates_hold_no_places() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().rate(4, SECOND);
    let mut outer = article(&service, [0]);
    outer.limit = limit.clone();
    Outer.with(limit).run(&mut outer).await.unwrap();
    assert_eq!(service.names(), ["0", "0", "0"]);
    assert_eq!(start.elapsed(), TENTH);
}

#[tokio::test(start_paused = true)]
async fn a_run_in_another_limit_is_no_mistake() {
    let service = Arc::default();
    let mut outer = article(&service, 0..4);
    outer.limit = Limit::new().at_a_time(1);
    let limit = Limit::new().at_a_time(2);
    Outer.with(limit).run(&mut outer).await.unwrap();
    assert_eq!((service.most(), service.names().len()), (1, 12));
}

flow! {
    Recovers {
        request - error >> find;
        request >> find;
    }
}

#[node(Article, writes = drafts, failures = failures)]
fn partial(#[each(titles)] title: &str) -> Result<String, String> {
    Ok(title.into())
}

flow! { GoesOn { partial; } }

#[tokio::test(start_paused = true)]
async fn neither_an_error_edge_nor_a_batch_that_collects_failures_goes_on_after_a_mistake() {
    let limit = Limit::new().at_a_time(1);
    let mut one = article(&Arc::default(), [0]);
    let recovers = Recovers.with(&limit).with(&limit).run(&mut one).await;
    assert!(recovers.unwrap_err().cause().is::<NestedLimit>());
    let goes_on = GoesOn.with(&limit).with(&limit).run(&mut one).await;
    assert!(goes_on.unwrap_err().cause().is::<NestedLimit>());
    assert!(one.failures.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_given_twice_is_a_mistake() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1);
    let error = Draft
        .with(limit.clone())
        .with(limit)
        .run(&mut article(&service, [0]))
        .await
        .unwrap_err();
    assert!(error.cause().is::<NestedLimit>());
    assert!(matches!(error.stage(), Stage::Exec { attempt: 1, .. }));
}

/// A panic inside an attempt must not leave its thread marked.
#[tokio::test(start_paused = true)]
async fn an_attempt_that_panicked_is_around_nothing() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1);
    let (mut one, shared) = (article(&service, [0]), limit.clone());
    let run = async move {
        flow! { attempts::panics; }
            .with(shared)
            .run(&mut one)
            .await
            .map(drop)
    };
    tokio::spawn(run).await.unwrap_err();
    let mut two = article(&service, ["a"]);
    Draft.with(&limit).run(&mut two).await.unwrap();
}
