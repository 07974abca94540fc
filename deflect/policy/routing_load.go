package policy

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// DefaultRulesYAML is the shipped rules file (D-23).
//
//go:embed routing.yaml
var DefaultRulesYAML []byte

// Limits of a rules file: what every new ticket pays for.
const (
	maxRules    = 200
	maxKeywords = 2000 // together
	maxRegex    = 50
	maxKeyword  = 100 // bytes
)

// Vocabulary is what a rules file may name. A category of the second level is
// named behind its first: "technical/outage".
type Vocabulary struct {
	Categories, Components, Queues, Tiers, Langs, Channels, Priorities []string
}

// ParseRules reads a rules file; file is its name in Problems. A file with a
// mistake is refused whole, every mistake named.
func ParseRules(file string, data []byte, v Vocabulary) (*Rules, error) {
	l := &rulesLoader{reader: reader{file: file}, vocabulary: v, rules: &Rules{phrases: map[string][]phrase{}}, names: map[string]int{}}
	body, err := parse(data)
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	l.root(body)
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, l.problems
	}
	return l.rules, nil
}

// rulesLoader reads one rules file.
type rulesLoader struct {
	reader
	vocabulary Vocabulary
	rules      *Rules
	names      map[string]int // line of each
	keywords   int
	regexes    int
}

func (l *rulesLoader) root(n ast.Node) {
	f := l.fields(n, "rules file", "rules")
	if f["rules"] == nil {
		l.fail(n, "rules file: rules are missing; an empty list is `rules: []`")
		return
	}
	list := l.list(f["rules"], "rules")
	if len(list) > maxRules {
		l.fail(f["rules"], "%d rules, at most %d are read", len(list), maxRules)
		return
	}
	for i, v := range list {
		l.rule(i, v)
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxSlug = 40

func (l *rulesLoader) rule(i int, n ast.Node) {
	what := fmt.Sprintf("rule %d", i+1)
	f := l.fields(n, what, "name", "says", "when", "then", "stop")
	r := rule{line: line(n), subjID: -1, textID: -1, rxID: -1, says: map[string]string{}}
	if f["name"] == nil {
		l.fail(n, "%s: name is missing", what)
	} else if r.name = l.slug(f["name"], what+" name"); r.name != "" {
		what = "rule " + r.name
		if first, twice := l.names[r.name]; twice {
			l.fail(f["name"], "%s: the name is taken by the rule on line %d", what, first)
		}
		l.names[r.name] = line(f["name"])
	}
	if v := f["says"]; v != nil {
		for _, p := range l.mapping(v, what+" says") {
			l.known(p.at, what+" says", p.key, l.vocabulary.Langs)
			r.says[p.key] = l.text(p.value, what+" says")
		}
	}
	if v := f["when"]; v == nil {
		l.fail(n, "%s: when is missing; a rule for every ticket has `when: {}`", what)
	} else {
		l.when(&r, v, what+" when")
	}
	if v := f["then"]; v == nil {
		l.fail(n, "%s: then is missing", what)
	} else {
		l.then(&r, v, what+" then")
	}
	if v := f["stop"]; v != nil {
		r.stop = l.yes(v, what+" stop")
	}
	l.rules.list = append(l.rules.list, r)
}

// when reads the conditions of a rule.
func (l *rulesLoader) when(r *rule, n ast.Node, what string) {
	f := l.fields(n, what, "subject", "text", "regex", "category", "component", "tier", "lang", "channel", "priority", "unverified")
	if v := f["subject"]; v != nil {
		r.subjID = l.textCondition()
		l.words(v, what+" subject", r.subjID, true)
	}
	if v := f["text"]; v != nil {
		r.textID = l.textCondition()
		l.words(v, what+" text", r.textID, false)
	}
	if v := f["regex"]; v != nil {
		r.rxID = l.textCondition()
		r.regex = l.regex(v, what+" regex")
	}
	choice := func(key string, known []string) []string {
		if f[key] == nil {
			return nil
		}
		return l.choices(f[key], what+" "+key, known)
	}
	r.when = conditions{
		category:  choice("category", append([]string{Unknown}, l.vocabulary.Categories...)),
		component: choice("component", append([]string{Unknown}, l.vocabulary.Components...)), tier: choice("tier", l.vocabulary.Tiers),
		lang: choice("lang", l.vocabulary.Langs), channel: choice("channel", l.vocabulary.Channels), priority: choice("priority", l.vocabulary.Priorities),
	}
	if v := f["unverified"]; v != nil {
		yes := l.yes(v, what+" unverified")
		r.when.unverified = &yes
	}
}

func (l *rulesLoader) textCondition() int {
	l.rules.texts++
	return l.rules.texts - 1
}

// words reads keywords: a list for any language, or lists by language.
func (l *rulesLoader) words(n ast.Node, what string, id int, subject bool) {
	if _, isList := n.(*ast.SequenceNode); isList {
		l.keywordList(n, what, "", id, subject)
		return
	}
	for _, p := range l.mapping(n, what) {
		lang := p.key
		if lang == "any" {
			lang = ""
		} else {
			l.known(p.at, what, lang, l.vocabulary.Langs)
		}
		l.keywordList(p.value, what, lang, id, subject)
	}
}

func (l *rulesLoader) keywordList(n ast.Node, what, lang string, id int, subject bool) {
	values := l.list(n, what)
	if len(values) == 0 {
		l.fail(n, "%s: the list is empty, so the rule would never hold", what)
	}
	for _, v := range values {
		text := fold(strings.TrimSpace(l.text(v, what)))
		if l.keywords++; l.keywords > maxKeywords {
			l.fail(v, "more than %d keywords in the file", maxKeywords)
			return
		}
		split := words(text)
		switch {
		case text == "" || len(text) > maxKeyword:
			l.fail(v, "%s: want a keyword of 1 to %d bytes", what, maxKeyword)
		case len(split) > 0 && isWords(text):
			l.rules.phrases[split[0]] = append(l.rules.phrases[split[0]], phrase{split, lang, id, subject})
		default:
			l.rules.literals = append(l.rules.literals, literal{text, lang, id, subject})
		}
	}
}

// isWords says whether a folded keyword is words and what stands between them,
// so that it matches whole words only.
func isWords(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !isWord(r) && !strings.ContainsRune(" '-", r) }) < 0
}

