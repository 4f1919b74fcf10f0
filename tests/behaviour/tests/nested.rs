//! A flow is a node: it uses the same store, and its exits are its actions.

use pocketflow::{Action, Shared, flow, node};
use pocketflow_behaviour::Steps;

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Order {
    total_cents: u64,
    card: Option<String>,
    charged: Option<u64>,
    reason: Option<String>,
    log: Vec<String>,
}

#[derive(Action)]
#[action(Order)]
enum Verdict {
    Approved { card: String, reason: String },
    Rejected { reason: String },
}

#[derive(Action)]
enum Bank {
    Ok,
    Declined,
}

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    match total_cents {
        0..=100 => Verdict::Approved {
            card: "4242".into(),
            reason: "the card was declined".into(),
        },
        101..=200 => Verdict::Approved {
            card: String::new(),
            reason: "the card was declined".into(),
        },
        _ => Verdict::Rejected {
            reason: "too much".into(),
        },
    }
}

#[node(Order)]
async fn authorize(card: &str) -> Bank {
    if card.is_empty() {
        Bank::Declined
    } else {
        Bank::Ok
    }
}

#[node(Order, writes = charged)]
async fn capture(total_cents: &u64) -> u64 {
    *total_cents
}

#[node(Order, appends = log)]
fn ship(charged: &u64) -> [String; 1] {
    [format!("shipped for {charged}")]
}

#[node(Order, appends = log)]
fn refuse(reason: &str) -> [String; 1] {
    [format!("refused: {reason}")]
}

flow! {
    /// Charges the card.
    pub Payment(card) {
        authorize - "ok" >> capture;
        authorize - "declined" >> end "declined";
    }
}

flow! {
    /// Sells, or explains why not. `ship` may read what `Payment` fills at the exit that leads to
    /// it.
    pub Shop {
        review - "approved" >> Payment >> ship;
        Payment - "declined" >> refuse;
        review - "rejected" >> refuse;
    }
}

fn order(total_cents: u64) -> Order {
    Order {
        total_cents,
        ..Default::default()
    }
}

#[tokio::test]
async fn the_exit_of_the_inner_flow_routes_the_outer() {
    for (total_cents, line) in [
        (50, "shipped for 50"),
        (150, "refused: the card was declined"),
        (500, "refused: too much"),
    ] {
        let mut order = order(total_cents);
        Shop.run(&mut order).await.unwrap();
        assert_eq!(order.log, [line]);
    }
}

#[tokio::test]
async fn a_flow_runs_by_itself_and_says_where_it_ended() {
    let mut order = Order {
        card: Some("4242".into()),
        ..order(5)
    };
    let exit = match Payment.run(&mut order).await.unwrap() {
        PaymentExit::Default => "paid",
        PaymentExit::Declined => "declined",
    };
    assert_eq!((exit, order.charged), ("paid", Some(5)));
}

flow! { Street(charged) { Shop >> ship_again; ship_again: ship; } }

flow! {
    City(charged) {
        Street;
    }
}

#[tokio::test]
async fn flows_nest_and_drivers_see_the_inner_steps_with_their_path() {
    let mut order = Order {
        charged: Some(0),
        ..order(50)
    };
    let steps = Steps::default();
    City.with(&steps).run(&mut order).await.unwrap();
    assert_eq!(
        steps.paths(),
        [
            "City > Street > Shop > review",
            "City > Street > Shop > Payment > authorize",
            "City > Street > Shop > Payment > capture",
            "City > Street > Shop > ship",
            "City > Street > ship_again",
        ]
    );
}

mod supervised {
    use super::*;

    #[derive(Shared, Default)]
    struct Answer {
        question: String,
        attempts: u64,
        draft: Option<String>,
        accepted: bool,
    }

    #[derive(Action)]
    enum Judgement {
        Accepted,
        SentBack,
    }

    #[node(Answer, writes(draft, attempts))]
    fn answer(question: &str, attempts: &u64) -> (String, u64) {
        (format!("{question} {attempts}"), attempts + 1)
    }

    #[node(Answer)]
    fn judge(draft: &str, attempts: &u64) -> Judgement {
        if *attempts > 9 && !draft.is_empty() {
            Judgement::Accepted
        } else {
            Judgement::SentBack
        }
    }

    #[node(Answer, writes = accepted)]
    fn accept() -> bool {
        true
    }

    flow! { Agent { answer; } }

    flow! {
        /// Lets the agent try at most three more times.
        pub(crate) Supervisor {
            Agent >> judge - "sent_back" >> Agent max 3 else end "given up";
            judge - "accepted" >> accept;
        }
    }

    #[tokio::test]
    async fn an_inner_flow_in_a_bounded_loop_is_counted_per_run() {
        let mut shared = Answer {
            question: "why?".into(),
            ..Default::default()
        };
        for run in 1..=2 {
            assert_eq!(
                Supervisor.run(&mut shared).await.unwrap(),
                SupervisorExit::GivenUp
            );
            assert_eq!((shared.attempts, shared.accepted), (4 * run, false));
        }
        assert_eq!(
            Supervisor.run(&mut shared).await.unwrap(),
            SupervisorExit::Default
        );
        assert_eq!((shared.attempts, shared.accepted), (10, true));
        assert_eq!(Supervisor::MAX_STEPS, 4 * 2 + 1);
    }

    flow! {
        #[endless]
        pub(crate) Heartbeat { poll: Supervised; poll >> poll; }
    }

    flow! { Supervised { Supervisor >> end; Supervisor - "given up" >> end; } }

    #[tokio::test]
    async fn an_endless_flow_runs_until_something_stops_it() {
        let mut shared = Answer {
            question: "why?".into(),
            attempts: 100,
            ..Default::default()
        };
        let limit = pocketflow::StepLimit::new(30);
        let error = Heartbeat { poll: Supervised }
            .with(limit)
            .run(&mut shared)
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("Heartbeat > poll > Supervisor > Agent > answer: stopped")
        );
        assert_eq!(shared.attempts, 110);
    }
}

mod twice {
    use super::*;

    flow! {
        /// One flow in two places, under two names.
        pub(crate) TwoCards(card) {
            first: Payment;
            second: Payment;
            first >> end;
            first - "declined" >> second >> end;
            second - "declined" >> refuse_twice;
        }
    }

    #[node(Order, appends = log)]
    fn refuse_twice(total_cents: &u64) -> [String; 1] {
        [format!("refused {total_cents} twice")]
    }

    #[tokio::test]
    async fn a_flow_may_stand_in_two_places() {
        let mut order = Order {
            card: Some(String::new()),
            ..order(5)
        };
        let flow = TwoCards {
            first: Payment,
            second: Payment,
        };
        let steps = Steps::default();
        flow.with(&steps).run(&mut order).await.unwrap();
        let expected = [
            "TwoCards > first > authorize",
            "TwoCards > second > authorize",
            "TwoCards > refuse_twice",
        ];
        assert_eq!(steps.paths(), expected);
        assert_eq!(order.log, ["refused 5 twice"]);
    }
}
