//! The body of a request that brings images: a form (`multipart/form-data`), JSON with base64, or where one image is wanted
//! that image itself, read to the same thing.
//!
//! Nothing is decoded here: this says which images there are. All of a request is in memory and below the limits already, so
//! nothing is waited for; but it may be megabytes, so it is a worker's work.

use std::fmt;
use std::time::Instant;

use axum::body::Bytes;
use futures_util::FutureExt;
use inkproof::Threshold;
use inkproof::decode::from_base64;
use inkproof_service::Amount;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::problem::{Kind, Problem};

/// More parts than this are no form of ours, however many images are allowed.
const MOST_PARTS: usize = 1000;
/// Bytes of a part that is no image.
const MOST_TEXT: usize = 4096;
/// Of what is wrong with a document, which may quote it, so much is told.
const MOST_TOLD: usize = 300;

/// What a request brings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upload {
    /// Signatures known to be the writer's.
    #[serde(deserialize_with = "few")]
    pub references: Vec<Image>,
    /// The signature to be judged.
    pub questioned: Option<Image>,
    /// The score to accept from, as sent; None for the model's own threshold.
    pub threshold: Option<f64>,
    /// Whether pictures of the inks and of where they agree are wanted.
    pub explain: bool,
    /// Whether references are enrolled although something speaks against them.
    pub force: bool,
    /// The id of a writer who is new.
    pub id: Option<String>,
    /// When the references were signed.
    pub written: Option<String>,
    /// How many writers are wanted.
    pub top: Option<usize>,
    /// Which page of the questioned signature's file is meant; of all references' where there is no such signature.
    pub page: Option<u32>,
    /// Parts of a page that have to be signed, as text.
    pub fields: Vec<String>,
    /// What an account's signers sign for.
    pub amount: Option<Amount>,
    /// An image that is all of the body: the questioned signature, or the only reference.
    #[serde(skip)]
    pub only: Option<Image>,
    /// The moment at which work on its images is given up; no client says it.
    #[serde(skip)]
    pub deadline: Option<Instant>,
}

/// An image that was sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// What the sender calls it.
    #[serde(default)]
    pub name: String,
    /// The image file; in JSON it comes as base64.
    #[serde(rename = "image", deserialize_with = "of_base64")]
    pub bytes: Bytes,
    /// Which of its pages is meant.
    #[serde(default)]
    pub page: Option<u32>,
}

/// A form that brings images. A field that stands for several may be there several times.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: the OpenAPI document describes the form by it")]
pub struct Form {
    /// A signature known to be the writer's; once for each.
    #[schema(content_media_type = "application/octet-stream")]
    reference: Vec<String>,
    /// The signature to be judged.
    #[schema(content_media_type = "application/octet-stream")]
    questioned: Option<String>,
    /// Accept from this score on and reject below it, instead of from the model's own threshold.
    threshold: Option<f64>,
    /// Add pictures of the inks and of where they agree.
    explain: Option<bool>,
    /// Enrol references that do not agree with the others or are nearly the same image.
    force: Option<bool>,
    /// Which page of the questioned signature's file is meant, or of all references' where there is no such signature.
    page: Option<u32>,
    /// A part of a page that has to be signed, as `customer=10%,80%,35%,8%` or `customer=20mm,240mm,70mm,20mm`; once for each.
    field: Vec<String>,
    /// What an account's signers sign for, as `250.50`.
    amount: Option<String>,
}

/// The same as JSON.
#[derive(ToSchema)]
#[allow(dead_code, reason = "only its schema is used: the OpenAPI document describes the JSON by it")]
pub struct Json {
    references: Vec<JsonImage>,
    questioned: Option<JsonImage>,
    threshold: Option<f64>,
    explain: Option<bool>,
    force: Option<bool>,
    fields: Option<Vec<String>>,
    amount: Option<String>,
}

/// An image in a JSON document.
#[derive(ToSchema)]
#[allow(dead_code, reason = "see Json")]
pub struct JsonImage {
    name: Option<String>,
    /// The image file in base64: as a data URI, in lines, with padding or without, in either alphabet.
    #[schema(content_encoding = "base64")]
    image: String,
    /// Which page of the file is meant; without it the only one that has something on it.
    page: Option<u32>,
}

/// Reads a body by its media type.
///
/// # Errors
/// 415 for a media type that is not read, 400 where it is not what it says, 413 for more than `most_images`; each names
/// the field where it can.
pub fn read(media_type: Option<&str>, body: Bytes, most_images: usize) -> Result<Upload, Problem> {
    let media_type = media_type.unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let upload = match essence.as_str() {
        "application/json" => of_json(&body)?,
        "multipart/form-data" => {
            let form = of_form(media_type, body, most_images).now_or_never();
            form.unwrap_or_else(|| Err(Kind::Malformed.with("the form does not end")))?
        }
        image if image.starts_with("image/") || image == "application/pdf" => {
            Upload { only: Some(Image { name: String::new(), bytes: body, page: None }), ..Upload::default() }
        }
        _ => {
            let why =
                "give the images as multipart/form-data, as application/json in base64, or one as it is, as image/png";
            return Err(Kind::MediaType.with(why).on_field("Content-Type"));
        }
    };
    let images = upload.references.len() + usize::from(upload.questioned.is_some());
    if images > most_images {
        return Err(too_many_images(most_images));
    }
    Ok(upload)
}

