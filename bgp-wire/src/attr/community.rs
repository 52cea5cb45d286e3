//! Communities: four octets (RFC 1997) or three times four (RFC 8092), and their words.
use crate::iana::community::NAMES;
use core::fmt;
use core::str::FromStr;

/// A community, shown as "65000:1" or by its well-known name: "NO_EXPORT".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Community(pub u32);

/// A large community, shown as "65000:1:2".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LargeCommunity(pub [u32; 3]);

/// The text is not a community.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseCommunityError;

impl Community {
    /// The name of a well-known community.
    pub fn name(self) -> Option<&'static str> {
        NAMES
            .iter()
            .find(|(code, _)| *code == self.0)
            .map(|(_, name)| *name)
    }
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "{}:{}", self.0 >> 16, self.0 & 0xffff),
        }
    }
}

impl FromStr for Community {
    type Err = ParseCommunityError;
    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        if let Some((code, _)) = NAMES.iter().find(|(_, name)| *name == text) {
            return Ok(Self(*code));
        }
        let (high, low) = text.split_once(':').ok_or(ParseCommunityError)?;
        let part = |text: &str| text.parse::<u16>().map_err(|_| ParseCommunityError);
        Ok(Self((u32::from(part(high)?) << 16) | u32::from(part(low)?)))
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [administrator, first, second] = self.0;
        write!(f, "{administrator}:{first}:{second}")
    }
}

impl FromStr for LargeCommunity {
    type Err = ParseCommunityError;
    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let mut parts = text.split(':').map(str::parse::<u32>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(administrator)), Some(Ok(first)), Some(Ok(second)), None) => {
                Ok(Self([administrator, first, second]))
            }
            _ => Err(ParseCommunityError),
        }
    }
}

impl fmt::Display for ParseCommunityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a community: write 65000:1, a large one 65000:1:2, or a name such as NO_EXPORT",
        )
    }
}
impl core::error::Error for ParseCommunityError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn words_both_ways() {
        for (code, text) in [
            (0xfde8_0001, "65000:1"),
            (0xffff_ff01, "NO_EXPORT"),
            (0xffff_029a, "BLACKHOLE"),
            (0xffff_1234, "65535:4660"),
        ] {
            assert_eq!(Community(code).to_string(), text);
            assert_eq!(text.parse(), Ok(Community(code)));
        }
        assert_eq!("65536:1".parse::<Community>(), Err(ParseCommunityError));
        let large = LargeCommunity([u32::MAX, 0, 7]);
        assert_eq!(large.to_string(), "4294967295:0:7");
        assert_eq!("4294967295:0:7".parse(), Ok(large));
        assert_eq!("1:2".parse::<LargeCommunity>(), Err(ParseCommunityError));
    }
}
