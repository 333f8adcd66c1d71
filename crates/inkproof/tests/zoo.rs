//! What an image may cost: shapes that no pen draws, in every aspect, from bytes to a picture of the explanation.
//!
//! Time is that of the processor, of all threads; memory is what the allocator handed out at the worst moment.

mod counting;

use std::io::Cursor;
use std::sync::atomic::Ordering;
use std::time::Duration;

use counting::{HELD, PEAK};
use image::{ExtendedColorType, ImageEncoder, codecs::png};
use inkproof::decode::decode_picture;
use inkproof::find::Finder;
use inkproof::{Error, Limits, Verifier};

const MEGAPIXEL: usize = 1 << 20;
/// Processor time for 8 megapixels, from bytes to the picture; on a slower or busier machine this many times what ordinary
/// strokes take there.
const MOST_TIME: Duration = Duration::from_millis(500);
const MOST_TIMES_ORDINARY: u32 = 4;
/// What [`Limits::memory`] reckons with.
const MOST_BYTES: f64 = 12.0;
/// A4 at 300 dots an inch, and what it may cost to look for signatures on it, with its decoding.
const PAGE: (usize, usize) = (2480, 3508);
const MOST_PAGE_TIME: Duration = Duration::from_millis(800);
const MOST_PAGE_BYTES: usize = 300 * MEGAPIXEL;
/// Four times the pixels may take so many times as long.
const MOST_GROWTH: f64 = 5.0;
/// Times below this say more about the machine than about growth.
const CLEAR: Duration = Duration::from_millis(40);

type Shape = fn(usize, usize) -> Vec<u8>;

const SHAPES: [(&str, Shape); 14] = [
    ("checkerboard of 1", |w, h| drawn(w, h, |x, y| (x + y) % 2 == 0)),
    ("checkerboard of 2", |w, h| drawn(w, h, |x, y| (x / 2 + y / 2) % 2 == 0)),
    ("checkerboard of 3", |w, h| drawn(w, h, |x, y| (x / 3 + y / 3) % 2 == 0)),
    ("dots", |w, h| drawn(w, h, |x, y| x % 2 == 0 && y % 2 == 0)),
    ("level comb", |w, h| drawn(w, h, |_, y| y % 2 == 0)),
    ("plumb comb", |w, h| drawn(w, h, |x, _| x % 2 == 0)),
    ("squared paper", |w, h| drawn(w, h, |x, y| x % 4 == 0 || y % 4 == 0)),
    ("slanted comb", |w, h| drawn(w, h, |x, y| (y + x / 40) % 6 < 2)),
    ("nested boxes", |w, h| drawn(w, h, |x, y| x.min(y).min(w - 1 - x).min(h - 1 - y) % 4 < 2)),
    ("serpentine", |w, h| {
        drawn(w, h, |x, y| match y % 16 {
            0..2 => true,
            2..8 => x + 2 >= w,
            8..10 => true,
            _ => x < 2,
        })
    }),
    ("noise", |w, h| drawn(w, h, |x, y| random(x, y) & 1 == 0)),
    ("sparse noise", |w, h| drawn(w, h, |x, y| random(x, y).is_multiple_of(16))),
    ("gray noise", |w, h| (0..w * h).map(|i| random(i % w, i / w) as u8).collect()),
    ("one line", |w, h| drawn(w, h, |x, y| y == h / 2 || x == 0 && w == 1)),
];

/// What a pen might draw.
fn strokes(width: usize, height: usize) -> Vec<u8> {
    drawn(width, height, |x, y| {
        let (x, y) = (x as f32, y as f32 - height as f32 / 2.0);
        let wave = |turns: f32| (x / width as f32 * turns).sin() * height as f32 / 3.0;
        (y - wave(60.0)).abs() < 4.0 || (y - wave(97.0)).abs() < 4.0
    })
}