fn too_many_images(most: usize) -> Problem {
    Kind::TooLarge.with(format!("the request has more than {most} images; send fewer")).on_field("references")
}

fn of_json(body: &[u8]) -> Result<Upload, Problem> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Kind::Malformed.with("the JSON document is not an object; give {\"questioned\": ...}"));
    }
    let reader = &mut serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        let inner: String = error.inner().to_string().chars().take(MOST_TOLD).collect();
        let problem = Kind::Malformed.with(format!("the JSON document cannot be read: {inner}"));
        let is_told = path != "." && !path.contains('?') && path.len() <= MOST_TOLD;
        if is_told { problem.on_field(path) } else { problem }
    })
}

/// Images, no more than a form has parts: a document of nothing but empty ones would take many times its own memory.
fn few<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Image>, D::Error> {
    struct Few;
    impl<'de> Visitor<'de> for Few {
        type Value = Vec<Image>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of images")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Vec<Image>, A::Error> {
            let mut images = Vec::new();
            while let Some(image) = all.next_element()? {
                if images.len() == MOST_PARTS {
                    return Err(A::Error::custom(format_args!("there are more than {MOST_PARTS} images")));
                }
                images.push(image);
            }
            Ok(images)
        }
    }
    deserializer.deserialize_seq(Few)
}

fn of_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    from_base64(&text).map(Bytes::from).map_err(|error| D::Error::custom(format!("it is not base64 ({error})")))
}

async fn of_form(media_type: &str, body: Bytes, most_images: usize) -> Result<Upload, Problem> {
    let malformed = |error: multer::Error| Kind::Malformed.with(format!("the form cannot be read: {error}"));
    let boundary = multer::parse_boundary(media_type).map_err(malformed)?;
    let once = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(body) });
    let mut form = multer::Multipart::new(once, boundary);
    let mut upload = Upload::default();
    for _ in 0..MOST_PARTS {
        let Some(part) = form.next_field().await.map_err(malformed)? else { return Ok(upload) };
        let field = part.name().unwrap_or_default().to_owned();
        let name = part.file_name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(malformed)?;
        upload.add(&field, name, bytes)?;
        if upload.references.len() > most_images {
            return Err(too_many_images(most_images));
        }
    }
    Err(Kind::TooLarge.with(format!("the form has more than {MOST_PARTS} parts")))
}

impl Upload {
    /// Adds a part of a form.
    fn add(&mut self, field: &str, name: String, bytes: Bytes) -> Result<(), Problem> {
        match field {
            "reference" => self.references.push(Image { name, bytes, page: None }),
            "questioned" if self.questioned.is_some() => {
                return Err(Kind::Malformed.with("there is more than one questioned signature").on_field(field));
            }
            "questioned" => self.questioned = Some(Image { name, bytes, page: None }),
            "threshold" => self.threshold = value(field, &bytes)?,
            "explain" => self.explain = value(field, &bytes)?.unwrap_or(false),
            "force" => self.force = value(field, &bytes)?.unwrap_or(false),
            "id" => self.id = value(field, &bytes)?,
            "written" => self.written = value(field, &bytes)?,
            "top" => self.top = value(field, &bytes)?,
            "page" => self.page = value(field, &bytes)?,
            "amount" => self.amount = value(field, &bytes)?,
            "field" => self.fields.extend(value::<String>(field, &bytes)?),
            _ => {
                let why = "there is no such field; reference, questioned, threshold, explain, force, id, written, top, page, \
                     field and amount are";
                return Err(Kind::Malformed.with(why).on_field(field.chars().take(40).collect::<String>()));
            }
        }
        Ok(())
    }

    /// The threshold that was asked for.
    ///
    /// # Errors
    /// Where it is no finite number.
    pub fn threshold(&self) -> Result<Option<Threshold>, Problem> {
        let checked = self.threshold.map(Threshold::new).transpose();
        checked.map_err(|error| Kind::Malformed.with(error).on_field("threshold"))
    }

    /// The signature to be judged.
    ///
    /// # Errors
    /// Where there is none.
    pub fn take_questioned(&mut self) -> Result<Image, Problem> {
        let none = || Kind::Malformed.with("there is no questioned signature; give one image").on_field("questioned");
        let questioned = self.questioned.take().or(self.only.take()).ok_or_else(none)?;
        Ok(Image { page: questioned.page.or(self.page), ..questioned })
    }

    /// Signatures known to be the writer's.
    ///
    /// # Errors
    /// Where there is none.
    pub fn take_references(&mut self) -> Result<Vec<Image>, Problem> {
        let mut references = std::mem::take(&mut self.references);
        references.extend(self.only.take());
        if references.is_empty() {
            return Err(Kind::Malformed.with("there is no reference; give at least one image").on_field("references"));
        }
        let of_all = if self.questioned.is_none() { self.page } else { None };
        Ok(references.into_iter().map(|image| Image { page: image.page.or(of_all), ..image }).collect())
    }

