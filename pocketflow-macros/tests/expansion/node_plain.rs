#[node(Order)]
fn review(total: &u64) -> Verdict {
    Verdict::of(*total)
}
