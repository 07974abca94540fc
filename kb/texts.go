package kb

import (
	"strings"

	"github.com/vmcloud/ricochet/kb/markdown"
)

// foldKey is a text without accents, case and punctuation, for comparing and
// ordering.
func foldKey(s string) string { return markdown.Slug(s) }

// DefaultTexts are the words the renderer itself writes into articles of a
// language: French for "fr" and its regions, else English.
func DefaultTexts(lang string) markdown.Texts {
	if base, _, _ := strings.Cut(lang, "-"); base == "fr" {
		return markdown.FrenchTexts()
	}
	return markdown.EnglishTexts()
}
