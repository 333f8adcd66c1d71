//! How to go on after an error, in commands and options: libraries name what is wrong and know nothing of these.

use inkproof_service::Error as ServiceError;
use inkproof_store::StoreError;

/// What a user can do about an error, where there is something better than the error's own words.
pub fn of(error: &anyhow::Error) -> Option<&'static str> {
    error.chain().find_map(|cause| {
        let of_service = cause.downcast_ref().and_then(of_service_error);
        of_service.or_else(|| cause.downcast_ref().and_then(of_store_error))
    })
}

fn of_service_error(error: &ServiceError) -> Option<&'static str> {
    match error {
        ServiceError::Store(error) => of_store_error(error),
        ServiceError::NoApprovedReference(_) => {
            Some("add one with `inkproof enroll`, or approve one that waits with `inkproof writers approve`")
        }
        ServiceError::OtherPreprocessing { .. } | ServiceError::OtherModel { .. } => {
            Some("run `inkproof store reembed` first")
        }
        ServiceError::Objections(_) => Some("give other images, or --anyway"),
        ServiceError::Contended(_) => Some("try again"),
        _ => None,
    }
}

fn of_store_error(error: &StoreError) -> Option<&'static str> {
    match error {
        StoreError::Missing(_) => Some("enroll a writer first, or give another place with --store"),
        StoreError::NoStore(_) => Some("give another place with --store"),
        StoreError::Older { .. } => Some("run `inkproof store upgrade`, which makes a backup before"),
        StoreError::NoWriter(_) => Some("`inkproof writers list` shows who is enrolled"),
        StoreError::NoToken(_) => Some("`inkproof token list` shows them"),
        StoreError::StillInLog => Some("`inkproof store check` clears it"),
        _ => None,
    }
}
