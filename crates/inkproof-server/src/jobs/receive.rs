//! The archive of a job on its way to the disk: in pieces, sealed (`Spool`), never whole in memory.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header;
use futures_util::StreamExt;
use inkproof_store::{Spool, SpoolReader};

use crate::Shared;
use crate::bodies::Clock;
use crate::problem::{Kind, Problem};

/// So long an archive may take to arrive and to be unpacked.
pub const SECONDS: u64 = 600;
/// More parts than this no form has that hands in one archive.
const MOST_PARTS: usize = 10;

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
            let mut form = multer::Multipart::new(parts, boundary);
            let mut has_archive = false;
            for _ in 0..MOST_PARTS {
                let Some(mut field) = clock.wait(form.next_field()).await?.map_err(malformed)? else { break };
                if field.name() != Some("archive") || has_archive {
                    let name: String = field.name().unwrap_or_default().chars().take(40).collect();
                    return Err(Kind::Malformed.with("give one zip archive, as the field archive").on_field(name));
                }
                has_archive = true;
                while let Some(part) = clock.wait(field.chunk()).await?.map_err(malformed)? {
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
