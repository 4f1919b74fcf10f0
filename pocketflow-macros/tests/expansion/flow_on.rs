flow! {
    pub Digest: Library {
        again: Investigate.on(facts);
        find >> (Investigate.on(facts), Summarize.each(documents)) >> again;
    }
}
