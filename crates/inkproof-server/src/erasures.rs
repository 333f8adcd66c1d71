//! Erasures that another program's reading kept from being finished are finished when that has ended.

use std::time::Duration;

use inkproof_store::Actor;

use crate::Shared;

/// How often it is tried, and how long after it failed: what fails is logged.
const AGAIN: Duration = Duration::from_secs(5);
const AFTER_FAILURE: Duration = Duration::from_secs(600);

/// Goes on as long as the service does.
pub async fn finish(service: Shared) {
    let mut pause = AGAIN;
    loop {
        tokio::time::sleep(pause).await;
        let finished = service.ask(|store| store.finish_erasures(&Actor::local())).await;
        pause = if finished.is_ok() { AGAIN } else { AFTER_FAILURE };
    }
}
