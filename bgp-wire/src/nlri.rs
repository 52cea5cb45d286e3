//! One NLRI as a value.
use crate::AddressFamily;

/// ADD-PATH path identifier (RFC 7911); 0 where ADD-PATH was not negotiated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PathId(pub u32);

/// One NLRI of family `F`. Host bits of prefixes are already masked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Nlri<F: AddressFamily> {
    /// Path identifier.
    pub path_id: PathId,
    /// The part that identifies the route.
    pub key: F::Key,
    /// The rest.
    pub payload: F::Payload,
}
