flow! {
    pub Payment(card): Order {
        pay >> ship;
    }
}
