#[derive(Shared)]
struct Order {
    total: u64,
    receipt: Option<String>,
    #[serde(with = "cents", default)]
    paid: Cents,
}
