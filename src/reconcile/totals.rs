//! Control totals: counts and hash totals of what should be at the API, from each of the three sides.
//!
//! A hash total is a sum modulo 2^64 and says nothing of an order; it tells that two sets differ, not where. It takes the
//! first 8 bytes, big-endian, of the SHA-256 of each customer id, and of each idempotency id, which is itself a digest of
//! the payload, since the ledger holds no payloads. Whoever has the ids can add them up anew.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::model::ids::IdempotencyId;

/// A hash total; shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash(pub u64);

impl Hash {
    /// What a customer adds to a hash total.
    pub fn of(customer_id: &str) -> Self {
        Self(first_8(&Sha256::digest(customer_id)))
    }

    fn add(&mut self, number: u64) {
        self.0 = self.0.wrapping_add(number);
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The totals of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many customers.
    pub count: u64,
    /// Of their ids.
    pub customers: Hash,
    /// Of their payloads.
    pub payloads: Hash,
}

impl Side {
    /// Counts one customer; what is not known of it goes into no hash.
    pub fn add(&mut self, customer: Option<Hash>, payload: Option<IdempotencyId>) {
        self.count += 1;
        if let Some(hash) = customer {
            self.customers.add(hash.0);
        }
        if let Some(id) = payload {
            self.payloads.add(first_8(id.as_bytes()));
        }
    }

    /// Adds what another part of the same side adds up to.
    pub fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.customers.add(other.customers.0);
        self.payloads.add(other.payloads.0);
    }
}

/// The first 8 bytes, big-endian.
fn first_8(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

/// The three sides.
///
/// *Source*: the records that should be at the API by themselves: all but those that repeat an earlier record of their
/// run, were corrected by a record of another run, or were disposed of. *Ledger*: the rows of the same inputs that were
/// accepted, without the same. *API*: the customers of the ledger's side that the API confirmed, or that it has now if it
/// was asked, with the payload that it has; and strangers. They are equal exactly where every record is answered for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// From the source as it is now.
    pub source: Side,
    /// From the ledger's rows.
    pub ledger: Side,
    /// From what the API confirmed.
    pub api: Side,
}

impl Sides {
    /// Whether all three are the same.
    pub fn agree(&self) -> bool {
        self.source == self.ledger && self.ledger == self.api
    }

    /// Adds the sides of another file.
    pub fn join(&mut self, other: &Self) {
        self.source.join(&other.source);
        self.ledger.join(&other.ledger);
        self.api.join(&other.api);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(byte: u8) -> IdempotencyId {
        IdempotencyId::from_bytes([byte; 16])
    }

    /// `printf C-1 | sha256sum` begins with 8 bytes that anybody can add up.
    #[test]
    fn a_hash_total_can_be_added_up_by_anybody() {
        let mut side = Side::default();
        side.add(Some(Hash::of("C-1")), Some(id(1)));
        assert_eq!(side.payloads.to_string(), "0101010101010101");
        assert_eq!(side.customers.to_string(), C_1);
        side.add(None, Some(id(0xff)));
        assert_eq!(side.payloads.to_string(), "0101010101010100", "modulo 2^64");
        assert_eq!((side.count, side.customers.to_string().as_str()), (2, C_1));
    }

    const C_1: &str = "07e9a9696557f5c8";

    #[test]
    fn the_order_does_not_matter_and_a_value_does() {
        let side = |ids: &[(&str, u8)]| {
            let mut side = Side::default();
            for (customer, byte) in ids {
                side.add(Some(Hash::of(customer)), Some(id(*byte)));
            }
            side
        };
        let one = side(&[("A", 1), ("B", 2)]);
        assert_eq!(one, side(&[("B", 2), ("A", 1)]));
        for other in [
            side(&[("A", 1), ("B", 3)]),
            side(&[("A", 1), ("C", 2)]),
            side(&[("A", 1)]),
        ] {
            assert_ne!(one, other);
        }
        let mut joined = side(&[("A", 1)]);
        joined.join(&side(&[("B", 2)]));
        assert_eq!(joined, one);
    }
}