    /// Refuses what the route has no use for.
    ///
    /// # Errors
    /// Names the field.
    pub fn require_no_references(&self) -> Result<(), Problem> {
        if self.references.is_empty() {
            return Ok(());
        }
        Err(Kind::Malformed.with("references are those of the store here; leave them out").on_field("references"))
    }
}

/// A number or a truth value of a form; None where it is left blank.
fn value<T: std::str::FromStr>(field: &str, bytes: &[u8]) -> Result<Option<T>, Problem> {
    let wrong = || Kind::Malformed.with("the value cannot be read; give a number, or true or false").on_field(field);
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MOST_TEXT).ok_or_else(wrong)?.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    const FORM: &str = "multipart/form-data; boundary=cut";

    fn form(parts: &[(&str, &str)]) -> Bytes {
        let part = |(field, content): &(&str, &str)| {
            format!(
                "--cut\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"a.png\"\r\n\r\n{content}\r\n"
            )
        };
        Bytes::from(parts.iter().map(part).collect::<String>() + "--cut--\r\n")
    }

    #[test]
    fn a_form_and_json_bring_the_same() {
        let sent = form(&[("reference", "one"), ("reference", "two"), ("questioned", "three"), ("threshold", "0.5")]);
        let of_form = read(Some(FORM), sent, 3).unwrap();
        let image = |text: &str| format!(r#"{{"name": "a.png", "image": "{}"}}"#, STANDARD.encode(text));
        let [one, two, three] = ["one", "two", "three"].map(image);
        let json = format!(r#"{{"references": [{one}, {two}], "questioned": {three}, "threshold": 0.5}}"#);
        let of_json = read(Some("application/json; charset=utf-8"), json.into(), 3).unwrap();
        let told = |upload: &Upload| format!("{upload:?}");
        assert_eq!(told(&of_form), told(&of_json));
        assert_eq!(of_form.references[1].bytes, "two");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases: [(&str, Bytes, u16, Option<&str>); 9] = [
            ("text/plain", Bytes::new(), 415, Some("Content-Type")),
            ("multipart/form-data", Bytes::new(), 400, None),
            (FORM, form(&[("reference", "1"); 4]), 413, Some("references")),
            (FORM, form(&[("questioned", "1"); 2]), 400, Some("questioned")),
            (FORM, form(&[("threshold", "high")]), 400, Some("threshold")),
            (FORM, form(&[("signature", "1")]), 400, Some("signature")),
            ("application/json", r#"{"references": [{"image": "!"}]}"#.into(), 400, Some("references[0].image")),
            ("application/json", "{".into(), 400, None),
            ("application/json", "[[[]]]".into(), 400, None),
        ];
        for (media_type, body, status, field) in cases {
            let problem = read(Some(media_type), body, 3).unwrap_err();
            assert_eq!((problem.status, problem.field.as_deref()), (status, field), "{problem:?}");
        }
    }

    #[test]
    fn an_image_that_is_all_of_a_body_is_what_the_route_wants() {
        for media_type in ["image/png", "application/pdf"] {
            let only = || read(Some(media_type), "one".into(), 3).unwrap();
            assert_eq!(only().take_questioned().unwrap().bytes, "one");
            assert_eq!(only().take_references().unwrap().len(), 1);
        }
    }

    #[test]
    fn a_page_is_one_image_s_or_that_of_what_is_asked() {
        let mut upload = read(Some(FORM), form(&[("reference", "1"), ("questioned", "2"), ("page", "3")]), 3).unwrap();
        let pages = |images: Vec<Image>| images.iter().map(|image| image.page).collect::<Vec<_>>();
        assert_eq!(pages(upload.take_references().unwrap()), [None]);
        assert_eq!(upload.take_questioned().unwrap().page, Some(3));
        let json = r#"{"references": [{"image": "MQ", "page": 2}, {"image": "MQ=="}], "page": 4}"#;
        let mut upload = read(Some("application/json"), json.into(), 3).unwrap();
        assert_eq!(pages(upload.take_references().unwrap()), [Some(2), Some(4)]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(json: bool, place in 0..400_usize, to: u8, cut in 0..600_usize, noise: Vec<u8>) {
            let text = br#"{"references": [{"name": "a", "image": "aGVsbG8="}], "threshold": 0.5, "explain": true}"#;
            let whole = if json { Bytes::from_static(text) } else { form(&[("reference", "one"), ("threshold", "1")]) };
            let mut bytes = whole.to_vec();
            let place = place % bytes.len();
            bytes[place] = to;
            bytes.truncate(cut);
            bytes.extend(noise);
            let media_type = if json { "application/json" } else { FORM };
            let read = read(Some(media_type), bytes.into(), 3);
            let unended = |problem: &Problem| problem.detail == "the form does not end";
            assert!(!read.is_err_and(|problem| unended(&problem)), "all of it is there, so nothing is waited for");
        }
    }
}
