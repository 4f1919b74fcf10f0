//! A connection to the server, with or without TLS.

use std::future::poll_fn;
use std::task::{Context, Poll};

use tokio_postgres::config::SslMode;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Client, Config, Error, Socket};

/// What moves the bytes of a connection. It ends with its client, or with an error that the client
/// reports too.
pub(super) struct Messages(Box<PollMessage>);

type PollMessage = dyn FnMut(&mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> + Send;

impl Messages {
    /// The next message that is not the answer to a statement.
    pub(super) async fn next(&mut self) -> Option<Result<AsyncMessage, Error>> {
        poll_fn(&mut self.0).await
    }

    /// Moves the bytes until the connection ends.
    pub(super) async fn drive(mut self) {
        while let Some(Ok(_)) = self.next().await {}
    }
}

/// Connects. [`SslMode`] says whether the server may be, or must be, asked for TLS.
pub(super) async fn connect<T>(
    config: &Config,
    mode: SslMode,
    tls: T,
) -> Result<(Client, Messages), Error>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: Send + 'static,
{
    let mut config = config.clone();
    let (client, mut connection) = config.ssl_mode(mode).connect(tls).await?;
    let poll = move |cx: &mut Context<'_>| connection.poll_message(cx);
    Ok((client, Messages(Box::new(poll))))
}
