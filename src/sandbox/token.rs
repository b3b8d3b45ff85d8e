//! The token endpoint, and who may do what with which token.
//!
//! OAuth 2 client credentials, as the contract has it: parameters in the query string, no body, Basic authentication.
//! A new token does not end the old one. Tokens live in memory: after a restart everyone asks for a new one, as a
//! client must be able to at any time.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::Query;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use super::answers::{Refusal, json_answer};
use super::desk::Desk;

/// What a token may be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Read,
    Write,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Scope::Read => "customers:read",
            Scope::Write => "customers:write",
        }
    }

    fn named(name: &str) -> Option<Scope> {
        [Scope::Read, Scope::Write]
            .into_iter()
            .find(|scope| scope.name() == name)
    }
}

#[derive(Debug)]
struct Grant {
    expires: Instant,
    scopes: Vec<Scope>,
}

/// The tokens that are good.
#[derive(Debug)]
pub(super) struct Tokens {
    grants: HashMap<String, Grant>,
    /// What tells the tokens of this sandbox from those of any other.
    source: String,
    issued: u64,
}

impl Tokens {
    pub(super) fn new(source: impl Into<String>) -> Tokens {
        Tokens {
            grants: HashMap::new(),
            source: source.into(),
            issued: 0,
        }
    }

    fn issue(&mut self, scopes: Vec<Scope>, life: Duration, now: Instant) -> String {
        self.grants.retain(|_, grant| grant.expires > now);
        self.issued += 1;
        let token = format!("sandbox-{}-{}", self.source, self.issued);
        self.grants.insert(
            token.clone(),
            Grant {
                expires: now + life,
                scopes,
            },
        );
        token
    }

    /// Ends a token at once.
    pub(super) fn revoke(&mut self, token: &str) {
        self.grants.remove(token);
    }

    fn check(&self, token: &str, scope: Scope, now: Instant) -> Result<(), Refusal> {
        match self.grants.get(token) {
            Some(grant) if grant.expires <= now => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "token_expired",
                "the access token has expired",
            )),
            Some(grant) if grant.scopes.contains(&scope) => Ok(()),
            Some(_) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "insufficient_scope",
                format!("the access token lacks the scope {}", scope.name()),
            )),
            None => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "the access token is not valid",
            )),
        }
    }
}

/// The token a request carries, if it carries one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    only(headers, header::AUTHORIZATION.as_str())?.strip_prefix("Bearer ")
}

/// The value of a header that is there exactly once, in visible ASCII: of two values nobody knows which one is meant.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        None
    } else {
        value.to_str().ok()
    }
}

/// Refuses a request whose token is missing, not good, or not good for this.
pub(super) fn authorize(desk: &Desk, headers: &HeaderMap, scope: Scope) -> Result<(), Refusal> {
    let Some(token) = bearer(headers) else {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "missing_token",
            "a bearer token is required",
        ));
    };
    desk.tokens().check(token, scope, Instant::now())
}

/// Builds the value of the `Authorization` header with which a client asks for a token.
pub(super) fn basic(client_id: &str, client_secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{client_secret}")))
}

/// An OAuth error code with its description, as RFC 6749, section 5.2, has them.
type OauthError = (&'static str, &'static str);

/// What a token's answer says of its life.
#[derive(Clone, Copy, Debug)]
pub(super) enum Life<'a> {
    /// The truth.
    True,
    /// Something else, or nothing.
    Said(Option<&'a toml::Value>),
}

/// `POST /oauth2/token`
pub(super) fn issue(desk: &Desk, uri: &Uri, headers: &HeaderMap, body: &Bytes, said: Life<'_>) -> Response {
    if only(headers, header::AUTHORIZATION.as_str()) != Some(desk.basic()) {
        let body = json!({"error": "invalid_client", "error_description": "client authentication failed"});
        let mut response = json_answer(StatusCode::UNAUTHORIZED, &body);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        return response;
    }
    match check_form(headers, body).and_then(|()| requested_scopes(uri)) {
        Ok(scopes) => {
            let life = desk.options().token_life;
            let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
            let scope = names.join(" ");
            let token = desk.tokens().issue(scopes, life, Instant::now());
            let mut body = json!({"token_type": "Bearer", "access_token": token, "scope": scope});
            let expires_in = match said {
                Life::True => Some(json!(life.as_secs())),
                Life::Said(value) => value.map(|value| json!(value)),
            };
            if let (Some(expires_in), Some(fields)) = (expires_in, body.as_object_mut()) {
                fields.insert("expires_in".to_owned(), expires_in);
            }
            json_answer(StatusCode::OK, &body)
        }
        Err((error, description)) => json_answer(
            StatusCode::BAD_REQUEST,
            &json!({"error": error, "error_description": description}),
        ),
    }
}

