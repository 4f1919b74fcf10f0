flow! {
    Sell {
        pay >> ship;
        pay - error(problem) >> release >> end "declined";
    }
}
