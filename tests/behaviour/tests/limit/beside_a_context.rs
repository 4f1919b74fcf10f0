//! A limit in a run with a context.

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
