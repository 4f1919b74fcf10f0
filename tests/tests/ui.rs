//! The compile errors, as users see them: every program in `ui/` fails to compile with the message beside it.

#[test]
fn compile_errors_are_as_written() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("ui/*/*.rs");
}
