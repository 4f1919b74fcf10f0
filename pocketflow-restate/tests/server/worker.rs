//! A worker: the flows of the tests, in a process of its own.

use pocketflow_restate::flow;
use restate_sdk::endpoint::Endpoint;
use restate_sdk::http_server::HttpServer;

use crate::flows::agents::Agents;
use crate::flows::batches::{Batch, Fork};
use crate::flows::loops::{Laps, NESTED};
use crate::flows::maps::{Index, Weigh};
use crate::flows::mending::{Break, Call, Explode, Later, Quote, Sell, Ship};
use crate::flows::sizes::Grow;
use crate::flows::versions;
use crate::flows::waits::{Asleep, Hasty, Held, Publish, Simple};
use crate::place::shared_port;

/// Serves the flows on a port that other workers share. The environment says which version it is, and whether it
/// distributes pieces of steps.
pub(crate) async fn serve(port: u16) {
    let mut endpoint = Endpoint::builder();
    let ingress = std::env::var("WORKER_INGRESS").unwrap();
    let distributes = std::env::var_os("WORKER_DISTRIBUTES").is_some();
    let max_store = std::env::var("WORKER_MAX_STORE").map(|bytes| bytes.parse().unwrap());
    let max_crashes =
        std::env::var("WORKER_MAX_CRASHES").map(|number| number.parse::<u32>().unwrap());
    let version = match std::env::var("WORKER_VERSION").as_deref() {
        Ok("second") => flow(versions::second::Story),
        Ok("third") => flow(versions::third::Story),
        Ok("fourth") => flow(versions::fourth::Story).migrate(versions::fourth::migrate),
        Ok("odd") => {
            flow(versions::fourth::Story).migrate(|_| Err("nobody knows this form".into()))
        }
        _ => flow(versions::first::Story),
    };
    let flows = [
        version,
        flow(Laps),
        flow(NESTED),
        flow(Batch),
        flow(Fork),
        flow(Publish),
        flow(Agents),
        flow(Simple),
        flow(Hasty),
        flow(Held),
        flow(Asleep),
        flow(Sell),
        flow(Quote),
        flow(Ship),
        flow(Break),
        flow(Call),
        flow(Explode),
        flow(Later),
        flow(Grow),
        flow(Index),
        flow(Weigh),
    ];
    for mut flow in flows {
        if let Ok(crashes) = max_crashes {
            flow = flow.max_crashes(crashes);
        }
        // Some kinds of flows take several bursts.
        flow = flow.burst(20);
        if distributes {
            flow = flow.distribute(&ingress).unwrap();
        }
        if let Ok(bytes) = max_store {
            flow = flow.max_store(bytes);
        }
        endpoint = endpoint.bind(flow.object()).bind(flow.items());
    }
    let listener = shared_port(port).listen(1024).unwrap();
    HttpServer::new(endpoint.build()).serve(listener).await;
}
