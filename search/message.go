package search

import (
	"context"
	"regexp"
	"strings"
)

// Message is what somebody wrote in the contact form.
type Message struct {
	Lang    string // language of the site
	Subject string
	Body    string // hostile: the first 16,000 bytes are read
}

// Suggestion is an article that answers a message.
type Suggestion struct {
	Hit
	Passage    string  // the text of the passage that answers, whole
	Confidence float64 // between 0 and 1, calibrated: see confidence
}

// Suggest finds what answers a message, best first, at most limit articles
// (0 means 3). It returns nothing when nothing answers.
func (x *Index) Suggest(ctx context.Context, m Message, limit int) ([]Suggestion, error) {
	s, release, err := x.acquire()
	if err != nil {
		return nil, err
	}
	defer release()
	v := s.views[m.Lang]
	if v == nil {
		return nil, nil
	}
	if limit <= 0 {
		limit = 3
	}
	f, err := x.find(ctx, s, v, v.withoutNames(m.query()), false)
	if err != nil {
		return nil, err
	}
	var out []Suggestion
	for i, c := range f.top {
		conf := f.confidence(i)
		if len(out) == min(limit, maxLimit) || conf < minConfidence {
			break
		}
		sg := Suggestion{Hit: s.hit(f, c), Confidence: conf}
		if art := sg.Article; c.best >= 0 && c.best < len(art.Passages) {
			sg.Passage = art.Text(c.best).Text
		}
		out = append(out, sg)
	}
	return out, nil
}

// query is what is worth searching in a message: its subject and its body
// without quoted mail, signature and logs beyond their error lines.
func (m Message) query() string {
	subject := clip(m.Subject, 1_000)
	for {
		rest := replyPrefix.ReplaceAllString(subject, "")
		if rest == subject {
			break
		}
		subject = rest
	}
	var b strings.Builder
	b.WriteString(subject)
	for _, line := range bodyLines(clip(m.Body, maxText)) {
		b.WriteString("\n")
		b.WriteString(line)
	}
	b.WriteString("\n")
	return b.String()
}

var (
	replyPrefix = regexp.MustCompile(`^\s*(?i:re|fw|fwd|tr|rép|aw|wg)\s*:\s*`)
	quoteHeader = regexp.MustCompile(`(?i)^\s*(le .{4,80} a écrit|on .{4,80} wrote|am .{4,80} schrieb|-{2,} ?(message d'origine|original message|forwarded message|message transféré))`)
	sentFrom    = regexp.MustCompile(`(?i)^\s*(envoyé de(puis)? mon|sent from my|gesendet von meinem)`)
	logLine     = regexp.MustCompile(`^\s*(\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?\d{1,2}/[A-Za-z0-9]{2,3}/\d{4}|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\[\s*\d+\.\d+\]|at [\w.$]+\(|\s+File ")`)
	errorWord   = regexp.MustCompile(`(?i)error|erreur|fail|échec|denied|refused|timed? ?out|fatal|panic|critical|exception|not found|unable|cannot`)
	logStamp    = regexp.MustCompile(`^\s*\[?[\d:T/.,+Z\- ]{8,40}\]?`)
)

// bodyLines are the lines of a body that a person wrote, and the error lines
// of the logs pasted in it, each error once.
func bodyLines(body string) []string {
	var out []string
	seen := map[string]bool{}
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.TrimRight(line, "\r")
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(trimmed, ">"), sentFrom.MatchString(line):
			continue
		case trimmed == "--", quoteHeader.MatchString(line):
			return out // signature, or the mail this one answers
		case logLine.MatchString(line):
			line = logStamp.ReplaceAllString(line, "")
			if !errorWord.MatchString(line) || seen[line] || len(seen) >= 5 {
				continue
			}
			seen[line] = true
			line = clip(line, 200)
		}
		out = append(out, line)
	}
	return out
}
