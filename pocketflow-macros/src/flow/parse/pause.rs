//! Steps that let time pass: `await(approval, within = "3d")`, and a declared `sleep("1h")`.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Path, Token, token};

use super::syntax::{Await, Pause, Time, Within};
use super::tokens::is_word;
use crate::duration::{UNITS, duration};
use crate::names::{code, nearest};
use crate::refusal::{Code, Errors, Refusal, refuse};

/// Whether `sleep(…)` follows. `sleep` alone is a path.
pub(super) fn is_sleep(input: ParseStream<'_>) -> bool {
    is_word(input, "sleep") && input.peek2(token::Paren)
}

/// What a declaration names, if that is a step that lets time pass.
pub(super) fn declared_pause(
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Option<Pause>> {
    if input.peek(Token![await]) {
        return awaited(input, errors).map(|awaited| Some(Pause::Await(awaited)));
    }
    if !is_sleep(input) {
        return Ok(None);
    }
    let word: Ident = input.parse()?;
    let group: Group = input.parse()?;
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    if tokens.is_empty() {
        let message = "say how long it sleeps: `sleep(\"1h\")`";
        errors.on(group.span(), message);
        return Ok(Some(Pause::Sleep(None)));
    }
    Ok(Some(Pause::Sleep(time(&tokens, &word, errors))))
}

/// `sleep("1h")` in a chain.
pub(super) fn undeclared_sleep(input: ParseStream<'_>) -> syn::Result<syn::Error> {
    let word: Ident = input.parse()?;
    let group: Group = input.parse()?;
    let time = match group.stream() {
        time if time.is_empty() => "\"1h\"".into(),
        time => code(time),
    };
    let refusal = refuse("a step that sleeps has a name, by which a run is found again").help(
        format!("declare it, `pause: sleep({time});`, and write `pause` here"),
    );
    Ok(refusal.on(word.span()))
}

/// `await(approval, within = "3d")`
pub(super) fn awaited(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Await> {
    let word: Token![await] = input.parse()?;
    let wrong = || refuse("name the late field to wait for: `await(approval)`").on(word.span);
    if !input.peek(token::Paren) {
        return Err(wrong());
    }
    let group: Group = input.parse()?;
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut parts: Vec<&[TokenTree]> = tokens.split(is_comma).collect();
    if parts.last().is_some_and(|last| last.is_empty()) {
        parts.pop();
    }
    let Some((first, others)) = parts.split_first() else {
        return Err(wrong());
    };
    let mut within = None;
    let field = match first {
        [TokenTree::Ident(name), value @ ..] if is_option(name, value) => {
            let field = others.iter().find_map(|part| ident(part));
            let example = field.as_ref().map_or("approval".into(), Ident::to_string);
            let option = code(join(first));
            let message = format!("the field comes first: `await({example}, {option})`");
            errors.at(join(first), message);
            self::option(name, value, &mut within, errors);
            return field.map(|field| Await { field, within }).ok_or_else(wrong);
        }
        first => ident(first).ok_or_else(wrong)?,
    };
    for part in others {
        match part {
            [TokenTree::Ident(name), value @ ..] if is_option(name, value) || name == "within" => {
                self::option(name, value, &mut within, errors);
            }
            part => other_part(part, &field, group.span(), errors),
        }
    }
    Ok(Await { field, within })
}

/// Something that is not an option, after the field.
fn other_part(part: &[TokenTree], field: &Ident, whole: Span, errors: &mut Errors) {
    let refusal = match ident(part) {
        Some(second) => refuse(format!(
            "a place waits for one field: `await({field}) >> await({second})`"
        )),
        None if syn::parse2::<LitStr>(join(part)).is_ok() => {
            let time = code(join(part));
            refuse(format!(
                "a deadline has a name: `await({field}, within = {time})`"
            ))
        }
        None => refuse(format!(
            "after the field comes a deadline, or nothing: `await({field}, within = \"3d\")`"
        )),
    };
    match part {
        [] => errors.on(whole, refusal),
        part => errors.at(join(part), refusal),
    }
}

/// `within = "3d"`
fn option(name: &Ident, value: &[TokenTree], within: &mut Option<Within>, errors: &mut Errors) {
    if name != "within" {
        let text = name.to_string();
        let refusal = refuse(format!("`await` has no option `{text}`"));
        let is_deadline = ["timeout", "deadline", "for", "until", "expires"].contains(&&*text);
        let refusal = match nearest(&text, &["within"]) {
            Some(meant) => refusal.help(format!("did you mean `{meant}`?")),
            None if is_deadline => refusal.help("a deadline is written `within = \"3d\"`"),
            None => refusal.help("its only option is a deadline: `within = \"3d\"`"),
        };
        // The edge for the deadline is no second mistake.
        *within = Some(Within {
            span: name.span(),
            time: None,
        });
        return errors.at(name, refusal);
    }
    if within.is_some() {
        return errors.at(name, "`within` is given twice");
    }
    let time = match value {
        [TokenTree::Punct(mark), value @ ..] if mark.as_char() == '=' && !value.is_empty() => {
            time(value, name, errors)
        }
        [] | [TokenTree::Punct(_)] => {
            errors.at(name, "`within` has no value: write `within = \"3d\"`");
            None
        }
        value => {
            let message = "`within` takes its value after `=`: write `within = \"3d\"`";
            errors.at(join(value), message);
            None
        }
    };
    *within = Some(Within {
        span: name.span(),
        time,
    });
}

/// `"3d"`, or the path of a constant. `name` is `within` or `sleep`.
fn time(value: &[TokenTree], name: &Ident, errors: &mut Errors) -> Option<Time> {
    let tokens = join(value);
    let written = |time: &str| match name == "sleep" {
        true => format!("`sleep({time})`"),
        false => format!("`within = {time}`"),
    };
    let number = |time: &str| {
        let written = written(time);
        format!("write a number and a unit ({UNITS}) in quotes: {written}")
    };
    let example = if name == "sleep" { "\"1h\"" } else { "\"3d\"" };
    if let Ok(literal) = syn::parse2::<LitStr>(tokens.clone()) {
        let text = literal.value();
        if let Some(time) = duration(&text) {
            return Some(Time::Literal(time, literal.span()));
        }
        let refusal = Code::PF010.refuse(format!("\"{text}\" is not a duration"));
        errors.at(literal, refusal.help(number(example)));
        return None;
    }
    if let Ok(path) = Parser::parse2(Path::parse_mod_style, tokens.clone()) {
        let last = path.segments.last();
        let last = last.map(|last| last.ident.unraw().to_string());
        if last.is_some_and(|last| last.starts_with(|first: char| !first.is_lowercase())) {
            return Some(Time::Constant(path));
        }
    }
    let text = code(&tokens);
    let what = match name == "sleep" {
        true => "a `sleep` takes a duration",
        false => "`within` is a duration",
    };
    let refusal: Refusal = Code::PF010.refuse(what);
    let refusal = match duration(&text) {
        Some(_) => refusal.help(number(&format!("\"{text}\""))),
        None => refusal
            .help(number(example))
            .help("it can also be a constant: it is a part of the graph"),
    };
    errors.at(tokens, refusal);
    None
}

/// Whether `name = …` is meant.
fn is_option(name: &Ident, value: &[TokenTree]) -> bool {
    match value {
        [TokenTree::Punct(mark), ..] => {
            mark.as_char() == '=' || mark.as_char() == ':' && name == "within"
        }
        [_, ..] => name == "within",
        [] => false,
    }
}

/// A name alone.
fn ident(tokens: &[TokenTree]) -> Option<Ident> {
    match tokens {
        [TokenTree::Ident(_)] => syn::parse2(join(tokens)).ok(),
        _ => None,
    }
}

fn join(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().cloned().collect()
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}

#[cfg(test)]
mod tests;
