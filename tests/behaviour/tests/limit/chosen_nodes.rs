//! A limit for some of the nodes.

use super::*;

#[tokio::test(start_paused = true)]
async fn alone_are_limited() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().rate(1, SECOND).node::<find>().node::<count>();
    let mut article = article(&service, 0..5);
    Write.with(limit).run(&mut article).await.unwrap();
    // The batch takes a tenth, one branch a second and a tenth, and the last node a tenth.
    assert_eq!(start.elapsed(), SECOND + 3 * TENTH);
    assert_eq!(service.most(), 5);
}

#[tokio::test(start_paused = true)]
async fn of_two_clones_share_the_limit() {
    let (service, start) = (Arc::default(), Instant::now());
    let limit = Limit::new().at_a_time(1);
    let (mut one, mut two) = (article(&service, [0]), article(&service, [0]));
    let (finds, counts) = (flow! { find >> draft; }, flow! { count >> draft; });
    let runs = (
        finds.with(limit.clone().node::<find>()).run(&mut one),
        counts.with(limit.node::<count>()).run(&mut two),
    );
    tokio::try_join!(runs.0, runs.1).unwrap();
    assert_eq!(service.names(), ["facts", "0", "figures", "0"]);
    assert_eq!(start.elapsed(), 3 * TENTH);
}

struct Search {
    time: Duration,
}

#[node(Article, appends = found)]
impl Search {
    async fn exec(&self, service: &Service) -> String {
        service.answer("search", self.time).await
    }
}

flow! {
    Searches {
        first: Search;
        second: Search;
        first >> second;
    }
}

#[tokio::test(start_paused = true)]
async fn may_have_configuration_and_several_places() {
    let (service, start) = (Arc::default(), Instant::now());
    let flow = Searches {
        first: Search { time: TENTH },
        second: Search { time: TENTH },
    };
    let limit = Limit::new().per_minute(1).node::<Search>();
    flow.with(limit)
        .run(&mut article(&service, [""]))
        .await
        .unwrap();
    assert_eq!(start.elapsed(), 60 * SECOND + TENTH);
}
