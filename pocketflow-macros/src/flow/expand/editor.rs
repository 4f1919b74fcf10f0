//! What an editor reads for a flow: each name once, with its meaning. The names come from the
//! tokens, so this works for an incomplete flow as well.

mod pause;

use std::collections::{HashMap, HashSet};

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::editor::{mentions, unmentioned};
use crate::krate::Krate;

/// Writes the names of a flow. `fields` are the declared nodes that are fields of `flow`.
pub(crate) fn names(
    pf: &Krate,
    flow: &Ident,
    fields: &[&Ident],
    input: &TokenStream,
) -> TokenStream {
    let tokens: Vec<TokenTree> = input.clone().into_iter().collect();
    let header = header(&tokens);
    let mut names = Names {
        pf,
        flow: unmentioned(flow.to_token_stream()),
        fields: fields.iter().map(ToString::to_string).collect(),
        declared: HashMap::new(),
        pauses: HashSet::new(),
        store: header.store.clone().map(unmentioned),
        out: TokenStream::new(),
    };
    let graph: Vec<TokenTree> = match header.graph {
        Some(graph) => graph.stream().into_iter().collect(),
        None => tokens.clone(),
    };
    names
        .out
        .extend(header.store.map(|store| quote!(let _: *const #store;)));
    names.declarations(&graph);
    if names.store.is_none() {
        names.store = names.first(&graph);
    }
    for input in header.inputs {
        names.field(&input);
    }
    names.graph(&graph);
    let has_end = tokens_are(
        &graph,
        &|tokens| matches!(tokens, [TokenTree::Ident(word), TokenTree::Punct(mark), ..] if word == "end" && mark.as_char() == ':'),
    );
    let words = (!has_end).then(|| quote!(use #pf::__private::words::*;));
    let out = names.out;
    mentions(&quote!(#words #out))
}

struct Header {
    inputs: Vec<TokenTree>,
    store: Option<TokenStream>,
    /// `None` for an expression.
    graph: Option<Group>,
}

/// Reads `pub Payment(card): Order { … }`.
fn header(tokens: &[TokenTree]) -> Header {
    let mut header = Header {
        inputs: Vec::new(),
        store: None,
        graph: None,
    };
    let graph = tokens
        .iter()
        .rposition(|token| is_group(token, Delimiter::Brace));
    let Some(at) = graph.filter(|at| !tokens[..*at].iter().any(|token| is_mark(token, ';'))) else {
        return header;
    };
    let TokenTree::Group(group) = &tokens[at] else {
        return header;
    };
    header.graph = Some(group.clone());
    let mut before = &tokens[..at];
    if let Some(colon) = single_colon(before) {
        header.store = Some(before[colon + 1..].iter().cloned().collect());
        before = &before[..colon];
    }
    match before {
        [.., TokenTree::Ident(_), TokenTree::Group(inputs)]
            if inputs.delimiter() == Delimiter::Parenthesis =>
        {
            header.inputs = inputs
                .stream()
                .into_iter()
                .filter(|token| matches!(token, TokenTree::Ident(_)))
                .collect();
        }
        _ => {}
    }
    header
}

struct Names<'a> {
    pf: &'a Krate,
    flow: TokenStream,
    fields: Vec<String>,
    /// The meaning of each declared name.
    declared: HashMap<String, TokenStream>,
    /// The declared names of steps that let time pass.
    pauses: HashSet<String>,
    store: Option<TokenStream>,
    out: TokenStream,
}

impl Names<'_> {
    fn declarations(&mut self, graph: &[TokenTree]) {
        for statement in graph.split(|token| is_mark(token, ';')) {
            if let Some((name, stands)) = declaration(statement) {
                if pause::is_pause(stands) {
                    self.pauses.insert(name.to_string());
                }
                let path = &stands[..path(stands)];
                self.declared
                    .insert(name.to_string(), path.iter().cloned().collect());
            }
        }
    }

    /// The store of the first node.
    fn first(&self, graph: &[TokenTree]) -> Option<TokenStream> {
        let mut rest = graph;
        while let [token, after @ ..] = rest {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    if let Some(store) = self.first(&inside) {
                        return Some(store);
                    }
                }
                TokenTree::Ident(word) if word == "await" => {
                    rest = after.get(1..).unwrap_or_default();
                    continue;
                }
                TokenTree::Ident(_) => {
                    let path = &rest[..path(rest)];
                    let after = &rest[path.len()..];
                    let is_declaration = after.first().is_some_and(|token| is_mark(token, ':'));
                    // A flow on a field has another store.
                    if after.first().is_some_and(|token| is_mark(token, '.')) {
                        let method = after.iter().skip(1);
                        let of_place = method.take_while(|token| {
                            matches!(token, TokenTree::Ident(_) | TokenTree::Group(_))
                        });
                        rest = &after[1 + of_place.count().min(2)..];
                        continue;
                    }
                    let path: TokenStream = path.iter().cloned().collect();
                    if is_declaration && pause::is_pause(&after[1..]) {
                        rest = after.get(3..).unwrap_or_default();
                        continue;
                    }
                    if !is_declaration && !self.pauses.contains(&path.to_string()) {
                        let path = unmentioned(
                            self.declared
                                .get(&path.to_string())
                                .cloned()
                                .unwrap_or(path),
                        );
                        let pf = self.pf;
                        return Some(quote!(<#path as #pf::__private::On>::Store));
                    }
                    rest = after;
                    continue;
                }
                _ => {}
            }
            rest = after;
        }
        None
    }

    fn graph(&mut self, graph: &[TokenTree]) {
        let mut rest = graph;
        let mut begins = true;
        while let [token, after @ ..] = rest {
            let began = begins;
            begins = is_mark(token, ';');
            match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    rest = after.get(1..).unwrap_or_default();
                    begins = began;
                    continue;
                }
                // An action.
                TokenTree::Punct(mark) if mark.as_char() == '-' => {
                    let end = after
                        .iter()
                        .position(|token| is_mark(token, '>') || is_mark(token, ';'));
                    rest = &after[end.unwrap_or(after.len())..];
                    continue;
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    self.graph(&group.stream().into_iter().collect::<Vec<_>>());
                }
                TokenTree::Ident(word) if began && word == "pub" => {
                    begins = true;
                }
                TokenTree::Ident(word) if word == "await" => {
                    if let [TokenTree::Group(group), after @ ..] = after {
                        self.awaits(group);
                        rest = after;
                        continue;
                    }
                }
                TokenTree::Ident(word) if word == "max" && self.constant(after) => {
                    rest = &after[path(after)..];
                    continue;
                }
                TokenTree::Ident(word)
                    if word == "max" && matches!(after, [TokenTree::Literal(_), ..])
                        || word == "else" => {}
                TokenTree::Ident(name) => {
                    let path = &rest[..path(rest)];
                    rest = &rest[path.len()..];
                    if began
                        && path.len() == 1
                        && rest.first().is_some_and(|token| is_mark(token, ':'))
                    {
                        if let Some(after) = self.declared_pause(name, &rest[1..]) {
                            rest = after;
                            continue;
                        }
                        let to = &rest[1..][..self::path(&rest[1..])];
                        rest = &rest[1 + to.len()..];
                        if !(to.len() == 1 && *name == to[0].to_string()) {
                            let to: TokenStream = to.iter().cloned().collect();
                            self.out.extend(quote!(type #name = #to;));
                        }
                    } else {
                        self.mention(path);
                    }
                    rest = self.on_field(rest);
                    continue;
                }
                _ => {}
            }
            rest = after;
        }
    }

    /// The constant of `max ROUNDS else …`.
    fn constant(&mut self, tokens: &[TokenTree]) -> bool {
        let path = &tokens[..path(tokens)];
        let after = tokens.get(path.len());
        let is_bound = matches!(after, Some(TokenTree::Ident(word)) if word == "else");
        if path.is_empty() || !is_bound {
            return false;
        }
        let path: TokenStream = path.iter().cloned().collect();
        self.out.extend(quote!(let _ = #path;));
        true
    }

    /// A name may refer to a function. The node of a function is a type with the same name, so the
    /// name means both.
    fn mention(&mut self, path: &[TokenTree]) {
        let flow = &self.flow;
        let tokens: TokenStream = path.iter().cloned().collect();
        let name = tokens.to_string();
        if self.fields.contains(&name) {
            self.out.extend(quote!(|__flow: &#flow| &__flow.#tokens;));
        } else if !self.declared.contains_key(&name) && name != "end" && !is_completed(path) {
            self.out.extend(quote!(#tokens();));
        }
        self.out.extend(quote!(let _: *const #tokens;));
    }

    /// The field that begins these tokens, or the place where it is missing.
    fn named_field(&mut self, tokens: &[TokenTree]) {
        match tokens.first() {
            Some(field @ TokenTree::Ident(_)) => self.field(field),
            _ => self.out.extend(
                self.store
                    .as_ref()
                    .map(|store| quote!(|__shared: &#store| &__shared.;)),
            ),
        }
    }

    /// `.on(facts)` or `.each(documents, parallel = 8)` after the path of a flow. Returns what follows
    /// it.
    fn on_field<'t>(&mut self, tokens: &'t [TokenTree]) -> &'t [TokenTree] {
        let pf = self.pf;
        let [dot, after @ ..] = tokens else {
            return tokens;
        };
        if !is_mark(dot, '.') {
            return tokens;
        }
        let method = match after {
            [TokenTree::Ident(method), ..] if method != "await" => Some(method),
            _ => None,
        };
        self.out
            .extend(quote!(|__place: &#pf::__private::words::Place| &__place.#method;));
        match after {
            [TokenTree::Ident(_), TokenTree::Group(group), after @ ..] => {
                self.arguments(group);
                after
            }
            [TokenTree::Ident(_), after @ ..] => after,
            _ => after,
        }
    }

    /// `(documents, parallel = 8, failures = problems)`
    fn arguments(&mut self, group: &Group) {
        let pf = self.pf;
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut parts = tokens.split(|token| is_mark(token, ','));
        self.named_field(parts.next().unwrap_or_default());
        for part in parts {
            let name = part
                .first()
                .filter(|token| matches!(token, TokenTree::Ident(_)));
            self.out
                .extend(quote!(|__options: &#pf::__private::words::Each| &__options.#name;));
            let [TokenTree::Ident(name), mark, value @ ..] = part else {
                continue;
            };
            if !is_mark(mark, '=') {
                continue;
            }
            if name == "failures" {
                self.named_field(value);
            } else if let [TokenTree::Ident(first), ..] = value {
                let path: TokenStream = value[..path(value)].iter().cloned().collect();
                if first != "unbounded" {
                    self.out.extend(quote!(let _ = #path;));
                }
            }
        }
    }

    fn field(&mut self, field: &TokenTree) {
        self.out.extend(
            self.store
                .as_ref()
                .map(|store| quote!(|__shared: &#store| &__shared.#field;)),
        );
    }
}

/// `#[doc = "…"] pub search: WebSearch`
fn declaration(statement: &[TokenTree]) -> Option<(&Ident, &[TokenTree])> {
    let mut rest = statement;
    loop {
        rest = match rest {
            [TokenTree::Punct(mark), TokenTree::Group(_), rest @ ..] if mark.as_char() == '#' => {
                rest
            }
            [TokenTree::Ident(word), rest @ ..] if word == "pub" => rest,
            [TokenTree::Ident(name), rest @ ..] if single_colon(rest) == Some(0) => {
                return Some((name, &rest[1..]));
            }
            _ => return None,
        };
    }
}

/// Whether rust-analyzer inserted the name to find completions. Such a name is only written as a
/// type, because there would be too many expressions to complete it with.
fn is_completed(path: &[TokenTree]) -> bool {
    path.last()
        .is_some_and(|name| name.to_string().ends_with("raCompletionMarker"))
}

/// How many of the first tokens form a path.
fn path(tokens: &[TokenTree]) -> usize {
    let mut length = 0;
    loop {
        length += match &tokens[length..] {
            [
                TokenTree::Punct(a),
                TokenTree::Punct(b),
                TokenTree::Ident(_),
                ..,
            ] if a.as_char() == ':' && a.spacing() == Spacing::Joint && b.as_char() == ':' => 3,
            [TokenTree::Ident(_), ..] if length == 0 => 1,
            _ => return length,
        };
    }
}

/// The index of a `:` that is not half of a `::`.
fn single_colon(tokens: &[TokenTree]) -> Option<usize> {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ':' && mark.spacing() == Spacing::Joint => {
                at += 1
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn tokens_are(tokens: &[TokenTree], is: &dyn Fn(&[TokenTree]) -> bool) -> bool {
    (0..tokens.len()).any(|at| is(&tokens[at..]))
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}
