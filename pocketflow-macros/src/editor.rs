//! What rust-analyzer reads in place of what rustc compiles. It need not be compiled, nor be
//! complete: where the user's code is half-written, so is this.
//!
//! A macro writes one version only, since the compiler would have to read both in each build. It
//! knows its reader by the program that runs it: rustc runs macros in its own process, and
//! rust-analyzer in `rust-analyzer-proc-macro-srv` or `rust-analyzer proc-macro`. An editor that is
//! not recognized gets the compiler's version, which works too, but leads from a name to several
//! places.

use std::env;
use std::path::Path;
use std::sync::LazyLock;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote;

/// The version for the program that runs the macro.
pub(crate) fn written(
    editor: impl FnOnce() -> TokenStream,
    compiler: impl FnOnce() -> TokenStream,
) -> TokenStream {
    if is_in_editor() { editor() } else { compiler() }
}

fn is_in_editor() -> bool {
    static IN_EDITOR: LazyLock<bool> =
        LazyLock::new(|| env::current_exe().is_ok_and(|program| is_rust_analyzer(&program)));
    #[cfg(test)]
    if tests::IN_EDITOR.get() {
        return true;
    }
    *IN_EDITOR
}

/// Distributions add to the name, as in `rust-analyzer-x86_64-unknown-linux-gnu` and
/// `.rust-analyzer-wrapped`.
fn is_rust_analyzer(program: &Path) -> bool {
    let name = program.file_name().unwrap_or_default();
    name.to_string_lossy().contains("rust-analyzer")
}

/// Names of the user's, in the order in which they stand. `items` are statements.
///
/// A completion is asked for in a second expansion, with a made-up name at the cursor, and looked
/// up in the first at the same offset: whatever stands before a name is to be the same in both, and
/// what comes last is to be long.
pub(crate) fn mentions(items: &TokenStream) -> TokenStream {
    const ROOM: &str = "The rest of the names, while one of them is not written yet.                                                     ";
    quote! {
        const _: () = {
            #items
            let _ = #ROOM;
        };
    }
}

/// Tokens of the user's as tokens of the macro's, which are no mention of what they name.
pub(crate) fn unmentioned(tokens: TokenStream) -> TokenStream {
    let respan = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            let inside = unmentioned(group.stream());
            token = Group::new(group.delimiter(), inside).into();
        }
        token.set_span(Span::call_site());
        token
    };
    tokens.into_iter().map(respan).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static IN_EDITOR: Cell<bool> = const { Cell::new(false) };
    }

    /// What a macro writes for an editor.
    pub(crate) fn in_editor<T>(expand: impl FnOnce() -> T) -> T {
        IN_EDITOR.set(true);
        let expanded = expand();
        IN_EDITOR.set(false);
        expanded
    }

    #[test]
    fn rust_analyzer_is_known_by_the_name_of_its_program() {
        let programs = [
            "/toolchain/libexec/rust-analyzer-proc-macro-srv",
            "/tools/rust-analyzer-proc-macro-srv.exe",
            "/usr/bin/rust-analyzer",
            "/editor/server/rust-analyzer-x86_64-unknown-linux-gnu",
            "/store/bin/.rust-analyzer-wrapped",
        ];
        for program in programs {
            assert!(is_rust_analyzer(Path::new(program)), "{program}");
        }
        let programs = [
            "/toolchain/bin/rustc",
            "/toolchain/bin/clippy-driver",
            "/toolchain/bin/rustdoc",
            "/home/rust-analyzer/toolchain/bin/rustc",
            "",
        ];
        for program in programs {
            assert!(!is_rust_analyzer(Path::new(program)), "{program}");
        }
    }

    #[test]
    fn one_version_is_written() {
        let version = || written(|| quote!(editor), || quote!(compiler)).to_string();
        assert_eq!(version(), "compiler");
        assert_eq!(in_editor(version), "editor");
    }
}
