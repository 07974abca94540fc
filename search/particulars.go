package search

import (
	"regexp"
	"strings"
)

// particulars are what belongs to one customer's case and to no article: where
// and when it happened, under which number. The digits of a date would make an
// article with the same digits the answer to everything that happened then.
var particulars = regexp.MustCompile(strings.Join([]string{
	`(?i:\bhttps?://\S+|\bwww\.\S+)`,
	`[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`,
	`\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?`,
	`\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)\d\d\b`,
	`\b\d{1,2}(?::\d\d){1,2}(?: ?[aApP]\.?[mM]\b)?|\b\d{1,2} ?[hH] ?\d\d\b|\b\d{1,2} ?[aApP]\.?[mM]\b`,
	`(?i:\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b)`,
	`\b(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2}|:\d+)?\b`,
	`(?i:\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)`,
	`\+\d[\d .\-]{7,}\d|\b0\d(?:[ .\-]?\d\d){4}\b`,
	`\b\d{5,}\b`,
}, "|"))

// ownNames are hosts and things numbered: "srv-4821.example.net", "vps48211".
// An article may have them too: "ssl0.example.net".
var ownNames = regexp.MustCompile(`(?i)\b[a-z0-9-]+(?:\.[a-z0-9-]+){2,}\b|\b[a-z]+[-_]?\d{4,}[a-z0-9-]*\b|\b[a-z]{2}-[0-9a-z]{4}-[0-9a-z]{2}\b`)

// withoutParticulars blanks them. What could be a host's or a thing's name goes
// when it has a part that no article has.
func (v *view) withoutParticulars(text string) string {
	text = particulars.ReplaceAllStringFunc(text, blanks)
	return ownNames.ReplaceAllStringFunc(text, func(s string) string {
		for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '.' || r == '-' || r == '_' }) {
			if v.vocab.df(fold(lower(part))) == 0 {
				return blanks(s)
			}
		}
		return s
	})
}

// blanks is as many bytes of space as s has.
func blanks(s string) string { return strings.Repeat(" ", len(s)) }
