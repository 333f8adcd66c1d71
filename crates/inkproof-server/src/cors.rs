//! Other sites whose pages may call the service.

use anyhow::{Result, ensure};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::CorsLayer;

/// Reads the setting: origins separated by commas.
///
/// # Errors
/// Names the first that a browser would never send, and says the form.
pub fn origins(setting: &str) -> Result<Vec<HeaderValue>> {
    let mut found = Vec::new();
    for origin in setting.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
        ensure!(
            is_origin(origin),
            "cors-origins: '{origin}' is not an origin as a browser sends it; give scheme and host in small letters, and the \
             port where it is not the scheme's own, without anything after it: https://office.example"
        );
        found.push(HeaderValue::from_str(origin)?);
    }
    Ok(found)
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    // With nobody's name, no path, no large letter, and not the port that goes without saying.
    let plain = format!("{scheme}://{authority}");
    let has_host =
        !authority.host().is_empty() && !authority.host().contains('*') && !authority.as_str().ends_with(':');
    text == plain.to_ascii_lowercase() && has_host && !text.contains('@') && authority.port_u16() != Some(port)
}

/// What lets them in; None where there are none.
pub fn layer(origins: Vec<HeaderValue>) -> Option<CorsLayer> {
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("idempotency-key")];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let allow = || CorsLayer::new().allow_origin(origins.clone()).allow_methods(methods).allow_headers(headers);
    (!origins.is_empty()).then(allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_browser_sends_is_refused_by_name() {
        let good = "https://office.example, http://localhost:3000,,https://[2001:db8::1]:8443,";
        assert_eq!(origins(good).unwrap().len(), 3);
        assert!(origins("").unwrap().is_empty());
        for bad in [
            "*",
            "null",
            "office.example",
            "https://office.example/",
            "https://office.example/page",
            "https://Office.example",
            "https://office.example:443",
            "http://office.example:80",
            "https://office.example:",
            "https://me@office.example",
            "https://*.example",
            "ftp://office.example",
            "https://",
            "https://büro.example",
            "https://a.example https://b.example",
        ] {
            let why = origins(&format!("https://good.example,{bad}")).unwrap_err().to_string();
            assert!(why.contains(&format!("'{bad}'")) && why.contains("https://office.example"), "{bad}: {why}");
        }
    }
}
