//! What can be wrong with a node as a whole.

use proc_macro2::Span;
use syn::spanned::Spanned;

use super::model::{Form, Kind, Model, Step};
use super::options::{Given, Options, Width};
use super::types::{borrows, same};
use crate::errors::Errors;

/// Checks a node.
pub(crate) fn check(model: &Model, errors: &mut Errors) {
    policy(model, errors);
    sinks(model, errors);
    batch(model, errors);
    whole_store(model, errors);
    for step in [&model.prep, &model.post].into_iter().flatten() {
        plain(step, errors);
    }
    if let Some(post) = &model.post {
        if post.output.fallible {
            errors.push(syn::Error::new(
                post.output.span,
                "`post` cannot fail, so that a store is never left half-written\nhelp: do in `exec` what can fail",
            ));
        }
        if model.keeps_prep() && model.prep.as_ref().is_some_and(|prep| borrows(&prep.output.ty)) {
            errors.at(
                &post.name,
                "`post` takes `prep`, which borrows the store: return from `prep` what owns its data, or leave it out of `post`",
            );
        }
    }
    if model.prep.is_none() {
        for step in [Some(&model.exec), model.fallback.as_ref(), model.post.as_ref()].into_iter().flatten() {
            for parameter in &step.parameters {
                if matches!(parameter.kind, Kind::Prep | Kind::PrepOwned) {
                    errors.at(
                        &parameter.name,
                        "this node has no `prep`: write one, or name the fields that are read",
                    );
                }
            }
        }
    }
    if borrows(&model.exec.output.ty) {
        errors.at(
            &model.exec.output.ty,
            "what `exec` returns goes to the store: return a value that owns its data, such as a `String`",
        );
    }
    let borrowed = model.borrowed();
    for parameter in model.fallback.iter().flat_map(|fallback| &fallback.parameters) {
        let other = borrowed.iter().find(|other| other.name == parameter.name).map(|other| &other.kind);
        if let (Some(Kind::Field(a)), Kind::Field(b)) = (other, &parameter.kind)
            && !same(a, b)
        {
            errors.at(
                &parameter.name,
                format!("`exec` and `fallback` borrow `{}` as one type", parameter.name),
            );
        }
    }
}

fn plain(step: &Step, errors: &mut Errors) {
    if step.is_async {
        let name = &step.name;
        errors.at(
            name,
            format!("`{name}` is a plain `fn`: what takes time belongs in `exec`, where it is tried again"),
        );
    }
}

