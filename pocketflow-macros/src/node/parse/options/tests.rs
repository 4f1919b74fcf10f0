use quote::quote;

use super::*;
use crate::node::checks;

/// The options, and what is wrong with them.
fn parse(tokens: TokenStream) -> (Options, Errors) {
    super::parse(tokens, checks::senseless)
}

#[test]
fn all_options_are_read() {
    let (options, errors) = parse(quote!(
        stores::Order,
        writes(a, b),
        attempts = 3,
        wait = "1s",
        backoff = 2,
        max_wait = "8s",
        jitter = 0.5,
        timeout = "30s",
        retry_if = is_busy,
        fallback = none::at_all,
    ));
    assert!(errors.is_empty(), "{:?}", errors.messages());
    assert_eq!(options.attempts.unwrap().value.literal(), Some(3));
    assert_eq!(options.backoff.unwrap().value.literal(), Some(2.0));
    assert_eq!(options.writes.unwrap().fields.len(), 2);
}

/// If one were missing, its field would be accepted and ignored.
#[test]
fn every_option_that_may_be_a_field_is_among_the_named_policies() {
    let mut found = Vec::new();
    for name in NAMES {
        let option = Ident::new(name, Span::call_site());
        for value in [quote!(context.field), quote!(self.field)] {
            let (options, errors) = parse(quote!(Order, #option = #value));
            if errors.is_empty() {
                let named = options.named_policies();
                let named: Vec<_> = named.iter().map(|(named, ..)| *named).collect();
                assert_eq!(named, [name]);
                found.push(name);
            }
        }
    }
    assert!(
        found.contains(&"attempts") && found.contains(&"parallel"),
        "{found:?}"
    );
}

#[test]
fn every_wrong_option_is_reported_and_the_others_are_read() {
    let (options, errors) = parse(quote!(
        Order,
        attemps = 3,
        wait = 2,
        writes = receipt,
        timeout = "soon"
    ));
    let messages = errors.messages();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].contains("did you mean `attempts`?"));
    assert!(messages[1].starts_with("PF010: `wait` is a duration"));
    assert!(messages[2].starts_with("PF010"));
    assert!(options.writes.is_some());
}

#[test]
fn the_store_comes_first() {
    for tokens in [quote!(writes = receipt), quote!(attempts = 3, Order)] {
        let (_, errors) = parse(tokens);
        assert!(
            errors.messages()[0].starts_with("name the store first"),
            "{:?}",
            errors.messages()
        );
    }
    assert_eq!(
        parse(quote!()).1.messages(),
        ["say which store the node works on: `#[node(Store)]`"]
    );
}

#[test]
fn a_store_that_is_written_as_something_else_is_one_error() {
    let cases = [
        quote!("Order", attempts = 3),
        quote!(&Order, attempts = 3),
        quote!(&mut Order, attempts = 3),
        quote!(&'a Order),
        quote!((Order), attempts = 3),
        quote!(store = Order, attempts = 3),
        quote!("stores::Order"),
    ];
    for tokens in cases {
        let (options, errors) = parse(tokens.clone());
        assert_eq!(
            errors.messages().len(),
            1,
            "{tokens}: {:?}",
            errors.messages()
        );
        assert!(options.store.is_some(), "{tokens}");
    }
    for tokens in [
        quote!(Order<u8>, attempts = 3),
        quote!(Self, attempts = 3),
        quote!(3, attempts = 3),
    ] {
        let (options, errors) = parse(tokens.clone());
        assert_eq!(
            errors.messages().len(),
            1,
            "{tokens}: {:?}",
            errors.messages()
        );
        assert!(
            options.store.is_none() && options.attempts.is_some(),
            "{tokens}"
        );
    }
}

#[test]
fn a_value_that_will_not_do_is_one_error() {
    let cases = [
        (
            quote!(attempts),
            "`attempts` has no value: write `attempts = 3`",
        ),
        (
            quote!(attempts =),
            "`attempts` has no value: write `attempts = 3`",
        ),
        (
            quote!(attempts(3)),
            "`attempts` takes its value after `=`: write `attempts = 3`",
        ),
        (
            quote!(attempts: 3),
            "`attempts` takes its value after `=`: write `attempts = 3`",
        ),
        (
            quote!(attempts = 3foo),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = 3f64),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = 3.0),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = 2 + 1),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = tries),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = services.tries),
            "`attempts` is a whole number: write `attempts = 3`",
        ),
        (
            quote!(attempts = "5"),
            "`attempts` is a number, without quotes: write `attempts = 5`",
        ),
        (
            quote!(attempts = 5_000_000_000),
            "`attempts` is at most 4294967295",
        ),
        (
            quote!(attempts = -3),
            "PF010: a node is tried at least once",
        ),
        (
            quote!(backoff = 1e999),
            "PF010: `backoff` is too large for a number",
        ),
        (
            quote!(jitter = -1e999),
            "PF010: `jitter` is too large for a number",
        ),
        (
            quote!(backoff = 2x),
            "`backoff` is a number: write `backoff = 2.0`",
        ),
        (quote!(wait = 200ms), "PF010: `wait` is a duration"),
        (
            quote!(wait = Duration::from_secs(2)),
            "PF010: `wait` is a duration",
        ),
        (
            quote!(parallel = self.n()),
            "`parallel` is a number or `unbounded`",
        ),
        (
            quote!(parallel = self),
            "`parallel` is a number or `unbounded`",
        ),
        (
            quote!(parallel = 8.0),
            "`parallel` is a number or `unbounded`",
        ),
        (
            quote!(retry_if = |error| true),
            "`retry_if` names a function",
        ),
        (
            quote!(fallback = "cash"),
            "`fallback` names a function, without quotes: write `fallback = cash`",
        ),
        (quote!(fallback = cash(1)), "`fallback` names a function"),
        (
            quote!(writes = "receipt"),
            "a field is named without quotes: write `writes = receipt`",
        ),
        (
            quote!(writes = (a, b)),
            "several fields are named without `=`: write `writes(a , b)`",
        ),
        (
            quote!(writes = order.receipt),
            "a field of the store is named by its name alone: write `writes = receipt`",
        ),
        (
            quote!(appends = order::notes),
            "a field of the store is named by its name alone: write `appends = notes`",
        ),
        (
            quote!(reads = a),
            "`reads` names fields of the store in parentheses: write `reads(a, b)`",
        ),
        (quote!(3), "an option has a name"),
    ];
    for (tokens, message) in cases {
        let (options, errors) = parse(quote!(Order, #tokens, timeout = "3s"));
        let messages = errors.messages();
        assert_eq!(messages.len(), 1, "{tokens}: {messages:?}");
        assert!(messages[0].starts_with(message), "{tokens}: {messages:?}");
        assert!(options.timeout.is_some(), "{tokens}");
    }
}

#[test]
fn options_stand_between_commas() {
    for tokens in [
        quote!(Order, attempts = 3; wait = "1s"),
        quote!(Order attempts = 3, wait = "1s"),
    ] {
        let (options, errors) = parse(tokens.clone());
        assert_eq!(
            errors.messages().len(),
            1,
            "{tokens}: {:?}",
            errors.messages()
        );
        assert!(
            options.attempts.is_some() && options.wait.is_some(),
            "{tokens}"
        );
    }
}

#[test]
fn a_number_may_name_its_type() {
    let (options, errors) = parse(quote!(
        Order,
        attempts = 3u32,
        backoff = 2f64,
        parallel = 8usize
    ));
    assert!(errors.is_empty(), "{:?}", errors.messages());
    assert_eq!(options.attempts.unwrap().value.literal(), Some(3));
}
