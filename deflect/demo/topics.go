package demo

import (
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// topic is something people want to know: an article answers it, or nothing
// does yet.
type topic struct {
	pair     string // "" when no article answers it
	category string
	ask      map[string][]string // language -> questions
	routes   []string
	weight   float64
	quality  float64 // how often its article helps
	edited   int     // revision from which the quality is another
	after    float64
}

// gaps are questions that no article answers: what the content team should
// find in the reports.
var gaps = []topic{
	{category: "technical", weight: 2.2, ask: map[string][]string{
		"fr": {"configurer le reverse DNS de mon IPv6", "enregistrement PTR pour une adresse IPv6", "reverse IPv6 refusé par la console"},
		"en": {"set reverse DNS for an IPv6 address", "PTR record for IPv6", "reverse IPv6 refused by the console"},
	}},
	{category: "how-to", weight: 1.8, ask: map[string][]string{
		"fr": {"utiliser Terraform avec VMCloud", "existe-t-il un provider Terraform", "importer une VM existante dans Terraform"},
		"en": {"use Terraform with VMCloud", "is there a Terraform provider", "import an existing VM into Terraform"},
	}},
	{category: "billing", weight: 1.6, ask: map[string][]string{
		"fr": {"payer par mandat administratif", "facture avec numéro de bon de commande", "ajouter un bon de commande sur la facture"},
		"en": {"pay by purchase order", "put a PO number on the invoice", "invoice against a purchase order"},
	}},
	{category: "technical", weight: 1.4, ask: map[string][]string{
		"fr": {"monter un bucket comme un disque", "s3fs très lent sur le stockage objet", "rclone mount ne répond plus"},
		"en": {"mount a bucket as a disk", "s3fs is very slow on object storage", "rclone mount hangs"},
	}},
	{category: "account", weight: 1.2, ask: map[string][]string{
		"fr": {"connexion unique avec notre annuaire SAML", "activer le SSO pour l’équipe", "relier Azure AD à la console"},
		"en": {"single sign-on with our SAML directory", "turn on SSO for the team", "connect Azure AD to the console"},
	}},
	{category: "how-to", weight: 1.0, ask: map[string][]string{
		"fr": {"déplacer une VM vers une autre région", "changer de région sans perdre l’adresse IP", "copier un instantané vers un autre centre"},
		"en": {"move a VM to another region", "change region and keep the IP address", "copy a snapshot to another data centre"},
	}},
}

// makeTopics turns the articles into topics, some much asked and most hardly.
func (m *maker) makeTopics() error {
	byPair := map[string]*topic{}
	var order []string
	for _, a := range m.Articles {
		if len(a.Questions) == 0 {
			continue
		}
		t := byPair[a.Pair]
		if t == nil {
			t = &topic{pair: a.Pair, category: a.Category, ask: map[string][]string{}, routes: a.Contexts}
			byPair[a.Pair] = t
			order = append(order, a.Pair)
		}
		t.ask[a.Lang] = a.Questions
	}
	slices.Sort(order)
	for _, pair := range order {
		if t := byPair[pair]; len(t.ask["fr"]) > 0 && len(t.ask["en"]) > 0 {
			m.topics = append(m.topics, *t)
		}
	}
	if len(m.topics) < 4 {
		return errors.New("demo: want at least four articles with questions in both languages")
	}
	for rank, i := range m.Perm(len(m.topics)) {
		t := &m.topics[i]
		t.weight = 12 / math.Pow(float64(rank+1), 0.7)
		t.quality = 0.68 + 0.27*m.Float64()
		switch { // two articles are rewritten during the year, one for the better
		case rank == 0:
			t.edited, t.quality, t.after = 2, 0.66, 0.90
		case rank == 1:
			t.edited, t.quality, t.after = 2, 0.91, 0.70
		}
	}
	m.topics = append(m.topics, gaps...)
	return nil
}

func (m *maker) topic() *topic {
	weights := make([]float64, len(m.topics))
	for i, t := range m.topics {
		weights[i] = t.weight
	}
	return &m.topics[m.weighted(weights)]
}

// stop are words people leave out of a search.
var stop = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`le la les un une des de du d et à au aux en mon ma mes votre je ne pas est sont puis-je comment
		quels quelle que qui sur pour par avec sans dans ce cette son the a an of to in on my i is are how do does can what which when for with from your and or it`) {
		m[w] = true
	}
	return m
}()

// keywords are the words of a question that somebody would type.
func keywords(question string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(question), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-'
	}) {
		if utf8.RuneCountInString(w) > 1 && !stop[w] {
			out = append(out, w)
		}
	}
	return out
}

// query is how somebody searches for a topic: a few of its words.
func (m *maker) query(t *topic, lang string) string {
	words := keywords(pick(m.dice, t.ask[lang]))
	if len(words) == 0 {
		return strings.ToLower(pick(m.dice, t.ask[lang]))
	}
	n := min(len(words), 1+m.IntN(3))
	from := m.IntN(len(words) - n + 1)
	return strings.Join(words[from:from+n], " ")
}

// mistyped is a query with a slip that the search does not forgive.
func (m *maker) mistyped(q string) string {
	runes := []rune(q)
	for i := range runes {
		if i%3 == 1 && i+1 < len(runes) {
			runes[i], runes[i+1] = runes[i+1], runes[i]
		}
	}
	return string(runes)
}
