//! Story: the service starts with what it was told or says what is wrong with it, and a crash or a full disk is seen.

use std::fs;

use super::program::Desk;
use super::running::Server;

#[test]
fn an_origin_that_no_browser_sends_is_named_at_the_start() {
    let desk = Desk::new();
    for origin in ["*", "office.example", "https://office.example/"] {
        let line = format!("serve --listen 127.0.0.1:0 --store office.db --cors-origins https://a.example,{origin}");
        desk.run(&line).fails_with(&["cors-origins", &format!("'{origin}'"), "https://office.example"]);
    }
    let server = Server::start(&desk, "--require-tokens --cors-origins https://office.example,http://localhost:3000");
    let allowed = |origin: &str| {
        let reply = server.ask("GET", "/healthz", &[("Origin", origin)], b"").is(200);
        reply.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(allowed("http://localhost:3000").as_deref(), Some("http://localhost:3000"));
    assert_eq!(allowed("https://elsewhere.example"), None);
}

/// Other systems have one loopback address alone.
#[cfg(target_os = "linux")]
#[test]
fn it_serves_on_any_address_of_this_machine_alone() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--listen 127.0.0.2:0");
    assert!(server.address.starts_with("127.0.0.2:"), "{}", server.address);
    server.get("/v1/writers").is(200);
    server.ask("GET", "/v1/writers", &[("Host", "elsewhere.example")], b"").is_problem(403, Some("Host"));
}

#[test]
fn a_full_disk_is_told_before_nothing_can_be_written() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--min-free 9000000000000000000");
    let ready = server.get("/readyz");
    ready.is_problem(503, None);
    assert!(ready.text().contains("min-free"), "{}", ready.text());
    server.get("/healthz").is(200);
    Server::start(&desk, "--store other.db --min-free 1").get("/readyz").is(200);
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_core_file() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    let desk = Desk::new();
    let program = env!("CARGO_BIN_EXE_inkproof");
    let line = format!("ulimit -c unlimited; exec {program} serve --listen 127.0.0.1:0 --store office.db");
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .current_dir(desk.path("."))
        .env("XDG_CONFIG_HOME", desk.settings())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = [0; 10];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
    assert!(Command::new("kill").args(["-ABRT", &child.id().to_string()]).status().unwrap().success());
    let ended = child.wait().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
    assert!(!desk.everything().iter().any(|name| name.contains("core")), "{:?}", desk.everything());
}

#[test]
fn what_is_installed_starts_again_and_is_of_a_known_version() {
    let deployed = |name: &str| {
        let path = format!("{}/../../deploy/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let has = |unit: &str, line: &str| deployed(unit).lines().any(|found| found == line);
    for line in ["Restart=always", "StartLimitIntervalSec=0", "LimitCORE=0"] {
        assert!(has("inkproof.service", line), "{line}");
    }
    for line in
        ["DynamicUser=yes", "LimitCORE=0", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateNetwork=yes"]
    {
        assert!(has("inkproof-backup.service", line), "{line}");
    }
    assert!(!has("inkproof-backup.service", "User=root"));
    let dockerfile = deployed("Dockerfile");
    let images: Vec<_> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert_eq!(images.last(), Some(&"scratch"), "nothing but the program");
    assert_eq!(images.len(), 2);
    for image in images.into_iter().filter(|image| *image != "scratch") {
        let tag = image.split_whitespace().next().unwrap().split_once(':').expect("it has a tag").1;
        let is_exact = tag.split('-').any(|part| part.matches('.').count() == 2 || part.len() == 8);
        assert!(is_exact, "{image}");
    }
}
