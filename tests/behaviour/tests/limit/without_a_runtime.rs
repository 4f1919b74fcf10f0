//! A limit outside a tokio runtime.

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