/// A page full of what may be signatures each, higher than any print.
fn scribbles(width: usize, height: usize) -> Vec<u8> {
    const CELL: [usize; 2] = [330, 170];
    drawn(width, height, |x, y| {
        let (number, x, y) = (random(x / CELL[0], y / CELL[1]), x % CELL[0], y % CELL[1]);
        let turns = 2.0 + (number % 7) as f32;
        let wave = |phase: f32| (x as f32 / 250.0 * turns * 2.0 + phase).sin() * (70.0 - x as f32 / 8.0) + 80.0;
        let is_near = |phase: f32| (y as f32 - wave(phase)).abs() < 6.0;
        x < 250 && (is_near((number % 11) as f32) || is_near((number % 5) as f32 / 2.0))
    })
}

/// 20 black, 230 white.
fn drawn(width: usize, height: usize, ink: impl Fn(usize, usize) -> bool) -> Vec<u8> {
    (0..width * height).map(|i| if ink(i % width, i / width) { 20 } else { 230 }).collect()
}

fn random(x: usize, y: usize) -> u32 {
    let mixed = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    (mixed ^ mixed >> 15).wrapping_mul(0xc2b2_ae3d) >> 7
}

/// Images of so many pixels: about square, long, as long as can be, each lying and standing.
fn aspects(pixels: usize) -> Vec<(usize, usize)> {
    let longest = Limits::LONGEST_SIDE as usize;
    let by_aspect = |aspect: usize| (aspect * (pixels / aspect).isqrt(), (pixels / aspect).isqrt());
    let lying = [by_aspect(2), by_aspect(50), (longest, pixels / longest)];
    lying.into_iter().flat_map(|(long, short)| [(long, short), (short, long)]).skip(1).collect()
}

fn png(width: usize, height: usize, gray: &[u8]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = png::PngEncoder::new_with_quality(&mut bytes, png::CompressionType::Fast, png::FilterType::NoFilter);
    encoder.write_image(gray, width as u32, height as u32, ExtendedColorType::L8).unwrap();
    bytes.into_inner()
}

fn png_of(shape: Shape, (width, height): (usize, usize)) -> Vec<u8> {
    png(width, height, &shape(width, height))
}

/// Processor time of the whole program so far.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Unix, and `time` is there to be written.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What it costs to embed an image and to explain how it compares with itself: processor time, and bytes at the peak; and
/// whether ink was found in it.
fn cost(verifier: &Verifier, image: &[u8]) -> (Duration, usize, bool) {
    let held = HELD.load(Ordering::Relaxed);
    PEAK.store(held, Ordering::Relaxed);
    let begun = processor_time();
    let found = verifier.embed_bytes(image);
    let is_read = found.is_ok();
    match found {
        Ok(signature) => {
            verifier.verify(&[&signature], &signature).unwrap();
            let picture =
                verifier.explain(&[&signature], &signature).unwrap().picture(&[&signature.ink], &signature.ink);
            assert!(!picture.to_png().is_empty());
        }
        Err(error) => assert!(matches!(error, Error::NoInk | Error::NoEmbedding), "{error}"),
    }
    (processor_time() - begun, PEAK.load(Ordering::Relaxed) - held, is_read)
}

