flow! {
    /// Reviews an order, and then ships it or not.
    pub Checkout(total) {
        review - "approved" >> pay >> ship;
        review - "rejected" >> end "declined";
    }
}
