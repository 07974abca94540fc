package web

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/gin-gonic/gin"
)

// feedLength is how many updates a feed carries.
const feedLength = 30

type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Self        rssSelf   `xml:"atom:link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Built       string    `xml:"lastBuildDate,omitempty"`
	Items       []rssItem `xml:"item"`
}

type rssSelf struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type rssItem struct {
	Title       string  `xml:"title"`
	Link        string  `xml:"link"`
	GUID        rssGUID `xml:"guid"`
	Published   string  `xml:"pubDate"`
	Description string  `xml:"description,omitempty"`
	Category    string  `xml:"category,omitempty"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

// feed answers /{lang}/feed.xml: the articles updated last. An update is a
// new item, so the date is part of its id.
func (s *Server) feed(c *gin.Context) error {
	sh, loc := s.current(), s.locale(c)
	return s.once(c, sh.feeds[loc.Lang], typeRSS, func() ([]byte, error) {
		channel := rssChannel{
			Title: loc.T("feed.title"), Link: s.absolute("/" + loc.Lang + "/"), Description: loc.T("feed.about"), Language: loc.Lang,
			Self: rssSelf{s.absolute("/" + loc.Lang + "/feed.xml"), "self", "application/rss+xml"},
		}
		for _, a := range sh.library.RecentlyUpdated(loc.Lang, feedLength) {
			address := s.absolute(a.URL())
			channel.Items = append(channel.Items, rssItem{
				Title: a.Title, Link: address, Published: a.Updated.Format(time.RFC1123Z), Description: a.Description,
				GUID:     rssGUID{false, address + "@" + a.Updated.Format(time.DateOnly)},
				Category: sectionName(sh.library, loc, a.Section),
			})
		}
		if len(channel.Items) > 0 {
			channel.Built = channel.Items[0].Published
		}
		var b bytes.Buffer
		b.WriteString(xml.Header)
		if err := xml.NewEncoder(&b).Encode(rss{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Channel: channel}); err != nil {
			return nil, fmt.Errorf("feed: %w", err)
		}
		b.WriteByte('\n')
		return b.Bytes(), nil
	})
}
