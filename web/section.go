package web

import "github.com/vmcloud/ricochet/kb"

var sectionPage = definePage[sectionView]("section")

type sectionView struct {
	Chrome
	Slug     string
	Name     string
	About    string
	Articles []*kb.Article
	Others   []sectionCard
}

func (s *Server) sectionView(sh *shelf, p *shelfPage) sectionView {
	loc, section := p.locale, p.section
	v := sectionView{
		Chrome: s.chrome(loc, section.Slug+"/", sectionTitle(loc, section)),
		Slug:   section.Slug, Name: sectionTitle(loc, section), About: section.Description, Articles: section.Articles,
	}
	v.Kind = "section"
	v.Description = section.Description
	if v.Description == "" {
		v.Description = loc.T("section.about", "Section", v.Name)
	}
	v.crumbs(loc, Crumb{v.Name, ""})
	v.JSONLD = []JSONLD{jsonLD(s.breadcrumbList(v.Crumbs, v.Path))}
	s.onlyExisting(sh, &v.Chrome)
	for _, other := range sectionCards(sh.library, loc) {
		if other.Slug != section.Slug {
			v.Others = append(v.Others, other)
		}
	}
	return v
}

// onlyExisting drops the languages in which a page of the library is not
// there: hreflang must not name an address that does not answer, and the
// switch leads to the other language's home instead.
func (s *Server) onlyExisting(sh *shelf, ch *Chrome) {
	rest := ch.Path[len("/"+ch.Lang):]
	kept := ch.Alternates[:0]
	for _, alt := range ch.Alternates {
		lang := alt.Lang
		if lang == "x-default" {
			lang = s.locales.Default.Lang
		}
		if sh.pages["/"+lang+rest] != nil {
			kept = append(kept, alt)
		}
	}
	ch.Alternates = kept
	for i, link := range ch.Languages {
		if sh.pages[link.Path] == nil {
			ch.Languages[i].Path = "/" + link.Lang + "/"
		}
	}
}
