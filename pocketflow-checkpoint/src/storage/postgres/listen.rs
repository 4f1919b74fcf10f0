//! One connection that listens to what other processes announce, so that a run that was filled
//! elsewhere goes on at once.
//!
//! An announcement is only a hint and may be lost, so a run that waits also polls, and the listener
//! lets all runs be looked at when it begins to listen, or listens again. Behind a pooler in
//! transaction mode nothing can be heard, because the next transaction may have another connection
//! of the server. So the listener announces something itself first, and gives up if it does not
//! hear that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, Notification};

use super::pool::{Pool, quoted};
use super::transaction::Access;
use crate::storage::announcements::Announcements;

/// How many announcements may be unread before the oldest are dropped.
const UNREAD: usize = 1024;
/// How long the listener waits for its own announcement.
const ECHO: Duration = Duration::from_secs(5);
/// The pause before it connects again.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) struct Listener {
    heard: broadcast::Sender<Arc<str>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// Why a listener has stopped.
enum Stopped {
    /// It cannot hear anything.
    Deaf,
    /// The connection was lost, or could not be opened.
    Lost,
}

impl Listener {
    pub(super) fn new() -> Self {
        Self {
            heard: broadcast::Sender::new(UNREAD),
            task: Mutex::default(),
        }
    }

    /// Starts the listener, unless it is at work. It ends with the last receiver.
    pub(super) fn listen(&self, pool: &Arc<Pool>) -> Announcements {
        let announcements = Announcements::new(self.heard.subscribe());
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        // A task ends with its runtime, too.
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let (pool, heard) = (pool.clone(), self.heard.clone());
            *task = Some(tokio::spawn(async move {
                tokio::select! {
                    () = heard.closed() => {}
                    () = keep_listening(&pool, &heard) => {}
                }
            }));
        }
        announcements
    }
}

/// Tells the other processes to look at a run.
pub(super) async fn announce(pool: &Pool, run: &str) {
    // If it fails, they find the run when they poll.
    if let Ok(connection) = pool.get(Access::Read).await
        && notify(connection.client(), &channel(pool), run)
            .await
            .is_ok()
    {
        connection.put_back();
    }
}

async fn keep_listening(pool: &Pool, heard: &broadcast::Sender<Arc<str>>) {
    while let Err(Stopped::Lost) | Ok(()) = listen(pool, heard).await {
        sleep(PAUSE).await;
    }
    // Nothing can be heard, for as long as this process uses the storage.
    std::future::pending().await
}

async fn listen(pool: &Pool, heard: &broadcast::Sender<Arc<str>>) -> Result<(), Stopped> {
    let channel = channel(pool);
    let (client, mut messages) = pool.connect().await.map_err(|_| Stopped::Lost)?;
    let (sender, mut received) = mpsc::unbounded_channel::<Notification>();
    // It ends with the client.
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = sender.send(notification);
            }
        }
    });
    let quoted_channel = quoted(&channel);
    let statement = format!("LISTEN {quoted_channel}");
    let done = client.batch_execute(&statement).await;
    done.map_err(|_| Stopped::Lost)?;
    let echo = format!("/{}", crate::storage::owner::new());
    let connection = pool.get(Access::Read).await.map_err(|_| Stopped::Lost)?;
    let sent = notify(connection.client(), &channel, &echo).await;
    sent.map_err(|_| Stopped::Lost)?;
    connection.put_back();
    let is_heard = async {
        while let Some(notification) = received.recv().await {
            if notification.payload() == echo {
                return true;
            }
        }
        false
    };
    match timeout(ECHO, is_heard).await {
        Ok(true) => {}
        Ok(false) => return Err(Stopped::Lost),
        Err(_) => {
            // The connection of the server that listens now is probably the next one again.
            let _ = client
                .batch_execute(&format!("UNLISTEN {quoted_channel}"))
                .await;
            return Err(Stopped::Deaf);
        }
    }
    // What was announced before it listened.
    let _ = heard.send("".into());
    while let Some(notification) = received.recv().await {
        // An id begins with no slash.
        if notification.channel() == channel && !notification.payload().starts_with('/') {
            let _ = heard.send(notification.payload().into());
        }
    }
    Ok(())
}

/// It need not be on the disk: a server that stops has no listeners.
async fn notify(client: &Client, channel: &str, text: &str) -> Result<(), tokio_postgres::Error> {
    let (channel, text) = (quoted(channel), literal(text));
    let notify =
        format!("BEGIN; SET LOCAL synchronous_commit TO off; NOTIFY {channel}, {text}; COMMIT");
    client.batch_execute(&notify).await
}

/// A text as SQL writes it, whatever the settings of the server are.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The channel of a schema. All schemas of a database share their channels, and a name has at most 63
/// bytes.
fn channel(pool: &Pool) -> String {
    use std::hash::Hasher;
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(pool.schema().as_bytes());
    format!("pocketflow_{:016x}", hasher.finish())
}
