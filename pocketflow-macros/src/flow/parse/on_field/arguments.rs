//! What is in the parentheses of `Summarize.each(documents, parallel = 8)`.

use proc_macro2::{Group, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Ident, LitInt, LitStr, Path};

use super::Reader;
use crate::flow::parse::syntax::{OnOptions, Width};
use crate::names::{code, nearest};
use crate::refusal::refuse;

const OPTIONS: [&str; 2] = ["parallel", "failures"];

impl Reader<'_> {
    /// `(documents, parallel = 8)`
    pub(super) fn arguments(&mut self, group: &Group) -> (Option<Ident>, OnOptions) {
        let mut tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        self.semicolons(&mut tokens);
        let mut parts: Vec<&[TokenTree]> = tokens.split(is_comma).collect();
        if parts.last().is_some_and(|last| last.is_empty()) {
            parts.pop();
        }
        let written = &self.written;
        let mut options = OnOptions::default();
        let Some((first, others)) = parts.split_first() else {
            let message = match self.each {
                true => format!(
                    "name the field whose items `{}` runs on: `{written}(documents)`",
                    self.flow
                ),
                false => format!(
                    "name the field that `{}` runs on: `{written}(facts)`",
                    self.flow
                ),
            };
            self.errors.on(group.span(), message);
            return (None, options);
        };
        let field = match first {
            [TokenTree::Ident(name), value @ ..] if is_option(name, value) => {
                let option = join(first);
                let alone = others.iter().find_map(|part| match part {
                    [TokenTree::Ident(name)] => Some(name.clone()),
                    _ => None,
                });
                let field = alone.as_ref().map_or("field".into(), Ident::to_string);
                let option_text = code(&option);
                let message = format!("the field comes first: `{written}({field}, {option_text})`");
                self.errors.at(option, message);
                self.option(name, value, &mut options);
                return (alone, options);
            }
            first => self.field(first, group.span()),
        };
        for part in others {
            match part {
                [TokenTree::Ident(name), value @ ..]
                    if is_option(name, value) || OPTIONS.iter().any(|option| name == option) =>
                {
                    self.option(name, value, &mut options);
                }
                part => self.second_field(part, field.as_ref(), group.span()),
            }
        }
        (field, options)
    }

    /// Reads `;` as `,`, which is meant, and reports the first.
    fn semicolons(&mut self, tokens: &mut [TokenTree]) {
        let mut first = None;
        for token in &mut *tokens {
            if matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';') {
                let mut comma = Punct::new(',', Spacing::Alone);
                comma.set_span(token.span());
                first.get_or_insert(token.span());
                *token = comma.into();
            }
        }
        if let Some(span) = first {
            let (written, arguments) = (&self.written, code(join(tokens)));
            let message = format!("write `,` in place of `;`: `{written}({arguments})`");
            self.errors.on(span, message);
        }
    }

    /// The field, or the field that is probably meant.
    fn field(&mut self, tokens: &[TokenTree], whole: Span) -> Option<Ident> {
        if let [TokenTree::Ident(_)] = tokens {
            if let Ok(field) = syn::parse2::<Ident>(join(tokens)) {
                return Some(field);
            }
        }
        let written = &self.written;
        let (meant, message) = match (quoted(tokens), field_of_field(tokens)) {
            (Some(field), _) => {
                let message = format!("a field is named without quotes: `{written}({field})`");
                (Some(field), refuse(message))
            }
            (None, Some((outer, inner))) => {
                let refusal =
                    refuse("a place names a field of the flow's own store").help(format!(
                        "put the place `{written}({inner})` into a flow that runs on `{outer}`"
                    ));
                (Some(inner), refusal)
            }
            (None, None) => {
                let last = tokens.iter().rev().find_map(|token| match token {
                    TokenTree::Ident(name) => Some(name.clone()),
                    _ => None,
                });
                let example = last.as_ref().map_or("field".into(), Ident::to_string);
                let message = format!(
                    "a field of the store is named by its name alone: `{written}({example})`"
                );
                (last, refuse(message))
            }
        };
        match tokens {
            [] => self.errors.on(whole, message),
            tokens => self.errors.at(join(tokens), message),
        }
        meant.filter(|name| syn::parse2::<Ident>(name.to_token_stream()).is_ok())
    }

    /// Something that is not an option, after the field.
    fn second_field(&mut self, tokens: &[TokenTree], field: Option<&Ident>, whole: Span) {
        let (flow, written) = (&self.flow, &self.written);
        let refusal = match (tokens, field) {
            ([TokenTree::Ident(second)], Some(first)) if self.each => refuse(format!(
                "a flow runs on the items of one field: `{written}({first}) >> {written}({second})`"
            )),
            ([TokenTree::Ident(second)], Some(first)) => {
                refuse("a flow runs on one field").help(format!(
                    "write a place for each: `{flow}.on({first}) >> {flow}.on({second})`, or `({flow}.on({first}), {flow}.on({second}))` to run both at the same time"
                ))
            }
            _ if self.each => refuse(format!(
                "an option is expected here: `{written}(documents, parallel = 8)`"
            )),
            _ => refuse(format!("`on` takes one field: `{written}(facts)`")),
        };
        match tokens {
            [] => self.errors.on(whole, refusal),
            tokens => self.errors.at(join(tokens), refusal),
        }
    }

    /// `parallel = 8`
    fn option(&mut self, name: &Ident, value: &[TokenTree], options: &mut OnOptions) {
        if !OPTIONS.iter().any(|option| name == option) {
            let text = name.to_string();
            let refusal = match self.each {
                true => refuse(format!("`each` has no option `{text}`")),
                false => refuse(format!("`on` has no option `{text}`")),
            };
            let refusal = match nearest(&text, &OPTIONS) {
                Some(meant) if self.each => refusal.help(format!("did you mean `{meant}`?")),
                _ if self.each => refusal.help("its options are `parallel` and `failures`"),
                _ => refusal,
            };
            return self.errors.at(name, refusal);
        }
        if !self.each {
            let flow = &self.flow;
            let refusal = refuse(format!(
                "`{name}` is an option of `each`; `on` runs the flow once"
            ))
            .help(format!(
                "to run it on every item of a field, write `{flow}.each(field, …)`"
            ));
            return self.errors.at(name, refusal);
        }
        let is_twice = match name == "parallel" {
            true => options.parallel.is_some(),
            false => options.failures.is_some(),
        };
        if is_twice {
            return self.errors.at(name, format!("`{name}` is given twice"));
        }
        options.span.get_or_insert(name.span());
        let example = match name == "parallel" {
            true => "parallel = 8",
            false => "failures = problems",
        };
        let value = match value {
            [TokenTree::Punct(mark), value @ ..] if mark.as_char() == '=' && !value.is_empty() => {
                value
            }
            [] | [TokenTree::Punct(_)] => {
                let message = format!("`{name}` has no value: write `{example}`");
                return self.errors.at(name, message);
            }
            value => {
                let message = format!("`{name}` takes its value after `=`: write `{example}`");
                return self.errors.at(join(value), message);
            }
        };
        if name == "parallel" {
            options.parallel = self.width(value);
        } else {
            options.failures = self.failures(value);
        }
    }

    /// `8`, `unbounded`, or the path of a constant.
    fn width(&mut self, value: &[TokenTree]) -> Option<Width> {
        let tokens = join(value);
        if let Ok(literal) = syn::parse2::<LitInt>(tokens.clone()) {
            let is_negative = literal.base10_digits().starts_with('-');
            if matches!(literal.suffix(), "" | "usize") && !is_negative {
                return match literal.base10_parse() {
                    Ok(items) => Some(Width::Items(items, literal.span())),
                    Err(_) => {
                        let message = format!("`parallel` is at most {}", usize::MAX);
                        self.errors.at(literal, message);
                        None
                    }
                };
            }
        }
        if let Ok(path) = syn::parse::Parser::parse2(Path::parse_mod_style, tokens.clone()) {
            if path.is_ident("unbounded") {
                return Some(Width::Unbounded);
            }
            let last = path.segments.last();
            let last = last.map(|last| last.ident.unraw().to_string());
            if last.is_some_and(|last| last.starts_with(|first: char| !first.is_lowercase())) {
                return Some(Width::Constant(path));
            }
        }
        let refusal = match quoted_text(value) {
            Some(number) if number.parse::<usize>().is_ok() => refuse(format!(
                "`parallel` is a number, without quotes: write `parallel = {number}`"
            )),
            _ => refuse("`parallel` is a number or `unbounded`: write `parallel = 8`")
                .help("it can also be a constant: it is a part of the graph"),
        };
        self.errors.at(tokens, refusal);
        None
    }

    /// The field of `failures = problems`.
    fn failures(&mut self, value: &[TokenTree]) -> Option<Ident> {
        let tokens = join(value);
        if let Ok(field) = syn::parse2::<Ident>(tokens.clone()) {
            return Some(field);
        }
        let message = match quoted(value) {
            Some(field) => {
                format!("a field is named without quotes: write `failures = {field}`")
            }
            None => "a field of the store is named by its name alone: write `failures = problems`"
                .into(),
        };
        self.errors.at(tokens, message);
        None
    }
}

