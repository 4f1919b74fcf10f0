flow! {
    Shop {
        cart >> Checkout >> confirm;
        Checkout - "declined" >> end;
    }
}
