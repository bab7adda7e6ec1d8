//! How a new connection is made: name, address, tunnel, TLS.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as UreqResolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector as UreqConnector, NextTimeout};

use super::channel::Channel;
use super::connect::connect;
use super::context::{Context, current};
use super::error::{Error, ErrorKind};
use super::proxy::Proxy;
use super::resolver::{Resolver, resolve};
use super::tls::{TlsSettings, server_name};
use super::tls_stream::TlsStream;
use super::transport::Transport;

/// Makes the connections of one client.
pub(super) struct Connector {
    pub tls: TlsSettings,
    pub proxy: Option<Proxy>,
    pub resolver: Option<Arc<dyn Resolver>>,
}

impl Connector {
    fn open(&self, context: &Arc<Context>, uri: &Uri) -> Result<Transport, Error> {
        let is_tls = uri.scheme_str() == Some("https");
        let authority = uri.authority().ok_or_else(|| Error::internal("the URL has no host"))?;
        let host = without_brackets(authority.host());
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });

        let mut stream = match &self.proxy {
            None => connect(context, &self.addresses(context, host)?, begin_connect(context, port))?,
            Some(proxy) => {
                let through = |error| proxy_error(error);
                let addresses = self.addresses(context, without_brackets(&proxy.host)).map_err(through)?;
                connect(context, &addresses, begin_connect(context, proxy.port)).map_err(through)?
            }
        };
        context.state().trace.peer = Some(stream.peer);
        if let Some(proxy) = &self.proxy {
            proxy.open_tunnel(&mut stream, &format!("{}:{port}", authority.host()))?;
        }
        context.state().trace.connect_end = Some(Instant::now());

        if !is_tls {
            return Ok(Transport::new(Channel::Plain(stream)));
        }
        let config = self.tls.config()?;
        let name = server_name(host)?;
        context.state().trace.tls_start = Some(Instant::now());
        let stream = TlsStream::connect(stream, config, name)?;
        context.state().trace.tls_end = Some(Instant::now());
        Ok(Transport::new(Channel::Tls(Box::new(stream))))
    }

    fn addresses(&self, context: &Context, host: &str) -> Result<Vec<IpAddr>, Error> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        context.state().trace.dns_start = Some(Instant::now());
        let addresses = resolve(context, self.resolver.as_ref(), host)?;
        context.state().trace.dns_end = Some(Instant::now());
        Ok(addresses)
    }
}

fn begin_connect(context: &Context, port: u16) -> u16 {
    context.state().trace.connect_start = Some(Instant::now());
    port
}

/// To the caller a proxy that cannot be reached is a matter of the proxy, whatever the reason.
fn proxy_error(error: Error) -> Error {
    match error.kind {
        ErrorKind::NameResolution | ErrorKind::Connect => {
            Error::new(ErrorKind::Proxy, format!("the proxy cannot be reached: {}", error.detail))
        }
        _ => error,
    }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connector").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}

/// One connector for every agent of a client.
#[derive(Debug)]
pub(super) struct SharedConnector(pub Arc<Connector>);

impl UreqConnector for SharedConnector {
    type Out = Transport;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Transport>, ureq::Error> {
        let Some(context) = current() else {
            return Err(ureq::Error::Other("a connection was opened outside an exchange".into()));
        };
        context.state().fresh_connection = false;
        self.0.open(&context, details.uri).map(Some).map_err(|error| context.fail(error))
    }
}

/// ureq asks its resolver for every request, before it looks for a pooled connection. This one answers nothing, and the
/// connector does the work when a socket is really opened.
#[derive(Debug)]
pub(super) struct NoResolver;

impl UreqResolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
