//! Files that are nobody else's business: secrets are read from such, and personal data is written to such.
//!
//! It deliberately knows nothing of what the files hold, and looks at modes alone, not at access lists.

mod read;
mod write;

pub use read::{Readers, read_private, read_secret};
pub use write::PrivateFile;
