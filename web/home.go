package web

import (
	"github.com/vmcloud/ricochet/kb"
)

var homePage = definePage[homeView]("home")

type homeView struct {
	Chrome
	Sections []sectionCard
	Popular  []*kb.Article
	Counted  bool // Popular is by views; otherwise the articles to begin with
	Recent   []*kb.Article
	Examples []string // searches to try
	Articles int
}

type sectionCard struct {
	Path, Slug, Title, Description string
	Count                          int
}

// homeLists is how many articles each list of the home page shows.
const homeLists = 6

func (s *Server) homeView(sh *shelf, p *shelfPage) homeView {
	loc := p.locale
	v := homeView{Chrome: s.chrome(loc, "", "")}
	v.Kind = "home"
	v.HideSearch = true
	v.Description = loc.T("home.about")
	v.JSONLD = []JSONLD{jsonLD(map[string]any{
		"@context": "https://schema.org", "@type": "WebSite", "name": loc.T("site.title"), "url": s.absolute(v.Path), "inLanguage": loc.Lang,
	})}
	v.Sections = sectionCards(sh.library, loc)
	v.Articles = len(sh.library.Articles(loc.Lang))
	v.Popular, v.Counted = s.popular(sh.library, loc.Lang)
	v.Recent = sh.library.RecentlyUpdated(loc.Lang, homeLists)
	for _, key := range []string{"home.try1", "home.try2", "home.try3"} {
		v.Examples = append(v.Examples, loc.T(key))
	}
	return v
}

// sectionCards are the sections of a language, for cards and lists.
func sectionCards(library *kb.Library, loc *Locale) []sectionCard {
	var cards []sectionCard
	for _, section := range library.Sections(loc.Lang) {
		cards = append(cards, sectionCard{
			Path: "/" + loc.Lang + "/" + section.Slug + "/", Slug: section.Slug,
			Title: sectionTitle(loc, section), Description: section.Description, Count: len(section.Articles),
		})
	}
	return cards
}

// popular is what people read most; until enough of that is known, the first
// article of each section, and counted is false.
func (s *Server) popular(library *kb.Library, lang string) (list []*kb.Article, counted bool) {
	const enough = 3
	if s.opt.Popular != nil {
		for _, pair := range s.opt.Popular(lang, homeLists) {
			if a := library.ByPair(lang, pair); a != nil {
				list = append(list, a)
			}
		}
	}
	if len(list) >= enough {
		return list, true
	}
	list = nil
	sections := library.Sections(lang)
	for depth := 0; len(list) < homeLists && depth < homeLists; depth++ {
		for _, section := range sections {
			if depth < len(section.Articles) && len(list) < homeLists {
				list = append(list, section.Articles[depth])
			}
		}
	}
	return list, false
}

// sectionTitle is the section's own title, else the locale's word for its
// slug, else the slug made readable.
func sectionTitle(loc *Locale, section *kb.Section) string {
	if key := "section." + section.Slug; !section.Explicit && loc.Has(key) {
		return loc.T(key)
	}
	return section.Title
}

// sectionName is sectionTitle for a slug, in a language that may lack it.
func sectionName(library *kb.Library, loc *Locale, slug string) string {
	if section := library.Section(loc.Lang, slug); section != nil {
		return sectionTitle(loc, section)
	}
	if key := "section." + slug; loc.Has(key) {
		return loc.T(key)
	}
	for _, lang := range library.Langs() {
		if section := library.Section(lang, slug); section != nil {
			return section.Title
		}
	}
	return slug
}
