//! The ids of a row and of a request.
//!
//! An idempotency id is derived, never drawn: the same customer data gives the same id in every run, file and batch, so
//! that whatever is sent again is sent under the id it had. Its derivation is pinned by test vectors; changing it is a
//! breaking change, for the API would take a known customer for a new one.

use std::fmt;

use sha1::{Digest, Sha1};
use uuid::Uuid;

use super::operation::Operation;

/// The id under which a row's operation is sent, on every attempt: `x-l2f-idempotency-id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyId(Uuid);

impl IdempotencyId {
    /// Derives the id: `UUIDv5(namespace, operation + "\n" + payload)`, RFC 9562 section 5.5. The payload is canonical
    /// JSON, RFC 8785.
    ///
    /// Hashes with the `sha1` crate, which uses the processor's SHA instructions, rather than with `Uuid::new_v5`.
    pub fn derive(namespace: Uuid, operation: &Operation, payload: &[u8]) -> Self {
        let mut hash = Sha1::new();
        hash.update(namespace.as_bytes());
        hash.update(operation.name.as_bytes());
        hash.update(b"\n");
        hash.update(payload);
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(uuid::Builder::from_sha1_bytes(first).into_uuid())
    }

    /// The id's 16 bytes, as the ledger stores them.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the id back from its 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for IdempotencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of one HTTP request: `x-l2f-request-id`, a `UUIDv7`, new for every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Uuid);

impl RequestId {
    /// Draws a new id for this moment, milliseconds since 1970.
    pub fn new(unix_ms: i64) -> Self {
        let ms = u64::try_from(unix_ms).unwrap_or_default();
        let mut random = [0; 10];
        for byte in &mut random {
            *byte = fastrand::u8(..);
        }
        Self(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }

    /// The id's 16 bytes, as the ledger stores them.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the id back from its 16 bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::operation::CREATE_CUSTOMER;

    /// The table of test vectors: namespace, payload, id.
    #[test]
    fn idempotency_ids_are_pinned() {
        let table = include_str!("../../fixtures/idempotency_ids.csv");
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let mut count = 0;
        for record in reader.records() {
            let record = record.unwrap();
            let namespace: Uuid = record[0].parse().unwrap();
            let id = IdempotencyId::derive(namespace, &CREATE_CUSTOMER, record[1].as_bytes());
            assert_eq!(id.to_string(), &record[2], "{}", &record[1]);
            let name = format!("{}\n{}", CREATE_CUSTOMER.name, &record[1]);
            assert_eq!(
                id.0,
                Uuid::new_v5(&namespace, name.as_bytes()),
                "differs from the uuid crate"
            );
            count += 1;
        }
        assert!(count >= 5);
    }

    #[test]
    fn request_ids_are_version_7_and_differ() {
        let (one, other) = (RequestId::new(1_700_000_000_000), RequestId::new(1_700_000_000_000));
        assert_ne!(one, other);
        assert_eq!(one.0.get_version_num(), 7);
    }
}