/// Whether `name = …` is meant: an option with its value.
fn is_option(name: &Ident, value: &[TokenTree]) -> bool {
    let is_known = OPTIONS.iter().any(|option| name == option);
    match value {
        [TokenTree::Punct(mark), ..] => mark.as_char() == '=' || mark.as_char() == ':' && is_known,
        [TokenTree::Group(_)] => is_known,
        _ => false,
    }
}

/// The fields of `facts.inner`: what is before the last dot, and what is after it. `self.facts` and
/// `shared.facts` mean the field `facts`.
fn field_of_field(tokens: &[TokenTree]) -> Option<(String, Ident)> {
    let [
        TokenTree::Ident(first),
        ..,
        TokenTree::Punct(dot),
        TokenTree::Ident(inner),
    ] = tokens
    else {
        return None;
    };
    let is_store = ["self", "shared", "store"]
        .iter()
        .any(|store| first == store);
    let outer = &tokens[..tokens.len() - 2];
    let is_path = outer.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(mark) => mark.as_char() == '.',
        _ => false,
    });
    (!is_store && is_path && dot.as_char() == '.').then(|| {
        let outer = code(join(outer)).replace(" . ", ".");
        (outer, inner.clone())
    })
}

/// The field that a string names.
fn quoted(tokens: &[TokenTree]) -> Option<Ident> {
    let [token] = tokens else { return None };
    let text = quoted_text(tokens)?;
    let mut field = syn::parse_str::<Ident>(&text).ok()?;
    field.set_span(token.span());
    Some(field)
}

fn quoted_text(tokens: &[TokenTree]) -> Option<String> {
    let text = syn::parse2::<LitStr>(join(tokens)).ok()?;
    Some(text.value())
}

fn join(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}
