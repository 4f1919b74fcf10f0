//! The code that rust-analyzer reads instead of the code that rustc compiles. It does not have to
//! compile, and it is as incomplete as the user's code.
//!
//! A macro writes only one of the two versions, because rustc would have to read both in each
//! build. The macro recognizes its reader by the program that runs it: rustc runs macros in its own
//! process, and rust-analyzer in `rust-analyzer-proc-macro-srv` or `rust-analyzer proc-macro`. An
//! editor that is not recognized gets the compiler's version. That version works too, but it leads
//! from a name to several places.

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

/// The names that the user wrote, in their order. `items` are statements.
///
/// To complete a name, rust-analyzer expands the macro a second time, with a made-up name at the
/// cursor, and looks that name up in the first expansion at the same offset. So everything before a
/// name must be the same in both, and the last item must be long.
pub(crate) fn mentions(items: &TokenStream) -> TokenStream {
    const ROOM: &str = "The rest of the names, while one of them is not written yet.                                                     ";
    quote! {
        const _: () = {
            #items
            let _ = #ROOM;
        };
    }
}

/// Turns the user's tokens into tokens of the macro, which do not count as a mention of what they
/// name.
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

    /// Expands a macro as if rust-analyzer ran it.
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
