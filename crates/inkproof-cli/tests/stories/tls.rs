//! Story: an administrator gives the service a certificate of the office's own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::program::Desk;
use super::running::Server;

/// A certificate for localhost in the desk's folder, and a client that trusts it alone.
pub fn certified(desk: &Desk) -> Arc<ClientConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    desk.write("certificate.pem", made.cert.pem().as_bytes());
    desk.write("key.pem", made.signing_key.serialize_pem().as_bytes());
    let mut trusted = RootCertStore::empty();
    trusted.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(client.with_root_certificates(trusted).with_no_client_auth())
}

/// A connection that speaks TLS.
pub fn connect(client: &Arc<ClientConfig>, stream: TcpStream) -> StreamOwned<ClientConnection, TcpStream> {
    let connection = ClientConnection::new(client.clone(), ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, stream)
}

/// What is answered to a GET over TLS.
pub fn get(client: &Arc<ClientConfig>, address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = connect(client, TcpStream::connect(address)?);
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_certificate_of_ones_own() {
    let desk = Desk::new();
    let client = certified(&desk);
    let server = Server::start(&desk, "--require-tokens --tls-certificate certificate.pem --tls-key key.pem");
    let address = server.address.clone();
    let answer = get(&client, &address, "/healthz").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    let refused = get(&client, &address, "/v1/writers").unwrap();
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let stranger = certified(&Desk::new());
    assert!(get(&stranger, &address, "/healthz").is_err(), "who does not trust the certificate is told nothing");
    assert!(!server.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").starts_with(b"HTTP"));
    desk.write("key.pem", b"no key");
    desk.run("serve --listen 127.0.0.1:0 --store tls.db --tls-certificate certificate.pem --tls-key key.pem")
        .fails_with(&["certificate.pem", "key.pem"]);
}
