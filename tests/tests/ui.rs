//! The compile errors, as users see them: every program in `ui/` fails to compile with the message beside it.

#[test]
fn compile_errors_are_as_written() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("ui/*/*.rs");
    // One slip each, and one message: see `scripts/slips`.
    for kind in ["action", "error", "other_store", "store", "syntax"] {
        programs.compile_fail(format!("ui/slips/{kind}/*.rs"));
    }
}