/// One image in the formats and depths that take the most memory.
fn in_formats(width: usize, height: usize, gray: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let (w, h) = (width as u32, height as u32);
    // Ink is blue, so that colours are kept.
    let channels = |count: usize| {
        let color = |&v: &u8| [v, v, v.saturating_add(100), 255].into_iter().take(count);
        gray.iter().flat_map(color).collect::<Vec<u8>>()
    };
    let wide: Vec<u16> =
        gray.iter().flat_map(|&v| [v, v, v.saturating_add(100), 255].map(|v| u16::from(v) * 257)).collect();
    let by_image = |format, color, samples: &[u8]| {
        let mut bytes = Cursor::new(Vec::new());
        image::write_buffer_with_format(&mut bytes, samples, w, h, color, format).unwrap();
        bytes.into_inner()
    };
    let jpeg = |color, count, is_progressive| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        encoder.set_progressive(is_progressive);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_1_1);
        encoder.encode(&channels(count), w as u16, h as u16, color).unwrap();
        bytes
    };
    let tiff = || {
        let mut bytes = Cursor::new(Vec::new());
        let compression = tiff::encoder::Compression::Deflate(tiff::encoder::DeflateLevel::Fast);
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
        encoder.write_image::<tiff::encoder::colortype::RGBA16>(w, h, &wide).unwrap();
        bytes.into_inner()
    };
    use image::ImageFormat::{Bmp, Gif, Png, WebP};
    use jpeg_encoder::ColorType::{Cmyk, Luma, Rgb};
    vec![
        ("PNG, 16-bit RGBA", by_image(Png, ExtendedColorType::Rgba16, bytemuck::cast_slice(&wide))),
        ("PNG, RGBA", by_image(Png, ExtendedColorType::Rgba8, &channels(4))),
        ("TIFF, 16-bit RGBA", tiff()),
        ("JPEG", jpeg(Rgb, 3, false)),
        ("progressive JPEG", jpeg(Rgb, 3, true)),
        ("progressive JPEG, gray", jpeg(Luma, 1, true)),
        ("progressive JPEG, CMYK", jpeg(Cmyk, 4, true)),
        ("WebP, RGBA", by_image(WebP, ExtendedColorType::Rgba8, &channels(4))),
        ("GIF", by_image(Gif, ExtendedColorType::Rgba8, &channels(4))),
        ("BMP, RGBA", by_image(Bmp, ExtendedColorType::Rgba8, &channels(4))),
    ]
}

/// Bytes at the peak of decoding alone, with the colours.
fn decoding(image: &[u8]) -> usize {
    let held = HELD.load(Ordering::Relaxed);
    PEAK.store(held, Ordering::Relaxed);
    decode_picture(image, &Limits::default()).unwrap();
    PEAK.load(Ordering::Relaxed) - held
}

/// The formats that take more than [`MOST_BYTES`] for each pixel, without the file's own bytes.
fn formats_that_take_too_much(verifier: &Verifier) -> Vec<String> {
    let (width, height) = (2048, 1024);
    let gray = drawn(width, height, |x, y| (x / 2 + y / 2) % 2 == 0);
    let mut too_much = Vec::new();
    for (name, image) in in_formats(width, height, &gray) {
        let (time, bytes, _) = cost(verifier, &image);
        let a_pixel = bytes.max(decoding(&image)) as f64 / (width * height) as f64;
        let line = format!("{name}: {time:.0?}, {a_pixel:.1} bytes a pixel, {} bytes of file", image.len());
        println!("{line}");
        if a_pixel > MOST_BYTES {
            too_much.push(line);
        }
    }
    too_much
}

/// Shapes on a page that cost too much to look for signatures in.
fn pages_that_cost_too_much() -> Vec<String> {
    let finder = Finder::bundled();
    let look = |shape: Shape| {
        let image = png_of(shape, PAGE);
        let held = HELD.load(Ordering::Relaxed);
        PEAK.store(held, Ordering::Relaxed);
        let begun = processor_time();
        let found = finder.pages(&image, &Limits::default()).collect::<inkproof::Result<Vec<_>>>().unwrap();
        assert_eq!(found.len(), 1);
        (processor_time() - begun, PEAK.load(Ordering::Relaxed) - held, found[0].findings.candidates.len())
    };
    let (ordinary, ..) = look(strokes);
    let most_time = MOST_PAGE_TIME.max(MOST_TIMES_ORDINARY * ordinary);
    let mut too_much = Vec::new();
    for (name, shape) in SHAPES.into_iter().chain([("scribbles", scribbles as Shape)]) {
        let (mut time, bytes, candidates) = look(shape);
        if name == "scribbles" {
            assert!(candidates >= 100, "{candidates} of the scribbles may be signatures");
        }
        // A neighbour on the machine costs time and never saves any.
        for _ in 1..Cost::READINGS {
            if time <= most_time {
                break;
            }
            time = time.min(look(shape).0);
        }
        let line = format!(
            "{name} as a page: {time:.0?} (ordinary strokes {ordinary:.0?}), {} MiB, {candidates} candidates",
            bytes / MEGAPIXEL
        );
        println!("{line}");
        if time > most_time || bytes > MOST_PAGE_BYTES {
            too_much.push(line);
        }
    }
    too_much
}

