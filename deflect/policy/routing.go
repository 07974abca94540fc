package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Rules sort tickets as they come in (D-11, D-22, D-23). They are tried from
// the first to the last; each sees what those before it changed. Safe for
// concurrent use.
type Rules struct {
	list     []rule
	phrases  map[string][]phrase // by their first word
	literals []literal
	texts    int // conditions on texts
}

// rule is one entry of a rules file.
type rule struct {
	name   string
	says   map[string]string // what it does in words, by language
	line   int
	when   conditions
	then   actions
	stop   bool
	subjID int // index of the condition on the subject, -1 for none
	textID int
	regex  *regexp.Regexp
	rxID   int
}

// conditions all have to hold; a list holds when one of its values does. Nil
// lists ask nothing.
type conditions struct {
	category, component, tier, lang, channel, priority []string
	unverified                                         *bool
}

// actions are what a rule does. Zero values do nothing.
type actions struct {
	priority, atLeast string
	raise             int
	category, queue   string
	component         string
	tags, skills      []string
	page              bool
}

// phrase is some words in a row that a condition looks for.
type phrase struct {
	words   []string
	lang    string // "" for any
	id      int
	subject bool
}

// literal is a piece of text with signs in it, such as "[URGENT]".
type literal struct {
	text    string
	lang    string
	id      int
	subject bool
}

// Unknown is how rules name a category that was not chosen (D-30).
const Unknown = "unknown"

// MaxTags is how many tags a ticket has at most (D-23).
const MaxTags = 5

// maxRead bounds the part of a text that regular expressions see, in bytes.
const maxRead = 16 << 10

// Case is what is known of a ticket when the rules decide.
type Case struct {
	Category   string // "technical" or, with its kind, "technical/outage"; "" when none was chosen
	Component  string // of the product, "" when nobody named one
	Tier       string
	Lang       string // the customer's, which need not be the text's
	Channel    string
	Priority   string // proposed from impact and urgency
	Unverified bool   // nobody has proved to read the sender's address
}

// Decision is what the rules made of a Case.
type Decision struct {
	Fired     []string // names of the rules that held
	Category  string   // as in Case
	Component string
	Priority  string
	Queue     string // "" when no rule named one
	Tags      []string
	Skills    []string
	Page      bool // tell on-call at once
}

// Reading says which of the rules' conditions on texts a ticket meets. It is
// the dear part of deciding and needs no database.
type Reading struct{ met []bool }

// Read looks for the rules' words in a ticket. Words listed under a language
// count in texts of that language, which the text's common words tell and
// else lang, the customer's.
func (r *Rules) Read(subject, body, lang string) Reading {
	met := make([]bool, r.texts)
	foldedSubject, foldedBody := fold(subject), fold(body)
	head, rest := words(foldedSubject), words(foldedBody)
	lang = langOf(lang, head, rest)
	r.readWords(met, head, lang, true)
	r.readWords(met, rest, lang, false)
	for _, l := range r.literals {
		if l.lang == "" || l.lang == lang {
			met[l.id] = met[l.id] || strings.Contains(foldedSubject, l.text) || !l.subject && strings.Contains(foldedBody, l.text)
		}
	}
	text := ""
	for _, rule := range r.list {
		if rule.regex == nil {
			continue
		}
		if text == "" {
			text = subject + "\n" + body
			text = text[:min(len(text), maxRead)]
		}
		met[rule.rxID] = rule.regex.MatchString(text)
	}
	return Reading{met}
}

// readWords marks the conditions whose phrase stands in a run of words.
func (r *Rules) readWords(met []bool, text []string, lang string, subject bool) {
	for i, w := range text {
		for _, p := range r.phrases[w] {
			if met[p.id] || p.subject && !subject || p.lang != "" && p.lang != lang || len(p.words) > len(text)-i {
				continue
			}
			met[p.id] = slices.Equal(p.words, text[i:i+len(p.words)])
		}
	}
}

// Decide runs the rules. P0 is never the outcome: only staff set it (D-5).
func (r *Rules) Decide(read Reading, c Case) Decision {
	d := Decision{Category: c.Category, Component: c.Component, Priority: c.Priority}
	for i := range r.list {
		rule := &r.list[i]
		if !rule.reads(read) || !rule.holds(c, d) {
			continue
		}
		rule.then.apply(&d)
		d.Fired = append(d.Fired, rule.name)
		if rule.stop {
			break
		}
	}
	slices.Sort(d.Tags)
	return d
}

// reads says whether the texts are as the rule wants them.
func (r *rule) reads(read Reading) bool {
	for _, id := range [...]int{r.subjID, r.textID, r.rxID} {
		if id >= 0 && !read.met[id] {
			return false
		}
	}
	return true
}

// holds says whether all else is as the rule wants it, after the rules before.
func (r *rule) holds(c Case, d Decision) bool {
	category, component := cmp.Or(d.Category, Unknown), cmp.Or(d.Component, Unknown)
	w := &r.when
	return among(w.tier, c.Tier) && among(w.lang, c.Lang) && among(w.channel, c.Channel) && among(w.priority, d.Priority) &&
		inCategory(w.category, category) && among(w.component, component) && (w.unverified == nil || *w.unverified == c.Unverified)
}

func among(list []string, v string) bool { return list == nil || slices.Contains(list, v) }

// inCategory says whether v is one of the categories or lies below one.
func inCategory(list []string, v string) bool {
	return list == nil || slices.ContainsFunc(list, func(c string) bool { return v == c || strings.HasPrefix(v, c+"/") })
}

// apply does what a rule says. Priorities are compared as text: P1 is more
// urgent than P2.
func (a *actions) apply(d *Decision) {
	if a.priority != "" {
		d.Priority = a.priority
	}
	if a.atLeast != "" && d.Priority > a.atLeast {
		d.Priority = a.atLeast
	}
	for range a.raise {
		if d.Priority > "P1" {
			d.Priority = "P" + string(d.Priority[1]-1)
		}
	}
	if a.category != "" {
		d.Category = a.category
	}
	if a.component != "" {
		d.Component = a.component
	}
	if a.queue != "" {
		d.Queue = a.queue
	}
	d.Page = d.Page || a.page
	for _, t := range a.tags {
		if len(d.Tags) < MaxTags && !slices.Contains(d.Tags, t) {
			d.Tags = append(d.Tags, t)
		}
	}
	for _, s := range a.skills {
		if !slices.Contains(d.Skills, s) {
			d.Skills = append(d.Skills, s)
		}
	}
}

// Len is the number of rules.
func (r *Rules) Len() int { return len(r.list) }

// Says is what a rule does in the words of its author; its name when the file
// says nothing or has no such rule any more.
func (r *Rules) Says(name, lang string) string {
	for i := range r.list {
		if r.list[i].name == name && r.list[i].says[lang] != "" {
			return r.list[i].says[lang]
		}
	}
	return name
}
