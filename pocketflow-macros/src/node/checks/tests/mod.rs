mod policies;
mod steps;

use proc_macro2::TokenStream;
use quote::quote;

use crate::node::modelled;

fn errors(attributes: TokenStream, item: TokenStream) -> Vec<String> {
    modelled(attributes, item).1
}

#[test]
fn sound_nodes_pass() {
    let cases = [
        (
            quote!(Order),
            quote!(
                fn review(total: &u64) -> Verdict {}
            ),
        ),
        (
            quote!(
                Order,
                writes = receipt,
                attempts = 3,
                wait = "1s",
                backoff = 2.0,
                jitter = 1,
                timeout = "5s"
            ),
            quote!(
                async fn pay(
                    total: &u64,
                    hint: Option<&str>,
                    #[attempt] n: Attempt<'_>,
                ) -> Result<String> {
                }
            ),
        ),
        (
            quote!(Chat, attempts = 3),
            quote! {
                impl Converse {
                    fn prep(&self, messages: &[Message]) -> Result<Option<Vec<Message>>> {}
                    async fn exec(&self, prep: &Option<Vec<Message>>) -> Result<Message> {}
                    async fn fallback(&self, prep: &Option<Vec<Message>>, error: Error) -> Result<Message> {}
                    fn post(&self, messages: &mut Vec<Message>, prep: Option<Vec<Message>>, exec: Message) -> Turn {}
                }
            },
        ),
        (
            quote!(Chat, reads(a), writes(b)),
            quote! {
                impl Whole {
                    fn prep<'a>(&self, shared: &'a Chat) -> &'a str {}
                    fn exec(&self, prep: &str) -> u8 {}
                    fn post(&self, shared: &mut Chat, exec: u8) {}
                }
            },
        ),
    ];
    for (attributes, item) in cases {
        assert_eq!(errors(attributes, item), [""; 0]);
    }
}

