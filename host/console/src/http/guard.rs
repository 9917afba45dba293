//! Who may call: host names, the token, and the headers of every answer.
//!
//! A page from elsewhere can make a browser call this server, under that page's own name if its owner changes what
//! the name stands for (DNS rebinding). So the `Host` of every call must be one that this server goes by. No answer
//! lets other pages read it, and what changes something needs a token that a browser never adds by itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::accept::Local;
use super::refused::Refused;
use super::{Error, Shared};

/// What a call that changes something must show.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Fewest characters: fewer could be guessed.
    const LEAST: usize = 16;
    /// Most characters.
    const MOST: usize = 256;

    /// From text, such as a line of a file; white space around it doesn't count.
    ///
    /// # Errors
    /// [`Error::Token`] if it isn't 16 to 256 visible ASCII characters.
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (Self::LEAST..=Self::MOST).contains(&text.len()) {
            return Ok(Self(text.into()));
        }
        let length = text.chars().count();
        Err(Error::Token { length, least: Self::LEAST, most: Self::MOST })
    }

    /// In a time that tells nothing but whether the lengths agree.
    fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// Names that this server goes by.
#[derive(Debug)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn new(names: &[String]) -> Result<Self, Error> {
        let plain = |name: &String| match host(name) {
            Some((plain, None)) => Ok(plain),
            _ => Err(Error::Name { name: name.clone() }),
        };
        Ok(Self(names.iter().map(plain).collect::<Result<_, _>>()?))
    }

    fn know(&self, host: &str, local: IpAddr) -> bool {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let own = |address: IpAddr| {
            let address = address.to_canonical();
            address.is_loopback() || address == local
        };
        host == "localhost" || address.is_ok_and(own) || self.0.iter().any(|name| name == host)
    }
}

/// Host in lower case, and port, of what a `Host` header or a name in the configuration says.
fn host(text: &str) -> Option<(String, Option<u16>)> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    // What has a user's name or an empty port is no host and port.
    let port = authority.port_u16();
    let rest = text.strip_prefix(host)?;
    let whole = port.map_or(rest.is_empty(), |_| rest.starts_with(':'));
    let host = host.strip_suffix('.').unwrap_or(host);
    (whole && !host.is_empty()).then(|| (host.to_ascii_lowercase(), port))
}

/// Around every call, also those to paths that there are not.
pub(super) async fn guard(
    State(shared): State<Arc<Shared>>,
    Extension(Local(local)): Extension<Local>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match check_host(&shared.hosts, local, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    response
        .headers_mut()
        .extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// Of every answer. The page's script, style, icon and calls are this server's own, and nothing else.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

fn check_host(hosts: &Hosts, local: IpAddr, request: &Request) -> Result<(), Refused> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let only = named.next().filter(|_| named.next().is_none()).and_then(|host| host.to_str().ok());
    let inline = request.uri().authority().map(Authority::as_str);
    // A call to a proxy names the host in its first line too; both count.
    let known = |text: &str| host(text).is_some_and(|(host, _)| hosts.know(&host, local));
    if only.is_some_and(known) && inline.is_none_or(known) {
        return Ok(());
    }
    let shown = inline.filter(|inline| !known(inline)).or(only).unwrap_or("no host, or several");
    let message = format!(
        "this server is not called {shown:?}; call it by localhost or its address, or start it with \
         that name among those that it may be called by"
    );
    Err(Refused::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", message))
}

/// Whether a call shows the token.
pub(super) fn check_token(token: Option<&Token>, headers: &HeaderMap) -> Result<(), Refused> {
    let Some(token) = token else {
        let message = "nothing can be changed over HTTP, as the miner was started without a token; \
                       start it with one";
        return Err(Refused::new(StatusCode::FORBIDDEN, "no_token", message.into()));
    };
    let shown = headers.get(header::AUTHORIZATION).and_then(|shown| shown.to_str().ok());
    let shown = shown.and_then(|shown| shown.split_once(' '));
    if shown.is_some_and(|(scheme, shown)| {
        scheme.eq_ignore_ascii_case("bearer") && token.is(shown.trim())
    }) {
        return Ok(());
    }
    let message = "what changes the miner needs the header `Authorization: Bearer TOKEN`, with the \
                   token that the miner was started with";
    Err(Refused::new(StatusCode::UNAUTHORIZED, "unauthorised", message.into()))
}
