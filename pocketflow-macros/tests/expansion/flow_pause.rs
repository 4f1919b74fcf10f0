flow! {
    Approval: Article {
        draft >> await(approval, within = "3d") >> publish;
        await(approval) - "expired" >> pause >> escalate;

        pause: sleep(PAUSE);
    }
}
