//! PF010: policies that are impossible, or that have no effect.

use quote::quote;

use super::*;

/// Checks the options of `fn a() -> Result<u8>`.
fn of_failing(options: TokenStream, start: Option<&str>) {
    check(
        quote!(Order, #options),
        quote!(
            fn a() -> Result<u8> {}
        ),
        start,
    );
}

#[test]
fn an_option_about_failures_is_for_a_node_that_can_fail() {
    let needs =
        |name: &str| format!("PF010: `{name}` is for a node that can fail, and this one returns");
    for (options, name) in [
        (quote!(attempts = 2), "attempts"),
        (quote!(attempts = TRIES), "attempts"),
        (quote!(attempts = context.tries), "attempts"),
        (quote!(retry_if = is_busy), "retry_if"),
        (quote!(retry_after = after), "retry_after"),
        (quote!(fallback = guess), "fallback"),
    ] {
        let attributes = || quote!(Order, #options);
        check(
            attributes(),
            quote!(
                fn a() -> u8 {}
            ),
            Some(&needs(name)),
        );
        // The name may be that of a `Result`, which a constant finds out.
        check(
            attributes(),
            quote!(
                fn a() -> Outcome {}
            ),
            None,
        );
    }
    let batch = quote!(
        fn a(#[each(xs)] x: &u8) -> u8 {}
    );
    check(
        quote!(Order, failures = bad),
        batch,
        Some(&needs("failures")),
    );
    let methods = quote! {
        impl Node {
            fn exec(&self) -> u8 {}
            fn fallback(&self, error: Error) -> u8 {}
        }
    };
    check(quote!(Order), methods, Some(&needs("fallback")));
    // A node with a timeout can fail.
    check(
        quote!(Order, attempts = 2, timeout = "1s"),
        quote!(
            async fn a() -> u8 {}
        ),
        None,
    );
}

#[test]
fn a_wrong_option_does_not_make_others_wrong() {
    // The option that is wrong may have been the one that makes sense of the others.
    check(
        quote!(Order, attempts = 2, timeout = "soon"),
        quote!(
            async fn a() -> u8 {}
        ),
        Some("PF010: \"soon\" is not a duration"),
    );
    of_failing(
        quote!(attempts = -1, wait = "1s"),
        Some("PF010: a node is tried at least once"),
    );
    of_failing(
        quote!(attempts = 3, wait = "soon", backoff = 2.0),
        Some("PF010: \"soon\" is not a duration"),
    );
}

#[test]
fn a_node_with_one_attempt_never_waits() {
    let one =
        |name: &str| format!("PF010: `{name}` has no effect, since this node has one attempt");
    for (options, name) in [
        (quote!(wait = "1s"), "wait"),
        (quote!(backoff = 2.0), "backoff"),
        (quote!(max_wait = "1s"), "max_wait"),
        (quote!(jitter = 0.5), "jitter"),
        (quote!(retry_if = is_busy), "retry_if"),
        (quote!(retry_after = after), "retry_after"),
        // Several are one mistake.
        (quote!(retry_after = after, retry_if = is_busy), "retry_if"),
        (quote!(jitter = 0.5, max_wait = "1s", wait = "1s"), "wait"),
    ] {
        of_failing(options.clone(), Some(&one(name)));
        of_failing(quote!(attempts = 1, #options), Some(&one(name)));
    }
    for right in [
        quote!(
            attempts = 2,
            wait = "1s",
            backoff = 2.0,
            max_wait = "1s",
            jitter = 0.5
        ),
        quote!(attempts = TRIES, wait = "1s"),
        quote!(attempts = 2, retry_if = is_busy, retry_after = after),
    ] {
        of_failing(right, None);
    }
}

#[test]
fn a_wait_that_grows_is_above_zero() {
    let changes = |name: &str, wrong: &str| format!("PF010: `{name}` changes a wait, and {wrong}");
    for (options, name) in [
        (quote!(backoff = 2.0), "backoff"),
        (quote!(max_wait = "1s"), "max_wait"),
        (quote!(jitter = 0.5), "jitter"),
        (quote!(jitter = 0.5, max_wait = "1s"), "max_wait"),
    ] {
        of_failing(
            quote!(attempts = 2, #options),
            Some(&changes(name, "this node has none")),
        );
        of_failing(
            quote!(attempts = 2, wait = "0s", #options),
            Some(&changes(name, "the wait of this node is zero")),
        );
        of_failing(quote!(attempts = 2, wait = WAIT, #options), None);
        of_failing(quote!(attempts = 2, wait = "1us", #options), None);
    }
    // It bounds what an error says.
    of_failing(
        quote!(attempts = 2, retry_after = after, max_wait = "1s"),
        None,
    );
    of_failing(
        quote!(attempts = 2, retry_after = after, backoff = 2.0),
        Some(&changes("backoff", "this node has none")),
    );
}

#[test]
fn a_factor_is_in_its_range() {
    let with = |options: TokenStream| quote!(attempts = 2, wait = "2s", #options);
    for right in [
        quote!(backoff = 1.0),
        quote!(backoff = 1000.0),
        quote!(jitter = 0.0),
        quote!(jitter = 1.0),
        quote!(max_wait = "2s"),
    ] {
        of_failing(with(right), None);
    }
    for (options, start) in [
        (
            quote!(backoff = 0.9),
            "PF010: a wait cannot grow by the factor 0.9",
        ),
        (
            quote!(backoff = 1001.0),
            "PF010: a wait cannot grow by the factor 1001",
        ),
        (
            quote!(jitter = 1.1),
            "PF010: a wait cannot change by 1.1 times its length",
        ),
        (
            quote!(max_wait = "1999ms"),
            "PF010: the longest wait is shorter than the first",
        ),
    ] {
        of_failing(with(options), Some(start));
    }
}

#[test]
fn a_timeout_interrupts_an_async_function() {
    let waits = || {
        quote!(
            async fn a() -> u8 {}
        )
    };
    check(quote!(Order, timeout = "1us"), waits(), None);
    check(quote!(Order, timeout = LIMIT), waits(), None);
    check(
        quote!(Order, timeout = "0s"),
        waits(),
        Some("PF010: with a timeout of zero, no attempt can finish"),
    );
    let plain = || {
        quote!(
            fn a() -> u8 {}
        )
    };
    check(
        quote!(Order, timeout = LIMIT),
        plain(),
        Some("PF010: nothing can interrupt a plain `fn`"),
    );
    check(
        quote!(Order, timeout = "0s"),
        plain(),
        Some("PF010: with a timeout of zero, no attempt can finish"),
    );
}

#[test]
fn a_function_has_no_fields() {
    let methods = || quote!(impl Node { async fn exec(&self) -> Result<u8> {} });
    let function = || {
        quote!(
            async fn a() -> Result<u8> {}
        )
    };
    for (options, name) in [
        (quote!(attempts = self.option), "attempts"),
        (quote!(attempts = 2, wait = self.option), "wait"),
        (
            quote!(attempts = 2, wait = "1s", backoff = self.option),
            "backoff",
        ),
        (
            quote!(attempts = 2, wait = "1s", max_wait = self.option),
            "max_wait",
        ),
        (
            quote!(attempts = 2, wait = "1s", jitter = self.option),
            "jitter",
        ),
        (quote!(timeout = self.option), "timeout"),
    ] {
        let wrong = format!(
            "a function has no fields: write a value, a constant, or a field of the context, as in \
             `{name} = context.{name}`"
        );
        check(quote!(Order, #options), methods(), None);
        check(quote!(Order, #options), function(), Some(&wrong));
    }
    for right in [
        quote!(attempts = context.tries),
        quote!(attempts = TRIES),
        quote!(attempts = 2, wait = config::WAIT),
    ] {
        check(quote!(Order, #right), function(), None);
    }
}

#[test]
fn failures_are_collected_where_items_fail() {
    let batch = |fallback: TokenStream| {
        quote! {
            impl Node {
                fn exec(&self, #[each(xs)] x: &u8) -> Result<u8> {}
                #fallback
            }
        }
    };
    let plain = quote!(
        fn fallback(&self, #[each(xs)] x: &u8, error: Error) -> u8 {}
    );
    let failing = quote!(
        fn fallback(&self, #[each(xs)] x: &u8, error: Error) -> Result<u8> {}
    );
    check(quote!(Order, failures = bad), batch(quote!()), None);
    check(quote!(Order, failures = bad), batch(failing), None);
    check(quote!(Order), batch(plain.clone()), None);
    check(
        quote!(Order, failures = bad),
        batch(plain),
        Some("PF010: `failures` collects the items that fail, and none does"),
    );
    let single = |fallback: TokenStream| {
        quote! {
            impl Node {
                fn exec(&self) -> Result<u8> {}
                #fallback
            }
        }
    };
    let is_no_batch = Some("`failures` is for a batch, and this node is not one");
    check(quote!(Order, failures = bad), single(quote!()), is_no_batch);
    // It is one mistake, whatever the fallback returns.
    let plain = quote!(
        fn fallback(&self, error: Error) -> u8 {}
    );
    check(quote!(Order, failures = bad), single(plain), is_no_batch);
}

#[test]
fn the_fallback_of_an_impl_is_a_method() {
    of_failing(quote!(fallback = guess), None);
    check(
        quote!(Order, fallback = guess),
        quote!(impl Node { fn exec(&self) -> Result<u8> {} }),
        Some("in an `impl`, the fallback is a method"),
    );
}

#[test]
fn items_are_in_flight_in_a_batch_of_async_calls() {
    let batch = || {
        quote!(
            async fn a(#[each(xs)] x: &u8) {}
        )
    };
    for right in [
        quote!(parallel = 1),
        quote!(parallel = unbounded),
        quote!(parallel = context.width),
        quote!(parallel = WIDTH),
    ] {
        check(quote!(Order, #right), batch(), None);
    }
    // A width that is wrong in any case is one mistake.
    check(
        quote!(Order, parallel = self.width),
        quote!(
            fn a(#[each(xs)] x: &u8) {}
        ),
        Some("a function has no fields"),
    );
    check(
        quote!(Order, parallel = self.width),
        quote!(impl Node { fn exec(&self, #[each(xs)] x: &u8) {} }),
        Some("PF010: a plain `fn` cannot run in parallel"),
    );
    check(
        quote!(Order, parallel = unbounded),
        quote!(
            fn a(#[each(xs)] x: &u8) {}
        ),
        Some("PF010: a plain `fn` cannot run in parallel"),
    );
}