/// What a shape cost at 8 megapixels, and a quarter of that in the same proportions: the least of several readings, since a
/// neighbour on the machine costs time and never saves any.
struct Cost {
    small: Duration,
    large: Duration,
    /// A refusal takes little, and says nothing of what reading takes.
    both_read: bool,
    bytes_a_pixel: f64,
}

impl Cost {
    /// Reads again, up to this many times, as long as it seems too much.
    const READINGS: usize = 6;

    fn measured(verifier: &Verifier, shape: Shape, sides: [(usize, usize); 2], most_time: Duration) -> Self {
        let images = sides.map(|sides| png_of(shape, sides));
        let mut least = Self::once(verifier, &images, sides[1]);
        for _ in 1..Self::READINGS {
            if !least.is_too_much(most_time) {
                break;
            }
            let again = Self::once(verifier, &images, sides[1]);
            least.small = least.small.min(again.small);
            least.large = least.large.min(again.large);
            least.bytes_a_pixel = least.bytes_a_pixel.min(again.bytes_a_pixel);
        }
        least
    }

    fn once(verifier: &Verifier, [small, large]: &[Vec<u8>; 2], (width, height): (usize, usize)) -> Self {
        let (small, _, was_read) = cost(verifier, small);
        let (large, bytes, is_read) = cost(verifier, large);
        let bytes_a_pixel = bytes as f64 / (width * height) as f64;
        Self { small, large, both_read: was_read == is_read, bytes_a_pixel }
    }

    /// How many times as long four times the pixels take.
    fn growth(&self) -> f64 {
        if self.both_read { self.large.as_secs_f64() / self.small.as_secs_f64() } else { 0.0 }
    }

    fn is_too_much(&self, most_time: Duration) -> bool {
        let grows = self.large > CLEAR && self.growth() > MOST_GROWTH;
        self.large > most_time || grows || self.bytes_a_pixel > MOST_BYTES
    }
}

/// Makes C's library keep memory that was freed, whatever its size. Otherwise large blocks go back to the system and cost page
/// faults when they are taken again: 8 megapixels pay for that and 2 do not, which says nothing of our code.
fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (option, value) in [(libc::M_ARENA_MAX, 1), (libc::M_MMAP_MAX, 0), (libc::M_TRIM_THRESHOLD, libc::c_int::MAX)] {
        // SAFETY: sets a number of the allocator; the only other thread, the test harness's, waits for this one.
        assert_eq!(unsafe { libc::mallopt(option, value) }, 1);
    }
}

/// One test, so that nothing else runs in this program while it is measured; on a thread of its own, which takes its memory from
/// where [`keep_memory`] keeps it, as one that has begun before does not.
#[test]
fn no_shape_costs_more_than_its_pixels() {
    keep_memory();
    let too_much = std::thread::spawn(what_costs_too_much).join().unwrap();
    assert!(too_much.is_empty(), "{too_much:#?}");
}

fn what_costs_too_much() -> Vec<String> {
    let verifier = Verifier::bundled();
    let mut too_much = formats_that_take_too_much(&verifier);
    too_much.extend(pages_that_cost_too_much());
    for large in aspects(8 * MEGAPIXEL) {
        // A quarter of the pixels, in the same proportions: a strip of fewer rows has less that is inside.
        let small = (large.0 / 2, large.1 / 2);
        let (ordinary, ..) = cost(&verifier, &png_of(strokes, large));
        let most_time = MOST_TIME.max(MOST_TIMES_ORDINARY * ordinary);
        for (name, shape) in SHAPES {
            let cost = Cost::measured(&verifier, shape, [small, large], most_time);
            let line = format!(
                "{name}, {} x {}: {:.0?} (ordinary strokes {ordinary:.0?}), {:.1} times a quarter's, {:.1} bytes a pixel",
                large.0,
                large.1,
                cost.large,
                cost.growth(),
                cost.bytes_a_pixel
            );
            println!("{line}");
            if cost.is_too_much(most_time) {
                too_much.push(line);
            }
        }
    }
    too_much
}
