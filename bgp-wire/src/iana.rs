//! IANA code points.
