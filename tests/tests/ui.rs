//! The compile errors as users see them: every program in `ui/` fails to compile with the message
//! in the file next to it.

#[test]
fn compile_errors_are_as_written() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("ui/*/*.rs");
    // Each of these has one mistake and one message: see `scripts/slips`.
    let kinds = [
        "action",
        "error",
        "node_type",
        "other_store",
        "store",
        "syntax",
    ];
    for kind in kinds {
        programs.compile_fail(format!("ui/slips/{kind}/*.rs"));
    }
    for slips in [
        "body/[!n]*",
        "body/no_*",
        "body/node_in_*",
        "body/node_on_a_method",
        "body/node_on_a_struct",
        "generics/function_*",
        "generics/impl_constant",
        "generics/impl_of_*",
        "generics/impl_type",
        "generics/store_*",
        "names/contains_itself",
        "names/node_attribute_*",
        "names/two_flows_*",
        "options/[!b]*",
        "options/bare_duration",
        "parameter/[!w]*",
        "result_name/alias",
        "result_name/alias_in_an_impl",
        "result_name/alias_that_ends_in_result",
        "result_name/result_*",
        "steps/exec_*",
        "steps/fallback_*",
        "steps/post_[ortw]*",
        "steps/prep_*",
        "store_argument/*",
    ] {
        programs.compile_fail(format!("ui/slips/{slips}.rs"));
    }
}
