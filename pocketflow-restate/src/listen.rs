//! A listener for the server of a worker.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Listens at an address, for [`HttpServer::serve`](restate_sdk::http_server::HttpServer::serve).
///
/// Its connections send each message at once. Those of `HttpServer::listen_and_serve` wait for up to 40 milliseconds
/// for more to send, and so each step would take that long.
///
/// ```no_run
/// # use restate_sdk::prelude::*;
/// # async fn example(endpoint: Endpoint) -> std::io::Result<()> {
/// let listener = pocketflow_restate::listen("0.0.0.0:9080".parse().expect("an address"))?;
/// HttpServer::new(endpoint).serve(listener).await;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the system, for example if another program listens there.
///
/// # Panics
///
/// Outside of a tokio runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A worker that is started again finds its port free. On Windows, two programs could listen at it then.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // What is accepted inherits this.
    socket.set_nodelay(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_accepted_sends_at_once() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) =
            tokio::join!(tokio::net::TcpStream::connect(address), listener.accept());
        assert!(accepted.unwrap().0.nodelay().unwrap());
        let taken = listen(address).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
    }
}
