//! What is wrong with one value, before anybody knows where it stands.

/// What is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: None,
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what would be right, where it is known.
    #[must_use]
    pub(super) fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// "did you mean `x`?" where one of `known` is near enough to `word`.
pub(super) fn did_you_mean<'k>(
    word: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    nearest(word, known).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The one of `known` nearest to `word`: the same but for case and separators, or a few typing
/// errors away (a third of the letters at most).
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let bare = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let word = bare(word);
    known
        .into_iter()
        .map(|candidate| {
            let candidate_bare = bare(candidate);
            let distance = strsim::damerau_levenshtein(&word, &candidate_bare);
            let allowed = (candidate_bare.chars().count() / 3).max(1);
            (distance, allowed, candidate)
        })
        .filter(|&(distance, allowed, _)| distance <= allowed)
        .min_by_key(|&(distance, ..)| distance)
        .map(|(.., candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let known = ["remote-as", "local-as", "hold-time", "name", "import"];
        let nearest = |word| nearest(word, known);
        assert_eq!(nearest("remoteas"), Some("remote-as"));
        assert_eq!(nearest("Remote_AS"), Some("remote-as"));
        assert_eq!(nearest("hodl-time"), Some("hold-time"));
        assert_eq!(nearest("improt"), Some("import"));
        assert_eq!(nearest("nmae"), Some("name"));
        assert_eq!(nearest("colour"), None);
    }
}