/// PF010: policies that make no sense.
fn policy(model: &Model, errors: &mut Errors) {
    let Options { attempts, wait, backoff, max_wait, jitter, timeout, retry_if, fallback, .. } =
        &model.options;
    let mut refuse = |span: Span, wrong: String, help: &str| {
        let message = format!("PF010: {wrong}\nhelp: {help}\nnote: see `pocketflow::errors::PF010`");
        errors.push(syn::Error::new(span, message));
    };
    let tries = attempts.map_or(1, |attempts| attempts.value);
    if let Some(Given { value: 0, span, .. }) = attempts {
        refuse(
            *span,
            "with no attempt, the node never does its work".into(),
            "`attempts` counts all tries: write at least 1",
        );
    }
    let cannot_fail = !model.exec.output.fallible && timeout.is_none();
    let about_failure = [
        attempts.filter(|attempts| attempts.value > 1).map(|given| (given.name, "attempts")),
        retry_if.as_ref().map(|path| (path.span(), "retry_if")),
        fallback.as_ref().map(|path| (path.span(), "fallback")),
        model.fallback.as_ref().map(|fallback| (fallback.name.span(), "fallback")),
    ];
    if let (true, Some((span, name))) = (cannot_fail, about_failure.into_iter().flatten().next()) {
        refuse(
            span,
            format!("`{name}` is for a node that fails, and this one returns a plain value"),
            "return a `Result`, or leave it out",
        );
        return;
    }
    if tries == 1 {
        let pointless = [
            wait.map(|given| (given.name, "wait")),
            backoff.map(|given| (given.name, "backoff")),
            max_wait.map(|given| (given.name, "max_wait")),
            jitter.map(|given| (given.name, "jitter")),
            retry_if.as_ref().map(|path| (path.span(), "retry_if")),
        ];
        // The first alone: they are one mistake.
        if let Some((span, name)) = pointless.into_iter().flatten().next() {
            refuse(
                span,
                format!("`{name}` is about trying again, and the node is tried once"),
                "say how often it is tried: `attempts = 3`",
            );
        }
    } else if wait.is_none() {
        let pointless = [
            backoff.map(|given| (given.name, "backoff")),
            max_wait.map(|given| (given.name, "max_wait")),
            jitter.map(|given| (given.name, "jitter")),
        ];
        if let Some((span, name)) = pointless.into_iter().flatten().next() {
            refuse(
                span,
                format!("`{name}` changes a wait, and the node has none"),
                "say how long: `wait = \"1s\"`",
            );
        }
    }
    if let Some(backoff) = backoff
        && !(1.0..=1_000.0).contains(&backoff.value)
    {
        refuse(
            backoff.span,
            format!("a wait cannot grow by the factor {}", backoff.value),
            "`backoff` is the factor from one wait to the next, from 1.0 (no growth) to 1000.0: `backoff = 2.0`",
        );
    }
    if let Some(jitter) = jitter
        && !(0.0..=1.0).contains(&jitter.value)
    {
        refuse(
            jitter.span,
            format!("{} is no part of a wait", jitter.value),
            "`jitter` is a part of the wait, from 0.0 to 1.0",
        );
    }
    if let (Some(wait), Some(max_wait)) = (wait, max_wait)
        && max_wait.value < wait.value
    {
        refuse(
            max_wait.span,
            "the longest wait is shorter than the first".into(),
            "`max_wait` bounds a wait that grows: it is at least `wait`",
        );
    }
    if let Some(timeout) = timeout {
        if timeout.value.is_zero() {
            refuse(
                timeout.span,
                "with a timeout of zero, no attempt can finish".into(),
                "give it some: `timeout = \"30s\"`",
            );
        } else if !model.exec.is_async {
            refuse(
                timeout.name,
                "nothing can interrupt a plain `fn`".into(),
                "write `async fn`, or leave `timeout` out",
            );
        }
    }
    if let (Some(path), Form::Methods) = (fallback, &model.form) {
        let message = "in an `impl`, the fallback is a method: `async fn fallback(&self, …, error: pocketflow::Error) -> …`";
        errors.at(path, message);
    }
}

/// What concerns batches alone.
fn batch(model: &Model, errors: &mut Errors) {
    let mut each = model.exec.parameters.iter().filter(|parameter| matches!(parameter.kind, Kind::Each(_)));
    let first = each.next();
    for second in each {
        let message =
            "a batch runs over one collection: bring the two together in a `prep`, or in the node before";
        errors.at(&second.name, message);
    }
    let refuse = |span: Span, wrong: &str, help: &str| {
        syn::Error::new(span, format!("PF010: {wrong}\nhelp: {help}\nnote: see `pocketflow::errors::PF010`"))
    };
    match (first, model.options.parallel) {
        (None, Some(given)) => errors.push(refuse(
            given.name,
            "`parallel` is about the items of a batch, and the node is none",
            "mark the parameter that runs over a collection: `#[each(section_titles)] title: &str`",
        )),
        (Some(_), Some(Given { value: Width::Items(0), span, .. })) => errors.push(refuse(
            span,
            "with no item in flight, the batch never gets on",
            "write how many are in flight at a time, at least 1",
        )),
        (Some(_), Some(given)) if !model.exec.is_async => errors.push(refuse(
            given.name,
            "a plain `fn` runs to its end before another can begin",
            "write `async fn`, or leave `parallel` out",
        )),
        _ => {}
    }
    let Some(each) = first else {
        if let Some(item) = model.parameters().find(|parameter| matches!(parameter.kind, Kind::Item)) {
            errors.at(
                &item.name,
                "this node is no batch: mark the parameter of `exec` that runs over a collection",
            );
        }
        return;
    };
    if let Some(writes) = model.options.writes.as_ref().filter(|writes| writes.tuple && model.post.is_none())
    {
        errors.push(syn::Error::new(
            writes.span,
            "a batch gathers one value an item: store them together, with `writes = field`",
        ));
    }
    if model.prep.is_none() && model.each_field().is_none() {
        errors.at(&each.name, "this node has no `prep`: write one, or name the field that holds the items");
    }
}

