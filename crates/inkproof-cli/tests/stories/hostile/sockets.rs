//! Story: whatever a stranger does with a socket, a signal or a descriptor, the service goes on for everybody else.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use socket2::{Domain, SockRef, Socket, Type};

use crate::program::{Desk, example_files};
use crate::running::{FORM, Server, form};
use crate::tls;

use super::{Dice, how_many};

/// No step of a story takes longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Somebody else on this machine.
pub(super) const NEIGHBOR: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Connections of a story that resets them: 100 in the plain story and as many over TLS; the soak has more.
fn resets() -> usize {
    (how_many() / 4).min(2000)
}

/// Closes a connection so that the other side finds it reset.
fn reset(stream: &TcpStream) {
    SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
}

/// A connection that comes from the given address of this machine.
pub(super) fn connect_from(source: IpAddr, address: &str) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect(&address.parse::<SocketAddr>().unwrap().into())?;
    Ok(socket.into())
}

/// The status with which a GET of `/healthz` is answered to somebody new; None where it is not.
fn healthy(source: IpAddr, address: &str, header: &str) -> Option<String> {
    let ask = || -> std::io::Result<String> {
        let mut stream = connect_from(source, address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n{header}Connection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().ok()?.split(' ').nth(1).map(str::to_owned)
}

/// Waits until something is so.
fn in_time(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20));
    }
}

/// One request of each group of routes.
fn requests() -> Vec<Vec<u8>> {
    let gets = [
        "/",
        "/app.js",
        "/docs/swagger-ui-bundle.js",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/v1/me",
        "/v1/writers",
        "/v1/writers/W-1",
        "/v1/reviews",
        "/v1/reviews/1",
        "/v1/audit",
        "/nothing",
    ];
    let image = std::fs::read(&example_files("001")[0]).unwrap();
    let verify = form(&[("reference", "a.png", &image), ("questioned", "b.png", &image)]);
    let posts = [
        "/v1/verify",
        "/v1/identify",
        "/v1/find",
        "/v1/verify-document",
        "/v1/writers",
        "/v1/writers/W-1/references",
        "/v1/writers/W-1/verify",
        "/v1/reviews/1",
    ];
    let get = |path| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
    let post = |path| [post_head(path, verify.len()).into_bytes(), verify.clone()].concat();
    gets.into_iter().map(get).chain(posts.into_iter().map(post)).collect()
}

pub(super) fn post_head(path: &str, bytes: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: {bytes}\r\n\r\n")
}

