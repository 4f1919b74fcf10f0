flow! {
    Digest: Library {
        Summarize.each(documents, parallel = 8, failures = problems) >> combine;
    }
}