/// Where the value of the node goes.
fn sinks(model: &Model, errors: &mut Errors) {
    let Options { writes, appends, .. } = &model.options;
    if let (Some(_), Some(field)) = (writes, appends) {
        errors.at(field, "a value goes to one place: `writes` sets a field, `appends` extends one");
    }
    if let (Some(field), Some(_)) = (appends, &model.post) {
        errors.at(
            field,
            format!("a node with a `post` extends its fields there: write `writes({field})` instead"),
        );
    }
    let action = match &model.post {
        Some(_) => return,
        None => &model.exec.output,
    };
    let Some(writes) = writes.as_ref() else { return };
    let returns_nothing = matches!(&action.ty, syn::Type::Tuple(tuple) if tuple.elems.is_empty());
    if returns_nothing {
        errors.push(syn::Error::new(
            writes.span,
            "the node returns nothing that could be written: let it return the value",
        ));
    }
    for (index, field) in writes.fields.iter().enumerate() {
        if writes.fields[..index].contains(field) {
            errors.at(field, format!("`{field}` is named twice"));
        }
    }
}

/// A step that borrows the whole store borrows nothing else.
fn whole_store(model: &Model, errors: &mut Errors) {
    let mut borrows_whole = false;
    for step in model.steps() {
        let whole = step.parameters.iter().find(|p| matches!(p.kind, Kind::Shared | Kind::SharedMut));
        let Some(whole) = whole else { continue };
        borrows_whole = true;
        if step.has(|kind| matches!(kind, Kind::Field(_) | Kind::Peek(_) | Kind::FieldMut)) {
            errors
                .at(&whole.name, "`shared` is the whole store: no other parameter borrows a field beside it");
        }
    }
    if let (Some((span, _)), false) = (&model.options.reads, borrows_whole) {
        let message = "`reads(…)` is for a node that takes `shared`: any other reads what its parameters are named after";
        errors.push(syn::Error::new(*span, message));
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::super::modelled;

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
                "PF010",
            ),
            (
                quote!(Order, wait = "1s", backoff = 2.0),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, attempts = 2, backoff = 2.0, jitter = 0.1),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, attempts = 2, wait = "1s", backoff = 0.5),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, attempts = 2, wait = "1s", jitter = 1.5),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, attempts = 2, wait = "2s", max_wait = "1s"),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, timeout = "1s"),
                quote!(
                    fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order, timeout = "0s"),
                quote!(
                    async fn a() {}
                ),
                "PF010",
            ),
            (
                quote!(Order),
                quote!(
                    fn a(total: &mut u64) {}
                ),
                "`exec` cannot change the store",
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
                    fn a(total: &Option<u64>) {}
                ),
                "a late field is read as",
            ),
            (
                quote!(Order),
                quote!(
                    fn a(shared: &Order) {}
                ),
                "`exec` does not see the whole store",
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
                "a node has no type",
            ),
            (
                quote!(Order),
                quote!(
                    fn a(&self) {}
                ),
                "a method is a step",
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
            assert!(matches!(&errors[..], [error] if error.starts_with(start)), "{item}: {errors:?}");
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
                "`exec` and `fallback` borrow `a` as one type",
            ),
        ];
        for (methods, start) in cases {
            let errors = errors(quote!(Order), quote!(impl Node { #methods }));
            assert!(matches!(&errors[..], [error] if error.starts_with(start)), "{methods}: {errors:?}");
        }
    }
}
