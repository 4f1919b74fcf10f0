flow! {
    Approval {
        draft >> await(approval) >> publish;
    }
}
