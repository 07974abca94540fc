package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/kb"
)

// urlset is a sitemap with the hreflang alternates of every page.
type urlset struct {
	XMLName xml.Name     `xml:"urlset"`
	NS      string       `xml:"xmlns,attr"`
	XHTML   string       `xml:"xmlns:xhtml,attr"`
	URLs    []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Loc     string        `xml:"loc"`
	LastMod string        `xml:"lastmod,omitempty"`
	Links   []sitemapLink `xml:"xhtml:link"`
}

type sitemapLink struct {
	Rel  string `xml:"rel,attr"`
	Lang string `xml:"hreflang,attr"`
	Href string `xml:"href,attr"`
}

// sitemap answers /sitemap.xml: home, sections and every article in the
// language it was written in. An article lent to another language is left
// out, as its canonical address is in already.
func (s *Server) sitemap(c *gin.Context) error {
	sh := s.current()
	return s.once(c, &sh.sitemap, typeXML, func() ([]byte, error) {
		set := urlset{NS: "http://www.sitemaps.org/schemas/sitemap/0.9", XHTML: "http://www.w3.org/1999/xhtml"}
		for _, loc := range s.locales.All {
			set.URLs = append(set.URLs, s.sitemapPage(sh, loc, "", sh.library.LastUpdated()))
			for _, section := range sh.library.Sections(loc.Lang) {
				set.URLs = append(set.URLs, s.sitemapPage(sh, loc, section.Slug+"/", latest(section.Articles)))
			}
			for _, a := range sh.library.Articles(loc.Lang) {
				ch := Chrome{}
				s.articleLanguages(sh, &ch, loc, a)
				set.URLs = append(set.URLs, sitemapEntry(ch, a.Updated))
			}
		}
		var b bytes.Buffer
		b.WriteString(xml.Header)
		if err := xml.NewEncoder(&b).Encode(set); err != nil {
			return nil, fmt.Errorf("sitemap: %w", err)
		}
		b.WriteByte('\n')
		return b.Bytes(), nil
	})
}

func (s *Server) sitemapPage(sh *shelf, loc *Locale, rest string, updated time.Time) sitemapURL {
	ch := s.chrome(loc, rest, "")
	s.onlyExisting(sh, &ch)
	return sitemapEntry(ch, updated)
}

func sitemapEntry(ch Chrome, updated time.Time) sitemapURL {
	u := sitemapURL{Loc: ch.Canonical}
	if !updated.IsZero() {
		u.LastMod = updated.Format(time.DateOnly)
	}
	for _, alt := range ch.Alternates {
		u.Links = append(u.Links, sitemapLink{"alternate", alt.Lang, alt.URL})
	}
	return u
}

// latest is the last update of any of the articles.
func latest(articles []*kb.Article) time.Time {
	var t time.Time
	for _, a := range articles {
		if a.Updated.After(t) {
			t = a.Updated
		}
	}
	return t
}