/// Connects, sends many requests at once, reads a little or nothing of the answers, half-closes or not, and resets.
fn pipeline_and_reset(address: &str, tls: Option<&Arc<ClientConfig>>, request: &[u8], dice: &mut Dice) {
    const PIPELINED: usize = 50;
    let tcp = TcpStream::connect(address).unwrap();
    SockRef::from(&tcp).set_recv_buffer_size(4096).unwrap();
    tcp.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let sent = request.repeat(PIPELINED);
    let half_closes = dice.roll(2) == 0;
    let reads = dice.roll(3) == 0;
    let delay = Duration::from_millis([0, 1, 3, 10, 30][dice.roll(5)]);
    // The server may have had enough before all is sent.
    let act = |stream: &mut dyn ReadWrite| {
        stream.write_all(&sent).ok();
        if reads {
            let _some = stream.read(&mut [0; 300]);
        }
    };
    match tls {
        None => act(&mut &tcp),
        Some(client) => act(&mut tls::connect(client, tcp.try_clone().unwrap())),
    }
    if half_closes {
        tcp.shutdown(Shutdown::Write).ok();
    }
    sleep(delay);
    reset(&tcp);
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn connections_that_are_reset_do_not_end_the_server() {
    let desk = Desk::new();
    let mut server = Server::start(&desk, "");
    let (requests, mut dice) = (requests(), Dice(13));
    for round in 0..resets() {
        pipeline_and_reset(&server.address, None, &requests[round % requests.len()], &mut dice);
        assert!(server.runs(), "after {round}: {}", server.log());
    }
    in_time("it answers", || healthy(NEIGHBOR, &server.address, "").as_deref() == Some("200"));
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn tls_connections_that_are_reset_do_not_end_the_server() {
    let desk = Desk::new();
    let client = tls::certified(&desk);
    let mut server = Server::start(&desk, "--tls-certificate certificate.pem --tls-key key.pem");
    let (requests, mut dice) = (requests(), Dice(17));
    for round in 0..resets() {
        // Some are reset during the handshake.
        let tls = if dice.roll(8) == 0 { None } else { Some(&client) };
        pipeline_and_reset(&server.address, tls, &requests[round % requests.len()], &mut dice);
        assert!(server.runs(), "after {round}: {}", server.log());
    }
    let answers = || tls::get(&client, &server.address, "/healthz").is_ok_and(|answer| answer.contains(" 200 "));
    in_time("it answers", answers);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn uploads_and_answers_that_break_off_give_back_what_they_held() {
    let desk = Desk::new();
    // A share of the bytes, a worker or a place in the queue that was not given back would be missed at once.
    let server = Server::start(&desk, "--workers 1 --queue 1 --max-body 200000 --max-bodies 200000 --connections 8");
    let image = std::fs::read(&example_files("001")[0]).unwrap();
    let body = form(&[("reference", "a.png", &image), ("questioned", "b.png", &image)]);
    let mut dice = Dice(19);
    for round in 0..resets() / 2 {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(post_head("/v1/verify", body.len()).as_bytes()).ok();
        let sent = if round % 2 == 0 { dice.roll(body.len()) } else { body.len() };
        stream.write_all(&body[..sent]).ok();
        sleep(Duration::from_millis([0, 2, 10, 20][dice.roll(4)]));
        reset(&stream);
    }
    let verify = || server.post_form("/v1/verify", &[("reference", "", &image[..]), ("questioned", "", &image)]);
    in_time("what was computed is done", || verify().status == 200);
    let answers: Vec<u16> = (0..5).map(|_| verify().status).collect();
    assert_eq!(answers, [200; 5]);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn idle_connections_of_one_address_do_not_keep_others_out() {
    let idle = (how_many() / 4).min(800);
    let desk = Desk::new();
    let server = Server::start(&desk, &format!("--connections {} --connections-per-address {}", idle / 2, idle / 4));
    let open =
        |count: usize| -> Vec<TcpStream> { (0..count).map(|_| TcpStream::connect(&server.address).unwrap()).collect() };
    let held = open(idle);
    let local = IpAddr::from([127, 0, 0, 1]);
    in_time("the address has all that it may have", || healthy(local, &server.address, "").is_none());
    assert_eq!(healthy(NEIGHBOR, &server.address, "").as_deref(), Some("200"));
    let closed = || held.iter().filter(|stream| is_closed(stream)).count();
    in_time("those within the limit stay", || idle - closed() == idle / 4);
    drop(held);
    in_time("what is closed no longer counts", || healthy(local, &server.address, "").as_deref() == Some("200"));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("why=\"too many from one address\""), "{metrics}");
}

/// Whether the other side has closed a connection on which it has sent nothing.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    !matches!(stream.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn behind_a_proxy_the_address_that_it_forwards_is_limited() {
    let desk = Desk::new();
    let server = Server::start(&desk, "--behind-proxy --connections-per-address 2");
    let local = IpAddr::from([127, 0, 0, 1]);
    let status = |header: &str| healthy(local, &server.address, header);
    let header = |address: &str| format!("X-Forwarded-For: 198.51.100.7, {address}\r\n");
    let upload = |address: &str| {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = post_head("/v1/verify", 100_000).replace("\r\n\r\n", &format!("\r\n{}\r\n", header(address)));
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let held = [upload("192.0.2.1"), upload("192.0.2.1"), upload("2001:db8::1"), upload("2001:db8::2")];
    in_time("the address is refused", || status(&header("192.0.2.1")).as_deref() == Some("429"));
    in_time("the network is refused", || status(&header("2001:db8::3")).as_deref() == Some("429"));
    assert_eq!(status(&header("192.0.2.2")).as_deref(), Some("200"));
    assert_eq!(status(&header("2001:db8:0:1::1")).as_deref(), Some("200"));
    assert_eq!(status("").as_deref(), Some("200"), "the proxy itself");
    assert_eq!(status("Forwarded: for=192.0.2.1;proto=https\r\n").as_deref(), Some("429"));
    held.iter().for_each(reset);
    drop(held);
    in_time("they no longer count", || status(&header("192.0.2.1")).as_deref() == Some("200"));
}

/// A service whose descriptors the story chooses; it is killed where the story fails.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// Starts what `command` makes of the address to listen on, which was free a moment ago.
    fn start(command: impl FnOnce(&str) -> Command) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let service = Self { child: command(&address).spawn().unwrap(), address };
        in_time("it serves", || service.is_healthy());
        service
    }

    fn is_healthy(&self) -> bool {
        healthy(NEIGHBOR, &self.address, "").as_deref() == Some("200")
    }

    fn ends_when_asked(mut self) {
        signal(&self.child, "TERM");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

/// A line of a shell, in the desk's folder; `PROGRAM` stands for the program.
fn shell(desk: &Desk, line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &line.replace("PROGRAM", env!("CARGO_BIN_EXE_inkproof"))]).current_dir(desk.path("."));
    command.env("XDG_CONFIG_HOME", desk.settings());
    command
}

#[test]
fn the_reader_of_its_log_goes_away() {
    let desk = Desk::new();
    for log in ["text", "json"] {
        let mut service = Service::start(|address| {
            let mut command = desk.command(&format!("serve --listen {address} --store office.db --log {log}"));
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command
        });
        let mut line = String::new();
        BufReader::new(service.child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert_ne!(line, "");
        drop(service.child.stdout.take());
        assert!((0..20).all(|_| service.is_healthy()));
        signal(&service.child, "PIPE");
        assert!(service.is_healthy());
        service.ends_when_asked();
    }
}

#[test]
fn the_reader_of_its_log_stops_reading() {
    /// A pipe holds 64 KiB on most systems.
    const REQUESTS: usize = 1500;
    let desk = Desk::new();
    let service = Service::start(|address| {
        let mut command = desk.command(&format!("serve --listen {address} --store office.db"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    });
    assert!((0..REQUESTS).all(|_| service.is_healthy()));
    service.ends_when_asked();
}

#[test]
fn it_starts_without_standard_descriptors() {
    let desk = Desk::new();
    let service = Service::start(|address| {
        shell(&desk, &format!("exec PROGRAM serve --listen {address} --store office.db <&- >&- 2>&-"))
    });
    assert!((0..20).all(|_| service.is_healthy()));
    service.ends_when_asked();
    // The log went into no file of the store.
    desk.run("store check --store office.db").succeeds();
}

/// Seconds of processor time that a process has used.
#[cfg(target_os = "linux")]
fn processor_seconds(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_free_descriptor_it_waits_for_one() {
    let desk = Desk::new();
    let mut server = Server::start(&desk, "");
    let process = server.id().to_string();
    let limit = |count: usize| {
        let set = Command::new("prlimit").args(["--pid", &process, &format!("--nofile={count}:1024")]).status();
        assert!(set.unwrap().success());
    };
    // Those that are open stay so; which they are, the process lets nobody see.
    limit(3);
    let waiting: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    let before = processor_seconds(server.id());
    sleep(Duration::from_secs(1));
    let used = processor_seconds(server.id()) - before;
    assert!(used < 0.5, "{used} s of processor time while it waits");
    assert!(server.runs(), "{}", server.log());
    assert_eq!(server.log().matches("no connection can be accepted").count(), 1, "{}", server.log());
    drop(waiting);
    limit(1024);
    assert_eq!(healthy(NEIGHBOR, &server.address, "").as_deref(), Some("200"));
}

#[cfg(target_os = "linux")]
#[test]
fn connections_leave_descriptors_for_the_store() {
    let desk = Desk::new();
    let service = Service::start(|address| {
        let line = format!("ulimit -n 96; exec PROGRAM serve --listen {address} --store office.db >&- 2>&-");
        shell(&desk, &line)
    });
    let held: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(&service.address).unwrap()).collect();
    let mut open = held.last().unwrap();
    open.set_read_timeout(Some(PATIENCE)).unwrap();
    open.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    open.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200", "the store answers");
    let _more: Vec<TcpStream> = (0..60).map(|_| TcpStream::connect(&service.address).unwrap()).collect();
    open.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut rest = [0; 4096];
    in_time("the store still answers", || {
        let count = open.read(&mut rest).unwrap();
        assert!(count > 0, "the connection was closed");
        String::from_utf8_lossy(&rest[..count]).contains("HTTP/1.1 200")
    });
    service.ends_when_asked();
}

#[cfg(unix)]
#[test]
fn commands_end_quietly_with_their_reader() {
    use std::os::unix::process::ExitStatusExt;
    let desk = Desk::new();
    for line in ["config", "config --json", "statistics --help", "--help"] {
        let mut child = desk.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut printed = String::new();
        child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        let ended = child.wait().unwrap();
        assert_eq!(printed, "", "{line}");
        assert!(ended.success() || ended.signal() == Some(13), "{line}: {ended}");
    }
}

/// As where the connection to a database breaks: that is an error to be reported.
#[cfg(target_os = "linux")]
#[test]
fn a_broken_pipe_elsewhere_does_not_end_a_command() {
    /// SIGPIPE among the signals that a process handles itself.
    const PIPE: u64 = 1 << 12;
    let desk = Desk::new();
    let reference = example_files("001")[0].display().to_string();
    let mut command = desk.command(&format!("verify --reference {reference} -"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let handled = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & PIPE != 0
    };
    in_time("it handles the signal", handled);
    signal(&child, "PIPE");
    sleep(Duration::from_millis(100));
    drop(child.stdin.take());
    // An empty file is not an image, and the program survives it.
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
