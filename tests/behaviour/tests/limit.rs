//! `Limit`, which nodes and runs share.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pocketflow::{
    Attempt, Error, Failed, Limit, NestedLimit, NoRuntime, Shared, Stage, StepLimit, TimedOut,
    Trace, flow, node,
};
use tokio::time::{Instant, sleep};

/// The requests that a service has received.
#[derive(Default)]
struct Service {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    began: Mutex<Vec<(String, Instant)>>,
}

/// A request in flight, until it is dropped.
struct Request<'a>(&'a Service);

impl Service {
    fn receives(&self, name: impl ToString) -> Request<'_> {
        let in_flight = self.in_flight.fetch_add(1, SeqCst) + 1;
        self.most.fetch_max(in_flight, SeqCst);
        let mut began = self.began.lock().unwrap();
        began.push((name.to_string(), Instant::now()));
        Request(self)
    }

    async fn answer(&self, name: impl ToString, time: Duration) -> String {
        let name = name.to_string();
        let _request = self.receives(&name);
        sleep(time).await;
        name
    }

    fn most(&self) -> usize {
        self.most.load(SeqCst)
    }

    fn names(&self) -> Vec<String> {
        let began = self.began.lock().unwrap();
        began.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The most requests that began in a period.
    fn most_in(&self, period: Duration) -> usize {
        let began = self.began.lock().unwrap();
        let in_period = |(_, from): &(String, Instant)| {
            let period = *from..*from + period;
            began.iter().filter(|(_, at)| period.contains(at)).count()
        };
        began.iter().map(in_period).max().unwrap_or(0)
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, SeqCst);
    }
}

#[derive(Shared, Default)]
struct Article {
    service: Arc<Service>,
    limit: Limit,
    titles: Vec<String>,
    drafts: Option<Vec<String>>,
    found: String,
    failures: Vec<Failed>,
    facts: Option<String>,
    figures: Option<String>,
    text: Option<String>,
}

fn article(service: &Arc<Service>, titles: impl IntoIterator<Item = impl ToString>) -> Article {
    Article {
        service: service.clone(),
        titles: titles.into_iter().map(|title| title.to_string()).collect(),
        ..Article::default()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);

#[node(Article, writes = drafts, parallel = 20)]
async fn draft(#[each(titles)] title: &str, service: &Service) -> String {
    service.answer(title, TENTH).await
}

#[node(Article, writes = text)]
async fn combine(drafts: &[String], service: &Service) -> String {
    service.answer(drafts.len(), TENTH).await
}

#[node(Article, writes = facts)]
async fn find(service: &Service) -> String {
    service.answer("facts", TENTH).await
}

#[node(Article, writes = figures)]
async fn count(service: &Service) -> String {
    service.answer("figures", TENTH).await
}

flow! { Draft { draft; } }
flow! { Write { Draft >> (find, count) >> combine; } }

mod a_limit {
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
}

mod chosen_nodes {
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
}

mod attempts {
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
    async fn flaky(
        service: &Service,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<String, &'static str> {
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
}

mod nested {
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
}

mod beside_other_drivers {
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
}

mod beside_a_context {
    use super::*;

    struct Services {
        service: Service,
        limit: Limit,
    }

    #[derive(Shared, Default)]
    #[shared(context = Services)]
    struct Talk {
        lines: Vec<String>,
        replies: Option<Vec<String>>,
    }

    #[node(Talk, writes = replies, parallel = 9)]
    async fn reply(#[each(lines)] line: &str, #[context] service: &Service) -> String {
        service.answer(line, TENTH).await
    }

    flow! { Reply { reply; } }

    #[tokio::test(start_paused = true)]
    async fn the_context_may_hold_the_limit_and_comes_before_or_after_it() {
        let limit = Limit::new().at_a_time(2);
        let (service, start) = (Service::default(), Instant::now());
        let services = Services { service, limit };
        let talk = || Talk {
            lines: vec!["a".into(), "b".into(), "c".into()],
            ..Talk::default()
        };
        let (mut one, mut two) = (talk(), talk());
        tokio::try_join!(
            Reply.context(&services).with(&services.limit).run(&mut one),
            Reply
                .with(services.limit.clone().node::<reply>())
                .context(&services)
                .run(&mut two),
        )
        .unwrap();
        assert_eq!((services.service.most(), start.elapsed()), (2, 3 * TENTH));
    }
}

mod without_a_runtime {
    use super::*;

    #[node(Article, attempts = 3, fallback = nothing)]
    async fn replies() -> Result<(), String> {
        Ok(())
    }

    fn nothing(_: &pocketflow::Reads<'_, replies>, _: Error) -> Result<(), String> {
        Ok(())
    }

    flow! { Bare { replies; } }

    /// Polls once, because nothing here waits.
    fn now<T>(run: impl Future<Output = T>) -> T {
        match pin!(run).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn a_limit_of_attempts_at_a_time_works() {
        let limit = Limit::new().at_a_time(1);
        now(Bare.with(limit).run(&mut Article::default())).unwrap();
    }

    #[test]
    fn a_rate_fails_without_a_retry_and_without_the_fallback() {
        let limit = Limit::new().per_second(9);
        let error = now(Bare.with(limit).run(&mut Article::default())).unwrap_err();
        assert!(error.cause().is::<NoRuntime>());
        assert_eq!(
            format!("{error:#}"),
            "Bare > replies: exec failed at attempt 1 of 3, not retried: `Limit::rate` needs a tokio \
             runtime, and none is running here: run the flow in one, as `#[tokio::main]` does"
        );
    }
}