func (l *rulesLoader) regex(n ast.Node, what string) *regexp.Regexp {
	text := l.text(n, what)
	if l.regexes++; l.regexes > maxRegex {
		l.fail(n, "more than %d regular expressions in the file", maxRegex)
		return nil
	}
	if text == "" || len(text) > 4*maxKeyword {
		l.fail(n, "%s: want a regular expression of 1 to %d bytes", what, 4*maxKeyword)
		return nil
	}
	rx, err := regexp.Compile(text)
	if err != nil {
		l.fail(n, "%s: %s", what, err)
		return nil
	}
	if rx.MatchString("") {
		l.fail(n, "%s: %q matches every text", what, text)
	}
	return rx
}

// then reads the actions of a rule.
func (l *rulesLoader) then(r *rule, n ast.Node, what string) {
	f := l.fields(n, what, "priority", "at_least", "raise", "category", "component", "queue", "tags", "skills", "page")
	if len(f) == 0 {
		l.fail(n, "%s: the rule does nothing", what)
	}
	one := func(key string, known []string) string {
		if f[key] == nil {
			return ""
		}
		text := l.text(f[key], what+" "+key)
		l.known(f[key], what+" "+key, text, known)
		return text
	}
	settable := slices.DeleteFunc(slices.Clone(l.vocabulary.Priorities), func(p string) bool { return p == "P0" }) // D-5
	a := actions{
		priority: one("priority", settable), atLeast: one("at_least", settable),
		category: one("category", l.vocabulary.Categories), component: one("component", l.vocabulary.Components),
		queue: one("queue", l.vocabulary.Queues),
	}
	if v := f["raise"]; v != nil {
		steps, err := strconv.Atoi(l.text(v, what+" raise"))
		if err != nil || steps < 1 || steps > 3 {
			l.fail(v, "%s raise: want 1, 2 or 3 steps", what)
		}
		a.raise = steps
	}
	given := 0
	for _, key := range []string{"priority", "at_least", "raise"} {
		if f[key] != nil {
			given++
		}
	}
	if given > 1 {
		l.fail(n, "%s: priority, at_least and raise exclude each other", what)
	}
	if v := f["tags"]; v != nil {
		if a.tags = l.slugs(v, what+" tags"); len(a.tags) > MaxTags {
			l.fail(v, "%s: %d tags, a ticket has at most %d (D-23)", what, len(a.tags), MaxTags)
		}
	}
	if v := f["skills"]; v != nil {
		a.skills = l.slugs(v, what+" skills")
	}
	if v := f["page"]; v != nil {
		a.page = l.yes(v, what+" page")
	}
	r.then = a
}

func (l *rulesLoader) slugs(n ast.Node, what string) []string {
	var out []string
	for _, v := range l.list(n, what) {
		if s := l.slug(v, what); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// slug is a name of small letters, digits and hyphens.
func (l *rulesLoader) slug(n ast.Node, what string) string {
	text := l.text(n, what)
	if len(text) > maxSlug || !slug.MatchString(text) {
		l.fail(n, "%s: %q, want small letters, digits and hyphens, at most %d", what, text, maxSlug)
		return ""
	}
	return text
}

// choices is a list of known values, or one of them alone.
func (l *rulesLoader) choices(n ast.Node, what string, known []string) []string {
	values := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		values = s.Values
	}
	out := []string{}
	for _, v := range values {
		text := l.text(v, what)
		l.known(v, what, text, known)
		out = append(out, text)
	}
	if len(out) == 0 {
		l.fail(n, "%s: the list is empty, so the rule would never hold", what)
	}
	return out
}

func (l *rulesLoader) known(n ast.Node, what, v string, known []string) {
	if !slices.Contains(known, v) {
		l.fail(n, "%s: unknown value %q, want one of %s", what, v, strings.Join(known, ", "))
	}
}
