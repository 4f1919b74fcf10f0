#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved,
    #[action("needs-info")]
    NeedsInfo { question: String },
}