#[test]
fn one_mistake_in_a_function_is_one_error() {
    let cases = [
        (
            quote!(Order, attempts = 0),
            quote!(
                fn a() {}
            ),
            "PF010: with no attempt",
        ),
        (
            quote!(Order, wait = "1s", backoff = 2.0),
            quote!(
                fn a() {}
            ),
            "PF010: `wait` has no effect",
        ),
        (
            quote!(Order, attempts = 2, backoff = 2.0, jitter = 0.1),
            quote!(
                fn a() -> Result<()> {}
            ),
            "PF010: `backoff` changes a wait",
        ),
        (
            quote!(Order, attempts = 2, wait = "1s", backoff = 0.5),
            quote!(
                fn a() -> Result<()> {}
            ),
            "PF010: a wait cannot grow",
        ),
        (
            quote!(Order, attempts = 2, wait = "1s", jitter = 1.5),
            quote!(
                fn a() -> Result<()> {}
            ),
            "PF010: a wait cannot change",
        ),
        (
            quote!(Order, attempts = 2, wait = "2s", max_wait = "1s"),
            quote!(
                fn a() -> Result<()> {}
            ),
            "PF010: the longest wait is shorter",
        ),
        (
            quote!(Order, attempts = 3),
            quote!(
                fn a() -> u8 {}
            ),
            "PF010: `attempts` is for a node that can fail",
        ),
        (
            quote!(Order, timeout = "1s"),
            quote!(
                fn a() {}
            ),
            "PF010: nothing can interrupt",
        ),
        (
            quote!(Order, timeout = "0s"),
            quote!(
                async fn a() {}
            ),
            "PF010: with a timeout of zero",
        ),
        (
            quote!(Order),
            quote!(
                fn a(total: &mut u64) {}
            ),
            "a function that is a node cannot change",
        ),
        (
            quote!(Order),
            quote!(
                fn a(total: u64) {}
            ),
            "a parameter borrows",
        ),
        (
            quote!(Order),
            quote!(
                fn a(total: Option<u64>) {}
            ),
            "a parameter borrows",
        ),
        (
            quote!(Order),
            quote!(
                fn a(shared: &Order) {}
            ),
            "a function that is a node does not see",
        ),
        (
            quote!(Order),
            quote!(
                fn a((x, y): &(u8, u8)) {}
            ),
            "a parameter borrows",
        ),
        (
            quote!(Order),
            quote!(
                fn a<T>() {}
            ),
            "a step of a node has no type",
        ),
        (
            quote!(Order),
            quote!(
                fn a(attempt: Attempt<'_>) {}
            ),
            "mark the attempt",
        ),
        (
            quote!(Order),
            quote!(
                fn a(x: &str) -> &str {}
            ),
            "what `exec` returns",
        ),
        (
            quote!(Order, writes = a),
            quote!(
                fn a() {}
            ),
            "the node returns nothing",
        ),
        (
            quote!(Order, writes = a, appends = b),
            quote!(
                fn a() -> u8 {}
            ),
            "a value goes to one place",
        ),
        (
            quote!(Order, reads(a)),
            quote!(
                fn a() {}
            ),
            "`reads(…)` is for",
        ),
    ];
    for (attributes, item, start) in cases {
        let errors = errors(attributes, item.clone());
        assert!(
            matches!(&errors[..], [error] if error.starts_with(start)),
            "{item}: {errors:?}"
        );
    }
}

#[test]
fn one_mistake_in_an_impl_is_one_error() {
    let cases = [
        (
            quote!(
                fn prep(&self) {}
            ),
            "a node has at least an `exec`",
        ),
        (
            quote!(
                fn exec(&mut self) {}
            ),
            "a node is shared",
        ),
        (
            quote!(
                fn exec(&self) {}
                fn post(&self) -> Result<()> {}
            ),
            "`post` cannot fail",
        ),
        (
            quote!(
                fn exec(&self) {}
                async fn post(&self) {}
            ),
            "`post` is a plain `fn`",
        ),
        (
            quote!(
                async fn prep(&self) {}
                fn exec(&self) {}
            ),
            "`prep` is a plain `fn`",
        ),
        (
            quote!(
                fn exec(&self, prep: &u8) {}
            ),
            "this node has no `prep`",
        ),
        (
            quote!(
                fn prep(&self) -> u8 {}
                fn exec(&self, prep: u8) {}
            ),
            "`exec` borrows what `prep` returned",
        ),
        (
            quote!(
                fn exec(&self, shared: &Order) {}
            ),
            "`exec` does not see the whole store",
        ),
        (
            quote!(
                fn exec(&self, total: &mut u64) {}
            ),
            "`exec` cannot change the store",
        ),
        (
            quote!(
                fn exec(&self) {}
                fn post(&self, shared: &mut Order, a: &u8) {}
            ),
            "`shared` is the whole store",
        ),
        (
            quote!(
                fn prep(&self, a: &str) -> &str {}
                fn exec(&self) {}
                fn post(&self, prep: &str) {}
            ),
            "`post` takes `prep`, which borrows",
        ),
        (
            quote!(
                fn exec(&self, a: &str) -> Result<()> {}
                fn fallback(&self, a: &String, error: Error) -> Result<()> {}
            ),
            "`exec` and `fallback` borrow the field `a`",
        ),
    ];
    for (methods, start) in cases {
        let errors = errors(quote!(Order), quote!(impl Node { #methods }));
        assert!(
            matches!(&errors[..], [error] if error.starts_with(start)),
            "{methods}: {errors:?}"
        );
    }
}

#[test]
fn attempts_are_for_a_node_that_can_fail() {
    let sound = [
        (
            quote!(Order, attempts = 3),
            quote!(
                fn a() -> Result<u8> {}
            ),
        ),
        (
            quote!(Order, attempts = 3, timeout = "1s"),
            quote!(
                async fn a() -> u8 {}
            ),
        ),
        (
            quote!(Order, attempts = 1),
            quote!(
                fn a() -> u8 {}
            ),
        ),
        (
            quote!(Order, attempts = 3, wait = "1s", max_wait = "1s"),
            quote!(
                fn a() -> Result<u8> {}
            ),
        ),
        (
            quote!(Order, attempts = 3, wait = "1s", max_wait = "2s"),
            quote!(
                fn a() -> Result<u8> {}
            ),
        ),
    ];
    for (attributes, item) in sound {
        assert_eq!(errors(attributes, item), [""; 0]);
    }
}

/// Asserts that a node has one error with this beginning, or none.
fn check(attributes: TokenStream, item: TokenStream, start: Option<&str>) {
    let errors = errors(attributes, item.clone());
    let is_right = match (&errors[..], start) {
        ([], None) => true,
        ([error], Some(start)) => error.starts_with(start),
        _ => false,
    };
    assert!(is_right, "{item}: {errors:?}");
}

#[test]
fn a_batch_runs_over_one_collection() {
    let one = quote!(
        fn a(#[each(xs)] x: &u8) -> u8 {}
    );
    let two = quote!(
        fn a(#[each(xs)] x: &u8, #[each(ys)] y: &u8) -> u8 {}
    );
    let prep = quote!(
        impl Node {
            fn prep(&self) -> Vec<u8> {}
            fn exec(&self, #[each(prep)] x: &u8) {}
        }
    );
    let no_prep = quote!(
        impl Node {
            fn exec(&self, #[each(prep)] x: &u8) {}
        }
    );
    check(quote!(Order), one, None);
    check(quote!(Order), two, Some("a batch runs over one collection"));
    check(quote!(Order), prep, None);
    check(quote!(Order), no_prep, Some("this node has no `prep`"));
}

#[test]
fn only_an_async_batch_has_items_in_flight() {
    let batch = || {
        quote!(
            async fn a(#[each(xs)] x: &u8) {}
        )
    };
    let plain = quote!(
        fn a(#[each(xs)] x: &u8) {}
    );
    let single = || {
        quote!(
            async fn a(x: &u8) {}
        )
    };
    let methods = quote!(
        impl Node {
            async fn exec(&self, #[each(xs)] x: &u8) {}
        }
    );
    check(quote!(Order, parallel = 2), batch(), None);
    check(quote!(Order, parallel = self.width), methods, None);
    check(
        quote!(Order, parallel = self.width),
        batch(),
        Some("a function has no fields"),
    );
    check(
        quote!(Order, parallel = 0),
        batch(),
        Some("PF010: with no item in flight"),
    );
    check(
        quote!(Order, parallel = 2),
        plain,
        Some("PF010: a plain `fn` cannot run"),
    );
    check(
        quote!(Order, parallel = 2),
        single(),
        Some("PF010: `parallel` is for a batch"),
    );
    // The wrong parameter may be the one that was meant to be the item.
    check(
        quote!(Order, parallel = 2, attempts = 0),
        single(),
        Some("PF010: with no attempt"),
    );
}

#[test]
fn a_batch_without_a_post_writes_one_field() {
    let function = || {
        quote!(
            fn a(#[each(xs)] x: &u8) -> (u8, u8) {}
        )
    };
    let post = quote!(
        impl Node {
            fn exec(&self, #[each(xs)] x: &u8) -> u8 {}
            fn post(&self, exec: Vec<u8>, a: &mut u8, b: &mut u8) {}
        }
    );
    check(quote!(Order, writes = a), function(), None);
    check(
        quote!(Order, writes(a, b)),
        function(),
        Some("a batch returns one value"),
    );
    check(quote!(Order, writes(a, b)), post, None);
}

#[test]
fn post_takes_what_is_in_the_ok() {
    let node = |taken: TokenStream| {
        quote!(
            impl Node {
                fn exec(&self) -> Result<u8> {}
                fn post(&self, exec: #taken) {}
            }
        )
    };
    let wrong = Some("`post` takes what is in the `Ok` of `exec`");
    check(quote!(Order), node(quote!(u8)), None);
    check(quote!(Order), node(quote!(Result<u8>)), wrong);
    check(quote!(Order), node(quote!(&Result<u8>)), wrong);
}

#[test]
fn exec_and_fallback_borrow_a_field_alike() {
    let node = quote!(
        impl Node {
            fn exec(&self, a: &str) -> Result<()> {}
            fn fallback(&self, a: &str, error: Error) -> Result<()> {}
        }
    );
    check(quote!(Order), node, None);
}
