//! Limits and other drivers, in any order.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_limit_may_be_outside_inside_borrowed_boxed_and_spawned() {
    let (service, start) = (Arc::<Service>::default(), Instant::now());
    let limit = Limit::new().per_second(1).node::<combine>();
    for _ in 0..2 {
        let (service, limit) = (service.clone(), limit.clone());
        tokio::spawn(async move {
            let mut one = article(&service, [0]);
            Write
                .with(StepLimit::new(9))
                .with(&limit)
                .with(Trace)
                .run(&mut one)
                .await?;
            Write
                .with(Box::new(limit))
                .with(&StepLimit::new(9))
                .run(&mut one)
                .await
                .map(drop)
        })
        .await
        .unwrap()
        .unwrap();
    }
    assert_eq!(start.elapsed(), 3 * SECOND + 3 * TENTH);
}

#[tokio::test(start_paused = true)]
async fn two_limits_hold_both() {
    let service = Arc::default();
    let start = Instant::now();
    let (places, rate) = (Limit::new().at_a_time(2), Limit::new().per_second(3));
    let mut article = article(&service, 0..7);
    Draft
        .with(places)
        .with(rate)
        .run(&mut article)
        .await
        .unwrap();
    assert_eq!((service.most(), service.most_in(SECOND)), (2, 3));
    assert_eq!(start.elapsed(), 2 * SECOND + TENTH);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_resumes_is_limited() {
    use pocketflow::{FlowPosition, Position};
    let (service, start) = (Arc::default(), Instant::now());
    let position = Position {
        steps: 0,
        inner_steps: 0,
        flows: vec![FlowPosition {
            flow: "Write".into(),
            fingerprint: Write::GRAPH.fingerprint(),
            place: "(find, count)".into(),
            taken: vec![],
        }],
    };
    let mut article = article(&service, [0]);
    article.drafts = Some(vec![]);
    Write
        .with(Limit::new().per_second(1))
        .resume(position, &mut article)
        .await
        .unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND + TENTH);
}
