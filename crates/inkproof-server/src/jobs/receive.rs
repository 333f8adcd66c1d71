//! The archive of a job on its way to the disk: in pieces, sealed (`Spool`), never whole in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, ready};
use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header;
use futures_util::{Stream, StreamExt, stream};
use inkproof_store::{Spool, SpoolReader};

use crate::Shared;
use crate::bodies::Clock;
use crate::problem::{Kind, Problem};

/// So long an archive may take to arrive and to be unpacked.
pub const SECONDS: u64 = 600;
/// More parts than this no form has that hands in one archive.
const MOST_PARTS: usize = 10;
/// Bytes of a form that are no archive, one after the other: its headers, and what may be before the first.
const MOST_ASIDE: usize = 64 << 10;

/// Receives an archive, as it is or as the part `archive` of a form.
///
/// # Errors
/// 413 where it is larger than `max-job`, 415 for another media type, 408 where it comes too slowly, 400 where it breaks off.
pub async fn archive(server: &Shared, request: Request) -> Result<SpoolReader, Problem> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_owned();
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let most = server.settings.max_job;
    let mut inbox = Inbox { spool: server.store.spool().map_err(|error| no_room(&error))?, received: 0, most };
    // A form adds a little to what is in it.
    if announced.is_some_and(|bytes: u64| bytes > most.saturating_add(64 << 10)) {
        return Err(inbox.too_large());
    }
    let mut clock = Clock::steady(Duration::from_secs(SECONDS));
    let mut parts = request.into_body().into_data_stream();
    match media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/zip" | "application/x-zip-compressed" | "application/octet-stream" => {
            while let Some(part) = clock.wait(parts.next()).await? {
                inbox.add(&part.map_err(|_| broke_off())?, &mut clock)?;
            }
        }
        "multipart/form-data" => {
            let boundary = multer::parse_boundary(&media_type).map_err(malformed)?;
            let aside = Arc::new(AtomicUsize::new(0));
            let mut form = multer::Multipart::new(metered(parts, aside.clone()), boundary);
            let mut has_archive = false;
            for _ in 0..MOST_PARTS {
                let Some(mut field) = clock.wait(form.next_field()).await?.map_err(malformed)? else { break };
                if field.name() != Some("archive") || has_archive {
                    let name: String = field.name().unwrap_or_default().chars().take(40).collect();
                    return Err(Kind::Malformed.with("give one zip archive, as the field archive").on_field(name));
                }
                has_archive = true;
                while let Some(part) = clock.wait(field.chunk()).await?.map_err(malformed)? {
                    aside.store(0, Ordering::Relaxed);
                    inbox.add(&part, &mut clock)?;
                }
            }
        }
        _ => {
            let why = "give a zip archive as application/zip, or as the field archive of multipart/form-data";
            return Err(Kind::MediaType.with(why).on_field("Content-Type"));
        }
    }
    inbox.spool.finish().map_err(|error| no_room(&error))
}

/// A form's bytes, one piece at a time: what reads the form would keep in memory all that is there. It ends with an error where
/// too many come before `aside`, their number, is set to 0.
fn metered(
    mut parts: BodyDataStream,
    aside: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, axum::Error>> + Send {
    let (mut has_given, mut last) = (false, 0);
    stream::poll_fn(move |context| {
        if std::mem::take(&mut has_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        // The last piece may go on with what is in the archive.
        if aside.load(Ordering::Relaxed).saturating_sub(last) > MOST_ASIDE {
            let why = format!("more than {} KiB of it are no archive", MOST_ASIDE >> 10);
            return Poll::Ready(Some(Err(axum::Error::new(why))));
        }
        let part = ready!(parts.poll_next_unpin(context));
        if let Some(Ok(bytes)) = &part {
            aside.fetch_add(bytes.len(), Ordering::Relaxed);
            (has_given, last) = (true, bytes.len());
        }
        Poll::Ready(part)
    })
}

struct Inbox {
    spool: Spool,
    received: u64,
    most: u64,
}

impl Inbox {
    fn add(&mut self, part: &[u8], clock: &mut Clock) -> Result<(), Problem> {
        self.received += part.len() as u64;
        if self.received > self.most {
            return Err(self.too_large());
        }
        clock.arrived(part.len());
        tokio::task::block_in_place(|| self.spool.add(part)).map_err(|error| no_room(&error))
    }

    fn too_large(&self) -> Problem {
        let most = self.most;
        let why = format!("the archive has more than {most} bytes (max-job of the settings); hand in several jobs");
        Kind::TooLarge.with(why).on_field("archive")
    }
}

fn malformed(error: multer::Error) -> Problem {
    Kind::Malformed.with(format!("the form cannot be read: {error}"))
}

fn broke_off() -> Problem {
    Kind::Malformed.with("the request broke off")
}

fn no_room(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "an archive cannot be received on the disk");
    Kind::Unavailable.with("there is no room to receive the archive; the log of the service says more")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[tokio::test]
    async fn of_a_form_little_is_kept_that_is_no_archive() {
        let given = Arc::new(AtomicUsize::new(0));
        let counted = given.clone();
        let piece = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from(vec![b'-'; 16 << 10]))
        };
        let parts = Body::from_stream(stream::repeat_with(piece).take(1000)).into_data_stream();
        let mut form = multer::Multipart::new(metered(parts, Arc::default()), "boundary");
        assert!(form.next_field().await.is_err());
        assert!(given.load(Ordering::Relaxed) < 10, "{given:?}");
    }
}
