flow! {
    Research {
        plan >> (facts, figures) >> write;
    }
}
