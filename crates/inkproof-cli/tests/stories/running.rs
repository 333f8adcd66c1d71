//! A server of ours that runs while a story runs, and a client that speaks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::program::Desk;

/// No answer takes longer, or the story fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that ends with the story.
pub struct Server {
    child: Child,
    /// As in `127.0.0.1:41234`.
    pub address: String,
    log: Arc<Mutex<String>>,
    agent: ureq::Agent,
}

/// An answer of a server.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

/// A part of a form: its field, the file's name (none where it is not a file), and what is in it.
pub type Part<'a> = (&'a str, &'a str, &'a [u8]);

impl Server {
    /// Starts one on a port that is free, in the desk's folder.
    pub fn start(desk: &Desk, options: &str) -> Self {
        let store = if options.contains("--store") { "" } else { "--store office.db" };
        let listen = if options.contains("--listen") { "" } else { "--listen 127.0.0.1:0" };
        let mut command = desk.command(&format!("serve {listen} {store} {options}"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (mut errors, kept) = (child.stderr.take().unwrap(), log.clone());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        let address = said.split("://").nth(1).and_then(|rest| rest.split(": ").next()).map(str::to_owned);
        let address = address.unwrap_or_else(|| panic!("it serves: {said} {}", log.lock().unwrap()));
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Self { child, address, log, agent: config.build().into() }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Asks it to end, as an operator does.
    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap().success());
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it has ended; its exit code.
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Kibibytes of memory that it holds.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// A request with any method, headers and body.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let sent = self.agent.run(request.body(body).unwrap());
        let mut response = sent.unwrap_or_else(|error| panic!("{method} {path}: {error}; {}", self.log()));
        let body = response.body_mut().with_config().limit(64 << 20).read_to_vec().unwrap();
        Reply { status: response.status().as_u16(), headers: response.headers().clone(), body }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], &[])
    }

    pub fn post_json(&self, path: &str, document: &Value) -> Reply {
        self.ask("POST", path, &[("Content-Type", "application/json")], document.to_string().as_bytes())
    }

    pub fn post_form(&self, path: &str, parts: &[Part<'_>]) -> Reply {
        self.post_form_with(path, &[], parts)
    }

    pub fn post_form_with(&self, path: &str, headers: &[(&str, &str)], parts: &[Part<'_>]) -> Reply {
        let mut all = vec![("Content-Type", FORM)];
        all.extend(headers);
        self.ask("POST", path, &all, &form(parts))
    }

    /// Bytes as they are, and what comes back until the connection ends or nothing does.
    pub fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        // The server may have heard enough.
        stream.write_all(bytes).ok();
        stream.shutdown(std::net::Shutdown::Write).ok();
        let mut found = Vec::new();
        stream.take(1 << 20).read_to_end(&mut found).ok();
        found
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub const FORM: &str = "multipart/form-data; boundary=a-cut-between";

pub fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, name, content) in parts {
        let file = if name.is_empty() { String::new() } else { format!("; filename=\"{name}\"") };
        body.extend(
            format!("--a-cut-between\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n").bytes(),
        );
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--a-cut-between--\r\n");
    body
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// A problem as RFC 9457 has it, about a field.
    pub fn is_problem(&self, status: u16, field: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["field"].as_str(), field, "{problem}");
        for key in ["type", "title", "detail"] {
            assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
    }
}

/// Bytes as a JSON document has them.
pub fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
