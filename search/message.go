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
	f, err := x.answering(ctx, s, v, m)
	if err != nil || f == nil {
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

const (
	maxAsked    = 5   // questions of a message that are looked at one by one
	maxQuestion = 300 // bytes of each
)

// answering is what was found for a message: for all of it or, when that is
// answered by nothing, for its subject or the one of its questions that is
// answered best. People tell where they come from before they ask, and that is
// in no article; what they only tell is no question, though an article may have
// its words. nil when nothing answers.
func (x *Index) answering(ctx context.Context, s *snapshot, v *view, m Message) (*found, error) {
	text := v.question(m)
	f, err := x.find(ctx, s, v, text, false)
	if err != nil || len(f.top) > 0 && f.confidence(0) >= minConfidence {
		return f, err
	}
	var best *found
	sure := minConfidence
	for _, one := range questionsIn(text, m.Subject != "") {
		if strings.TrimSpace(one) == strings.TrimSpace(text) {
			continue
		}
		if f, err = x.find(ctx, s, v, one, false); err != nil {
			return nil, err
		}
		if len(f.top) > 0 && len(f.plan.units) > 1 && f.confidence(0) >= sure {
			best, sure = f, f.confidence(0)
		}
	}
	return best, nil
}

var sentenceEnd = regexp.MustCompile(`[.!?…]+(?:\s+|$)|\n+`)

// questionsIn are the first questions of a text, and its first line if that is a
// subject.
func questionsIn(text string, subject bool) []string {
	var out []string
	from := 0
	for _, end := range sentenceEnd.FindAllStringIndex(text, -1) {
		one := text[from:end[0]]
		if strings.ContainsRune(text[end[0]:end[1]], '?') || subject && from == 0 {
			out = append(out, clip(one, maxQuestion))
		}
		if from = end[1]; len(out) == maxAsked {
			break
		}
	}
	return out
}

// question is what a message asks, without whom it is from and about.
func (v *view) question(m Message) string { return v.withoutNames(v.withoutParticulars(m.query())) }

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
