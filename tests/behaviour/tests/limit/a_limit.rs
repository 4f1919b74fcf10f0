//! What a limit allows, and when.

use super::*;

#[tokio::test(start_paused = true)]
async fn holds_for_batches_forks_nested_flows_and_runs_together() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().at_a_time(3).per_second(7);
    let mut one = article(&service, 0..10);
    let mut two = article(&service, 10..20);
    tokio::try_join!(
        Write.with(limit.clone()).run(&mut one),
        Write.with(StepLimit::new(9)).with(&limit).run(&mut two),
    )
    .unwrap();
    assert_eq!(service.names().len(), 26);
    assert_eq!(service.most(), 3);
    assert_eq!(service.most_in(SECOND), 7);
    // Seven begin in each second, three at a time: the last after 3.1 seconds.
    assert_eq!(start.elapsed(), Duration::from_millis(3200));
}

#[tokio::test(start_paused = true)]
async fn lets_attempts_begin_in_the_order_in_which_they_ask() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(1);
    let (mut one, mut two) = (article(&service, ["a", "b", "c"]), article(&service, ["d"]));
    let late = async {
        sleep(TENTH / 2).await;
        Draft.with(&limit).run(&mut two).await
    };
    tokio::try_join!(Draft.with(&limit).run(&mut one), late).unwrap();
    assert_eq!(service.names(), ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn without_numbers_allows_everything() {
    let (service, start) = (Arc::default(), Instant::now());
    Draft
        .with(Limit::new())
        .run(&mut article(&service, 0..20))
        .await
        .unwrap();
    assert_eq!((service.most(), start.elapsed()), (20, TENTH));
}

#[tokio::test(start_paused = true)]
async fn leaves_a_pause_between_two_attempts_if_it_allows_one() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().rate(1, SECOND / 4);
    let mut article = article(&service, 0..9);
    Draft.with(limit).run(&mut article).await.unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND + TENTH);
    assert_eq!(service.most_in(SECOND / 4), 1);
}

#[tokio::test(start_paused = true)]
async fn may_have_several_rates() {
    let service = Arc::default();
    let limit = Limit::new().per_second(2).per_minute(10);
    let mut article = article(&service, 0..25);
    let start = Instant::now();
    Draft.with(limit).run(&mut article).await.unwrap();
    assert_eq!(service.most_in(SECOND), 2);
    assert_eq!(service.most_in(60 * SECOND), 10);
    assert_eq!(start.elapsed(), 122 * SECOND + TENTH);
}

#[tokio::test(start_paused = true)]
async fn may_have_a_period_without_an_end() {
    let (service, limit) = (Arc::default(), Limit::new().rate(2, Duration::MAX));
    let mut article = article(&service, 0..3);
    let run = Draft.with(limit).run(&mut article);
    let waited = tokio::time::timeout(3600 * SECOND, run).await;
    assert!(waited.is_err());
    assert_eq!(service.names(), ["0", "1"]);
}

#[test]
fn prints_its_numbers() {
    assert_eq!(
        format!("{:?}", Limit::new().at_a_time(4).per_second(10)),
        "Limit { at_a_time: Some(4), rates: [Rate { attempts: 10, period: 1s }], .. }"
    );
}

#[test]
#[should_panic = "a limit of zero attempts would let no attempt begin"]
fn of_no_attempt_at_a_time_is_a_mistake() {
    let _ = Limit::new().at_a_time(0);
}

#[test]
#[should_panic = "a limit of zero attempts would let no attempt begin"]
fn of_no_attempt_per_second_is_a_mistake() {
    let _ = Limit::new().per_second(0);
}

#[tokio::test(start_paused = true)]
async fn with_a_new_number_is_another_limit() {
    let service = Arc::default();
    let limit = Limit::new().at_a_time(2);
    let other = limit.clone().per_second(100);
    let (mut one, mut two) = (article(&service, 0..9), article(&service, 0..9));
    let runs = (
        Draft.with(limit).run(&mut one),
        Draft.with(other).run(&mut two),
    );
    tokio::try_join!(runs.0, runs.1).unwrap();
    assert_eq!(service.most(), 4);
}

/// Every run is in a task of its own, on several threads.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn holds_on_several_threads() {
    let service = Arc::<Service>::default();
    let limit = Limit::new().at_a_time(3).rate(40, SECOND / 20);
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let (limit, mut article) = (limit.clone(), article(&service, 0..20));
            tokio::spawn(async move {
                flow! { fast; }
                    .with(&limit)
                    .run(&mut article)
                    .await
                    .map(drop)
            })
        })
        .collect();
    for run in runs {
        run.await.unwrap().unwrap();
    }
    assert_eq!(service.names().len(), 160);
    assert!(service.most() <= 3, "{}", service.most());
}

#[node(Article, writes = drafts, parallel = unbounded)]
async fn fast(#[each(titles)] title: &str, service: &Service) -> String {
    service.answer(title, Duration::from_micros(100)).await
}
