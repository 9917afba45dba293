//! Addresses of sources: by TCP, with TLS, behind a Unix socket, by HTTP.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a pearl-gateway listens if nobody told it otherwise.
pub const GATEWAY_PORT: u16 = 8337;

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `tcp://HOST:PORT`
    Tcp(Host),
    /// `tls://HOST:PORT`
    Tls(Host),
    /// `unix:///PATH`
    Unix(PathBuf),
    /// `http://HOST[:PORT][/PATH]`, without a slash at its end.
    Http(String),
    /// `https://HOST[:PORT][/PATH]`, without a slash at its end.
    Https(String),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// A name or an address; an IPv6 address without its brackets.
    pub name: String,
    /// Not 0.
    pub port: u16,
}

/// Why a text is no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It begins with nothing that is known.
    #[error(
        "begin it with tcp://, tls://, unix:///, http:// or https://, such as tcp://127.0.0.1:8337"
    )]
    Scheme,
    /// There is a user in it.
    #[error(
        "leave out the user name and password before the `@`; a pool's are `wallet` and `password_file`"
    )]
    User,
    /// The host can't be one.
    #[error("give a host name, an IPv4 address or an IPv6 address in brackets behind the scheme")]
    Host,
    /// The port can't be one.
    #[error("give a port from 1 to 65535 behind the host, such as tcp://127.0.0.1:8337")]
    Port,
    /// A path where none belongs.
    #[error("leave out what follows the port")]
    Tail,
    /// A socket's path that does not begin at the root, or is one of a folder.
    #[error("give the socket's whole path, such as unix:///run/pearl/gateway.sock")]
    Path,
    /// A query, a fragment, a blank or worse.
    #[error("leave out query, fragment, blanks and everything else that a URL's path has not")]
    Url,
    /// A call of a node's.
    #[error("leave out /api/upow and what follows: the calls are put behind it")]
    Call,
}

impl Endpoint {
    /// Whether certificates are looked at.
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::Https(_))
    }

    /// Its scheme, without the colon.
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "tcp",
            Self::Tls(_) => "tls",
            Self::Unix(_) => "unix",
            Self::Http(_) => "http",
            Self::Https(_) => "https",
        }
    }

    /// The same with a port for those that have none: a gateway's is known.
    ///
    /// # Errors
    /// As of [`from_str`](FromStr::from_str).
    pub fn parse(text: &str, port: Option<u16>) -> Result<Self, EndpointError> {
        if text.len() > 1024 || text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(EndpointError::Url);
        }
        let (scheme, rest) = text.split_once("://").ok_or(EndpointError::Scheme)?;
        match scheme {
            "tcp" => Ok(Self::Tcp(Host::alone(rest, port)?)),
            "tls" => Ok(Self::Tls(Host::alone(rest, port)?)),
            "unix" if rest.starts_with('/') && !rest.ends_with('/') => Ok(Self::Unix(rest.into())),
            "unix" => Err(EndpointError::Path),
            "http" => Ok(Self::Http(url(text, rest, 80)?)),
            "https" => Ok(Self::Https(url(text, rest, 443)?)),
            _ => Err(EndpointError::Scheme),
        }
    }
}

/// A URL that calls can be put behind.
fn url(text: &str, rest: &str, port: u16) -> Result<String, EndpointError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    // RFC 3986, section 3.3: what a path can have. A client would take others for no URL.
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    if rest.contains(['?', '#']) || !path.bytes().all(known) {
        return Err(EndpointError::Url);
    }
    if path.contains("/api/upow") {
        return Err(EndpointError::Call);
    }
    Host::parse(authority, Some(port))?;
    Ok(text.trim_end_matches('/').to_owned())
}

impl Host {
    /// A host with nothing behind it but perhaps a slash.
    fn alone(text: &str, port: Option<u16>) -> Result<Self, EndpointError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.contains(['/', '?', '#']) {
            return Err(EndpointError::Tail);
        }
        Self::parse(text, port)
    }

    fn parse(text: &str, default: Option<u16>) -> Result<Self, EndpointError> {
        if text.contains('@') {
            return Err(EndpointError::User);
        }
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or(EndpointError::Host)?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        let is_host = match text.starts_with('[') {
            true => name.parse::<Ipv6Addr>().is_ok(),
            false => is_name(name),
        };
        if !is_host {
            return Err(EndpointError::Host);
        }
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
            None if port.is_empty() => default,
            _ => None,
        };
        let port = port.filter(|port| *port != 0).ok_or(EndpointError::Port)?;
        Ok(Self { name: name.to_owned(), port })
    }
}

/// Whether a text can be a host's name or an IPv4 address.
fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=253).contains(&text.len())
        && text.bytes().all(known)
        && !text.starts_with(['.', '-'])
        && !text.contains("..")
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text, None)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) | Self::Tls(host) => write!(formatter, "{}://{host}", self.scheme()),
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
            Self::Http(url) | Self::Https(url) => formatter.write_str(url),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(formatter, "[{}]:{}", self.name, self.port),
            false => write!(formatter, "{}:{}", self.name, self.port),
        }
    }
}
