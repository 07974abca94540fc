package gaps

import (
	"crypto/sha1" //nolint:gosec // git names files by SHA-1
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Draft is the beginning of an article for a gap: an author finishes it.
type Draft struct {
	Lang     string
	Section  string // folder below the language: "faq"
	Slug     string // file name without .md
	Title    string
	Category string // of D-33, "" for none
	Updated  time.Time
	// Questions are the customers' own words, redacted: the article's own
	// relevance test.
	Questions []string
	// Answers are the replies that solved the gap's tickets, redacted.
	Answers []string
	Words   DraftWords
}

// DraftWords are the draft's fixed texts in its language.
type DraftWords struct {
	Description string // of the front matter, for the author to replace
	Lead        string // what the author has to do
	Answer      string // heading over the replies
	Steps       string // heading of the section to write
	Fails       string // heading of the section on what to do when it fails
}

// The bounds of a draft's questions and answers, in numbers and characters.
const (
	maxQuestions = 8
	maxQuestion  = 140
	maxTitle     = 90
	maxAnswers   = 5
	maxAnswer    = 4000
)

// NewDraft makes the draft of a gap in a language: its questions are the gap's
// texts in that language, most typical first, each said once; the answers are
// replies, and names are people's that must not stand in it.
func NewDraft(g Gap, lang, section string, now time.Time, answers, names []string) Draft {
	d := Draft{Lang: lang, Section: section, Category: g.Category, Updated: now}
	seen := map[string]bool{}
	for _, t := range g.Texts {
		if t.Lang != lang || len(d.Questions) == maxQuestions {
			continue
		}
		q := question(Redact(t.Text, names...))
		if key := strings.ToLower(q); q != "" && !seen[key] {
			seen[key] = true
			d.Questions = append(d.Questions, q)
		}
	}
	d.Title = question(Redact(g.Texts[0].Text, names...))
	if len(d.Questions) > 0 {
		d.Title = d.Questions[0]
	}
	d.Title = capital(cut(d.Title, maxTitle))
	d.Slug = Slug(d.Title)
	for _, a := range answers {
		if a = cut(Redact(a, names...), maxAnswer); a != "" && len(d.Answers) < maxAnswers && !slices.Contains(d.Answers, a) {
			d.Answers = append(d.Answers, a)
		}
	}
	return d
}

// question is what a text asks: its last sentence with a question mark, else
// its first, on one line.
func question(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.LastIndexByte(text, '?'); i > 0 {
		head := strings.TrimRight(text[:i], " \u00a0\u202f")
		start := strings.LastIndexAny(head, ".!?\n") + 1
		return cut(strings.TrimSpace(head[start:]), maxQuestion)
	}
	if first, _, ok := strings.Cut(text, ". "); ok && utf8.RuneCountInString(first) > 12 {
		text = first
	}
	return cut(strings.TrimRight(text, "."), maxQuestion)
}

// cut shortens to n characters at a word's end.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	s = string(r[:n])
	if i := strings.LastIndexByte(s, ' '); i > n/2 {
		s = s[:i]
	}
	return s + "…"
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// Slug is a file name for a title: unaccented lower-case words with hyphens,
// "article" when nothing is left.
func Slug(title string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(strings.NewReplacer("œ", "oe", "æ", "ae").Replace(title))) {
		switch {
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "article"
}

// Path is the draft's place below the content folder.
func (d Draft) Path() string { return path.Join(d.Lang, d.Section, d.Slug+".md") }

// Markdown is the draft's file: front matter that `ricochet lint` accepts, the
// replies as quotations, and the sections an author has to write.
func (d Draft) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: %s\ndescription: %s\n", quote(d.Title), quote(d.Words.Description))
	if d.Category != "" {
		fmt.Fprintf(&b, "category: %s\n", d.Category)
	}
	fmt.Fprintf(&b, "updated: %s\nrevision: 1\n", d.Updated.Format(time.DateOnly))
	if len(d.Questions) > 0 {
		b.WriteString("questions:\n")
		for _, q := range d.Questions {
			fmt.Fprintf(&b, "  - %s\n", quote(q))
		}
	}
	fmt.Fprintf(&b, "---\n%s\n\n## %s\n", d.Words.Lead, d.Words.Steps)
	if len(d.Answers) > 0 {
		fmt.Fprintf(&b, "\n## %s\n", d.Words.Answer)
		for _, a := range d.Answers {
			b.WriteByte('\n')
			for line := range strings.SplitSeq(a, "\n") {
				b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
			}
		}
	}
	fmt.Fprintf(&b, "\n## %s\n", d.Words.Fails)
	return b.String()
}

// quote writes a text as a YAML double-quoted scalar that people can read:
// only what must be is escaped.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\u00a0' || r == '\u202f' || unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return b.String() + `"`
}

// Patch is the draft as a mail that `git am` applies: the file below prefix,
// the content folder in its repository.
func (d Draft) Patch(prefix, author string) string {
	text := d.Markdown()
	name := path.Join(prefix, d.Path())
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	blob := sha1.Sum([]byte("blob " + strconv.Itoa(len(text)) + "\x00" + text)) //nolint:gosec // git's name of the file
	var b strings.Builder
	fmt.Fprintf(&b, "From %040d Mon Sep 17 00:00:00 2001\nFrom: %s\nDate: %s\n", 0, author, d.Updated.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "Subject: [PATCH] content: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n", d.Slug)
	fmt.Fprintf(&b, "---\n %s | %d %s\n 1 file changed, %d insertions(+)\n create mode 100644 %s\n\n", name, len(lines), strings.Repeat("+", min(len(lines), 40)), len(lines), name)
	fmt.Fprintf(&b, "diff --git a/%s b/%s\nnew file mode 100644\nindex 0000000..%s\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1,%d @@\n", name, name, hex.EncodeToString(blob[:])[:7], name, len(lines))
	for _, l := range lines {
		b.WriteString("+" + l + "\n")
	}
	b.WriteString("-- \nRicochet\n")
	return b.String()
}
