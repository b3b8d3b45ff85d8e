//! What can be asked of the API without creating anybody: trust, a token, and whether this client may read.

use super::Finding;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::config::settings::Settings;
use crate::send::{Failure, Looked, Said, Sender};

/// Asks, and says how far the API's clock is ahead, if it names a time.
pub(super) fn ask(settings: &Settings) -> (Vec<Finding>, Option<i64>) {
    let way = match &settings.api.proxy {
        Some(proxy) => format!("through the proxy {proxy}"),
        None => "directly, without a proxy".to_owned(),
    };
    let sender = match Sender::new(&settings.api, &settings.send) {
        Ok(sender) => sender,
        Err(error) => {
            return (
                vec![Finding::error(
                    "connection",
                    crate::pipeline::PipelineError::from(error),
                )],
                None,
            );
        }
    };
    let mut findings = vec![Finding::ok(
        "connection",
        format!("certificates and addresses can be used; {way}"),
    )];
    let probed = match interrupt::runtime() {
        Ok(runtime) => runtime.block_on(sender.probe()),
        Err(error) => {
            findings.push(Finding::error("connection", error));
            return (findings, None);
        }
    };
    let has_proxy = settings.api.proxy.is_some();
    findings.push(token(&probed.token, &settings.api.token_url, has_proxy));
    match &probed.read {
        Some(read) => findings.push(api(read, &settings.api.base_url, has_proxy)),
        None => findings.push(Finding::warning(
            "api",
            "not asked: there is no token to ask with",
            "see to the token first",
        )),
    }
    let ahead = probed.read.and_then(|read| read.ahead_ms).or(probed.token.ahead_ms);
    (findings, ahead)
}

fn token(looked: &Looked, url: &str, has_proxy: bool) -> Finding {
    let check = "token";
    match looked.said {
        Said::Yes => Finding::ok(check, format!("{url} gives one, in {} ms", looked.took.as_millis())),
        Said::Refused(status) => Finding::problem(
            check,
            Exit::Stopped,
            format!("{url} does not give this client one (HTTP {status})"),
            "check api.client-id, the client secret, api.scope and api.token-url: secrets end, and each environment has its own",
        ),
        other @ (Said::Busy(_) | Said::Foreign(_) | Said::Failed(_)) => otherwise(check, other, url, has_proxy),
    }
}

fn api(looked: &Looked, url: &str, has_proxy: bool) -> Finding {
    let check = "api";
    match looked.said {
        Said::Yes => Finding::ok(
            check,
            format!(
                "{url} lets this client read customers, in {} ms; whether it may create them is known once it does",
                looked.took.as_millis()
            ),
        ),
        Said::Refused(status) => Finding::problem(
            check,
            Exit::Stopped,
            format!("{url} does not let this client read customers (HTTP {status})"),
            "check api.base-url and api.scope, and ask those who run the API whether this client is set up for customers",
        ),
        other @ (Said::Busy(_) | Said::Foreign(_) | Said::Failed(_)) => otherwise(check, other, url, has_proxy),
    }
}

/// What is said of both in the same words.
fn otherwise(check: &'static str, said: Said, url: &str, has_proxy: bool) -> Finding {
    let problem = |says: String, hint: &str| Finding::problem(check, Exit::Stopped, says, hint);
    match said {
        Said::Yes | Said::Refused(_) => Finding::ok(check, url),
        Said::Busy(status) => Finding::warning(
            check,
            format!("{url} says: not now (HTTP {status})"),
            "a run waits for it, up to send.give-up-after; if this lasts, ask those who run the API",
        ),
        Said::Foreign(status) => problem(
            format!("{url} answers, and not as the API does (HTTP {status})"),
            "check the address: a gateway, a page for people or another service may stand there",
        ),
        Said::Failed(Failure::NotTrusted(why)) => problem(
            format!("{url}: no trust: {why}"),
            "for a private CA set api.ca-file; for a service that asks for one, api.client-certificate-file",
        ),
        Said::Failed(Failure::NotReached | Failure::NotAddressable) if has_proxy => problem(
            format!("{url} cannot be reached through the proxy"),
            "check api.proxy, and that the proxy may connect to this address",
        ),
        Said::Failed(Failure::NotReached | Failure::NotAddressable) => problem(
            format!("{url} cannot be reached: no such name, nobody listens, or a firewall is in the way"),
            "check the address and the network; if all connections go through a proxy, set api.proxy",
        ),
        Said::Failed(Failure::Timeout) => problem(
            format!("{url} does not answer within send.request-timeout"),
            "try again; if this lasts, ask those who run the API",
        ),
        Said::Failed(Failure::Reset) => problem(
            format!("{url} ends the connection without an answer"),
            "check that the address is https and not a proxy's; if this lasts, ask those who run the API",
        ),
    }
}
