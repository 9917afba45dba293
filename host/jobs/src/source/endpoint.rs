//! Where a source is: `tcp://host:port`, `tls://host:port` or `unix:///path`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::text::shown;

/// Port of a gateway that names none.
pub const GATEWAY_PORT: u16 = 8337;

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `tcp://host:port`.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// `tls://host:port`.
    Tls {
        /// A name or an address, without brackets, that the certificate must be for.
        host: String,
        /// The port.
        port: u16,
    },
    /// `unix:///path`.
    Unix {
        /// The socket.
        path: PathBuf,
    },
}

/// Why text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "use {text:?} as an endpoint: {why}; give tcp://host:port, tls://host:port or unix:///path"
)]
pub struct EndpointError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Endpoint {
    /// Reads an endpoint that may leave out the port, if there is one by default.
    ///
    /// # Errors
    /// [`EndpointError`].
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, EndpointError> {
        let wrong = |why| EndpointError { text: shown(text), why };
        let (scheme, rest) = text.split_once("://").ok_or(wrong("it has no scheme"))?;
        if scheme == "unix" {
            if !rest.starts_with('/') || rest.ends_with('/') || rest.contains('\0') {
                return Err(wrong("its path is not one of a socket, from / on"));
            }
            return Ok(Self::Unix { path: rest.into() });
        }
        if rest.contains('@') {
            // There may be a password in it, and errors end up in logs.
            let text = format!("{}://...", shown(scheme));
            let why = "it has a user name in it, which belongs elsewhere";
            return Err(EndpointError { text, why });
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = split(rest, default_port).map_err(wrong)?;
        match scheme {
            "tcp" => Ok(Self::Tcp { host, port }),
            "tls" => Ok(Self::Tls { host, port }),
            _ => Err(wrong("its scheme is unknown")),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text, None)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Tcp { host, port } => ("tcp", host, port),
            Self::Tls { host, port } => ("tls", host, port),
            Self::Unix { path } => return write!(formatter, "unix://{}", path.display()),
        };
        match host.contains(':') {
            true => write!(formatter, "{scheme}://[{host}]:{port}"),
            false => write!(formatter, "{scheme}://{host}:{port}"),
        }
    }
}

/// Host and port; an address with colons stands in brackets.
fn split(text: &str, default_port: Option<u16>) -> Result<(String, u16), &'static str> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("its address has no ] at the end")?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| "there is no address in its brackets")?;
            (host, port)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let (host, port) = text.split_at(end);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            if host.is_empty() || host.len() > 253 || !host.bytes().all(plain) {
                return Err("its host is neither a name nor an address");
            }
            (host, port)
        }
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        None if port.is_empty() => default_port,
        _ => None,
    };
    match port {
        Some(port) if port > 0 => Ok((host.to_owned(), port)),
        _ => Err("its port is missing or not one from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(text: &str, expected: &str) {
        let error = Endpoint::parse(text, None).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn endpoints_read_and_write() {
        for text in [
            "tcp://pool.example:3333",
            "tls://10.0.0.1:443",
            "tls://[::1]:443",
            "unix:///run/a b.sock",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        let default = |text| Endpoint::parse(text, Some(GATEWAY_PORT)).unwrap().to_string();
        assert_eq!(default("tcp://localhost"), "tcp://localhost:8337");
        assert_eq!(default("tcp://[fe80::1]/"), "tcp://[fe80::1]:8337");
        assert_eq!(default("tcp://localhost:1"), "tcp://localhost:1");
    }

    #[test]
    fn errors_name_what_is_wrong() {
        check_error("pool.example:3333", "\"pool.example:3333\" as an endpoint: it has no scheme");
        check_error("http://pool:80", "its scheme is unknown; give tcp://host:port");
        for port in ["", ":", ":0", ":65536", ":+1", ":x", ":1/a", ":1:2"] {
            check_error(&format!("tcp://host{port}"), "its port is");
        }
        for host in ["", "a b", "a/b", "é", "*"] {
            check_error(&format!("tcp://{host}:1"), "its host is neither");
        }
        check_error("tcp://[::1:1", "no ]");
        check_error("tcp://[localhost]:1", "no address in its brackets");
        check_error("unix://run/a", "its path is not");
        check_error("unix:///run/", "its path is not");
        let error = "tcp://me:secret@pool:1".parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains("user name") && !error.contains("secret"), "{error}");
    }
}
