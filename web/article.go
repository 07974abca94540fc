package web

import (
	"html/template"
	"slices"
	"time"

	"github.com/vmcloud/ricochet/kb"
)

var articlePage = definePage[articleView]("article")

type articleView struct {
	Chrome
	Article     *kb.Article
	Body        template.HTML
	Section     string // title
	SectionPath string
	Minutes     int
	Contents    []kb.Heading
	Siblings    []sibling
	SectionSize int // 0 when Siblings is the whole section
	Prev, Next  *kb.Article
	Borrowed    string   // name of the language the article is shown in, "" when it is the reader's
	Reasons     []string // why an article did not help, as the vote form's values
	ContactPath string
}

// sibling is an entry of the section's navigation.
type sibling struct {
	Path, Title string
	Current     bool
}

// voteReasons are the reasons for a "no", in the order they are shown; the
// texts are vote.reason_<value>.
var voteReasons = []string{"incomplete", "inaccurate", "hard_to_follow", "broken", "other"}

// maxSiblings bounds the navigation: a section of thousands must not make
// every page of it long.
const maxSiblings = 40

// minContents is the fewest headings worth a contents list.
const minContents = 2

func (s *Server) articleView(sh *shelf, p *shelfPage) articleView {
	loc, a := p.locale, p.article
	v := articleView{
		Chrome:      s.chrome(loc, a.Section+"/"+a.Slug, a.Title),
		Article:     a,
		Body:        template.HTML(a.HTML()), // sanitised by the library
		Section:     sectionName(sh.library, loc, a.Section),
		SectionPath: "/" + loc.Lang + "/" + a.Section + "/",
		Minutes:     a.ReadingMinutes(),
		Reasons:     voteReasons,
		ContactPath: "/" + loc.Lang + "/contact",
	}
	v.Kind, v.OGType, v.Description, v.Updated = "article", "article", a.Description, a.Updated
	if sh.pages[v.SectionPath] == nil {
		v.SectionPath = "" // a section that this language does not have
	}
	if a.Lang != loc.Lang {
		v.Borrowed = languageName(loc, a.Lang)
	}
	if len(a.Headings) >= minContents {
		v.Contents = a.Headings
	}
	v.Siblings, v.SectionSize = siblings(sh.library, a, loc.Lang)
	v.Prev, v.Next = sh.library.PrevNext(a)
	s.articleLanguages(sh, &v.Chrome, loc, a)
	v.crumbs(loc, Crumb{v.Section, v.SectionPath}, Crumb{a.Title, ""})
	if v.SectionPath == "" {
		v.Crumbs = slices.Delete(v.Crumbs, 1, 2)
	}
	v.JSONLD = []JSONLD{jsonLD(s.techArticle(loc, a)), jsonLD(s.breadcrumbList(v.Crumbs, a.URL()))}
	return v
}

// languageName is what loc calls a language, its tag when it has no word.
func languageName(loc *Locale, lang string) string {
	if key := "language." + lang; loc.Has(key) {
		return loc.T(key)
	}
	return lang
}

// articleLanguages sets the addresses of the article in every language: the
// canonical one is where it was written, hreflang names translations alone,
// the language switch leads to the same article wherever that is.
func (s *Server) articleLanguages(sh *shelf, ch *Chrome, loc *Locale, a *kb.Article) {
	ch.Canonical = s.absolute(a.URL())
	ch.Alternates, ch.Languages = nil, nil
	for _, other := range s.locales.All {
		path := pathIn(other.Lang, a)
		if t := sh.library.Translation(a, other.Lang); t != nil {
			path = t.URL()
			ch.Alternates = append(ch.Alternates, Alternate{other.Lang, s.absolute(path)})
		}
		if other != loc {
			ch.Languages = append(ch.Languages, LanguageLink{other.Lang, other.Name, path})
		}
	}
	if preferred := sh.library.Translation(a, s.locales.Default.Lang); preferred != nil {
		ch.Alternates = append(ch.Alternates, Alternate{"x-default", s.absolute(preferred.URL())})
	} else {
		ch.Alternates = append(ch.Alternates, Alternate{"x-default", s.absolute(a.URL())})
	}
}

// siblings is the navigation of an article's section: all of it, or the
// maxSiblings around the article and how many there are in all.
func siblings(library *kb.Library, a *kb.Article, lang string) (list []sibling, total int) {
	section := library.Section(a.Lang, a.Section)
	if section == nil {
		return nil, 0
	}
	all := section.Articles
	if len(all) > maxSiblings {
		total = len(all)
		at := slices.Index(all, a)
		from := max(0, min(at-maxSiblings/2, len(all)-maxSiblings))
		all = all[from : from+maxSiblings]
	}
	for _, other := range all {
		path := other.URL()
		if other.Lang != lang {
			path = pathIn(lang, other)
			if t := library.Translation(other, lang); t != nil {
				path = t.URL()
			}
		}
		list = append(list, sibling{path, other.Title, other == a})
	}
	return list, total
}

// techArticle is the article as schema.org wants it.
func (s *Server) techArticle(loc *Locale, a *kb.Article) map[string]any {
	about := map[string]any{
		"@context": "https://schema.org", "@type": "TechArticle",
		"headline": a.Title, "description": a.Description, "inLanguage": a.Lang,
		"mainEntityOfPage": s.absolute(a.URL()), "wordCount": a.Words,
		"publisher": map[string]any{"@type": "Organization", "name": loc.T("site.company"), "url": s.absolute("/")},
	}
	if !a.Updated.IsZero() {
		about["dateModified"] = a.Updated.Format(time.DateOnly)
	}
	if len(a.Tags) > 0 {
		about["keywords"] = a.Tags
	}
	return about
}

// articlePolicy is the content policy of an article: the site's, plus the
// players of its videos. nil means the site's.
func (s *Server) articlePolicy(a *kb.Article) []string {
	if len(a.VideoOrigins) == 0 {
		return nil
	}
	return []string{contentPolicy(slices.Clone(a.VideoOrigins))}
}