fn check_form(headers: &HeaderMap, body: &Bytes) -> Result<(), OauthError> {
    if !media_type_is(headers, &header::ACCEPT, "application/json") {
        return Err(("invalid_request", "the Accept header must be application/json"));
    }
    if !media_type_is(headers, &header::CONTENT_TYPE, "application/x-www-form-urlencoded") {
        return Err((
            "invalid_request",
            "the Content-Type header must be application/x-www-form-urlencoded",
        ));
    }
    if !body.is_empty() {
        return Err((
            "invalid_request",
            "the parameters belong into the query string, not into a body",
        ));
    }
    Ok(())
}

/// Tells whether a header names this media type, whatever its parameters.
pub(super) fn media_type_is(headers: &HeaderMap, name: &header::HeaderName, expected: &str) -> bool {
    let value = only(headers, name.as_str()).unwrap_or_default();
    value
        .split(';')
        .next()
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(expected))
}

fn requested_scopes(uri: &Uri) -> Result<Vec<Scope>, OauthError> {
    let Ok(Query(parameters)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
        return Err(("invalid_request", "the query string is not well-formed"));
    };
    let only = |wanted: &str| {
        let mut values = parameters
            .iter()
            .filter(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (_, Some(_)) => Err(("invalid_request", "a parameter is given twice")),
            (None, None) => Err(("invalid_request", "grant_type and scope are required")),
        }
    };
    if only("grant_type")? != "client_credentials" {
        return Err(("unsupported_grant_type", "the grant type must be client_credentials"));
    }
    let scopes: Option<Vec<Scope>> = only("scope")?.split(' ').map(Scope::named).collect();
    scopes.ok_or(("invalid_scope", "the scopes are customers:read and customers:write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_come_from_the_query_string() {
        fn check(query: &str, expected: Result<&[Scope], &str>) {
            let uri: Uri = format!("/oauth2/token?{query}").parse().unwrap();
            let actual = requested_scopes(&uri);
            assert_eq!(actual.as_deref().map_err(|(error, _)| *error), expected, "{query}");
        }
        let both = "grant_type=client_credentials&scope=customers:read+customers:write";
        check(both, Ok(&[Scope::Read, Scope::Write]));
        check(
            "scope=customers%3Awrite&grant_type=client_credentials",
            Ok(&[Scope::Write]),
        );
        check("grant_type=client_credentials&scope=", Err("invalid_scope"));
        check(
            "grant_type=client_credentials&scope=customers:read%20accounts:read",
            Err("invalid_scope"),
        );
        check("grant_type=client_credentials", Err("invalid_request"));
        check("scope=customers:read", Err("invalid_request"));
        check("", Err("invalid_request"));
        check(
            "grant_type=password&scope=customers:read",
            Err("unsupported_grant_type"),
        );
        check(&format!("{both}&scope=customers:read"), Err("invalid_request"));
    }

    #[test]
    fn basic_authentication_is_padded_base64() {
        // RFC 7617, section 2.
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_ends_with_its_life_or_earlier() {
        let now = Instant::now();
        let life = Duration::from_secs(10);
        let mut tokens = Tokens::new("test");
        let first = tokens.issue(vec![Scope::Read], life, now);
        let second = tokens.issue(vec![Scope::Read, Scope::Write], life, now + life / 2);
        let status = |tokens: &Tokens, token: &str, scope, now| {
            tokens.check(token, scope, now).map_err(|refusal| refusal.status())
        };
        assert_eq!(
            status(&tokens, &first, Scope::Read, now),
            Ok(()),
            "a new token does not end the old one"
        );
        assert_eq!(status(&tokens, &first, Scope::Write, now), Err(StatusCode::FORBIDDEN));
        assert_eq!(status(&tokens, &second, Scope::Write, now), Ok(()));
        assert_eq!(
            status(&tokens, &first, Scope::Read, now + life),
            Err(StatusCode::UNAUTHORIZED)
        );
        assert_eq!(status(&tokens, &second, Scope::Read, now + life), Ok(()));
        tokens.revoke(&second);
        assert_eq!(
            status(&tokens, &second, Scope::Read, now),
            Err(StatusCode::UNAUTHORIZED)
        );
    }
}
