//! What is done with a row at the API, as data.

/// An operation of the API that a row stands for.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Name that enters the idempotency id: changing it changes every id.
    pub name: &'static str,
    /// Path below the API's base.
    pub path: &'static str,
}

/// Creates a customer: `POST /v1/customers`.
pub static CREATE_CUSTOMER: Operation = Operation {
    name: "customers.create",
    path: "/v1/customers",
};
