flow! {
    Agent {
        search: WebSearch;
        decide - "search" >> search >> decide max 5 else answer;
        decide - "answer" >> answer;
    }
}
