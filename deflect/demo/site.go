package demo

import (
	"slices"
	"time"

	"github.com/vmcloud/ricochet/deflect"
)

// visitor is a browser that accepts the measurement cookie, for seven days.
type visitor struct {
	hash, lang string
	person     *Person   // once a ticket tells who it is
	last       time.Time // when its latest visit ended
	counted    time.Time // its latest attempt that counts (D-29)
}

const cookieAge = 7 * 24 * time.Hour

// visitorAt is the browser of a visit at t: one that was here a few days ago,
// or a new one; without a hash when the person refuses the cookie.
func (m *maker) visitorAt(t time.Time) *visitor {
	m.recent = slices.DeleteFunc(m.recent, func(v *visitor) bool { return t.Sub(v.last) > cookieAge })
	if n := len(m.recent); n > 0 && m.chance(0.25) {
		if v := m.recent[m.IntN(n)]; t.Sub(v.last) > time.Hour {
			return v
		}
	}
	v := &visitor{lang: "fr", last: t}
	if m.chance(0.32) {
		v.lang = "en"
	}
	if m.chance(0.88) {
		v.hash = m.ids.hash("visitor")
		m.recent = append(m.recent, v)
	}
	return v
}

// stay is a visit while it goes on.
type stay struct {
	*visitor
	m    *maker
	row  deflect.VisitRow
	now  time.Time
	read []viewed
}

// visit is one visit to the help centre.
func (m *maker) visit(t time.Time) error {
	s := &stay{visitor: m.visitorAt(t), m: m, now: t}
	s.row = deflect.VisitRow{ID: m.ids.at(t), Visitor: s.hash, Lang: s.lang, StartedAt: t}
	topic := m.topic()
	solved := false
	if m.chance(0.6) {
		solved = s.search(topic)
	} else if topic.pair != "" {
		solved = s.open(topic.pair, topic)
	}
	for m.chance(0.25) {
		if other := m.topic(); other.pair != "" {
			s.open(other.pair, other)
		}
	}
	wants := 0.03
	if !solved {
		wants = 0.17
	}
	var err error
	if m.chance(wants) {
		err = s.contact(topic)
	}
	s.leave()
	return err
}

// search looks for a topic in up to three ways and says whether that ended on
// an article that helped.
func (s *stay) search(t *topic) bool {
	m := s.m
	previous := ""
	for range 3 {
		s.now = s.now.Add(m.around(20*time.Second, 0.6))
		one := deflect.Search{ID: m.ids.at(s.now), At: s.now, Lang: s.lang, Query: m.query(t, s.lang), Visitor: s.hash, Previous: previous}
		found := t.pair != ""
		switch {
		case m.chance(0.05):
			one.Query, found = m.mistyped(one.Query), false
		case found || m.chance(0.45):
			one.Results = 1 + m.IntN(18)
		}
		if s.hash != "" {
			one.Visit = s.row.ID
			s.row.Searches++
			if previous != "" {
				m.year.Activity.Reformulated = append(m.year.Activity.Reformulated, previous)
			}
			previous = one.ID
		}
		m.year.Activity.Searches = append(m.year.Activity.Searches, one)
		if found && m.chance(0.72) {
			place := 1
			for place < one.Results && m.chance(0.33) {
				place++
			}
			m.year.Activity.Clicks = append(m.year.Activity.Clicks, deflect.Click{Search: one.ID, Article: t.pair, Position: place})
			return s.open(t.pair, t)
		}
		if !m.chance(0.45) {
			return false
		}
	}
	return false
}

// helps says whether a topic's article answers somebody at an instant.
func (m *maker) helps(t *topic, now time.Time) bool {
	q := t.quality
	if t.edited > 0 && now.After(m.editedAt()) {
		q = t.after
	}
	return m.chance(q)
}

// editedAt is when the two rewritten articles changed.
func (m *maker) editedAt() time.Time { return m.from.Add(m.Until.Sub(m.from) * 6 / 10) }

// open reads an article, and sometimes votes on it; it says whether it helped.
func (s *stay) open(article string, t *topic) bool {
	m := s.m
	s.now = s.now.Add(m.around(15*time.Second, 0.5))
	m.viewed(s.now, s.lang, article, 1)
	k := viewed{s.lang, article}
	if s.hash != "" && !slices.Contains(s.read, k) {
		m.year.Activity.Reads = append(m.year.Activity.Reads, deflect.Read{Visit: s.row.ID, Lang: s.lang, Article: article, At: s.now})
	}
	if !slices.Contains(s.read, k) {
		s.read = append(s.read, k)
	}
	if s.hash != "" {
		s.row.Articles++
	}
	helped := m.helps(t, s.now)
	s.now = s.now.Add(m.around(70*time.Second, 0.7))
	if m.chance(0.07) {
		s.vote(article, t, helped)
	}
	return helped
}

func (s *stay) vote(article string, t *topic, helped bool) {
	m := s.m
	v := Vote{At: s.now, Vote: deflect.Vote{Lang: s.lang, Article: article, Revision: 1, Voter: s.hash, Helpful: helped}}
	if t.edited > 0 && s.now.After(m.editedAt()) {
		v.Revision = t.edited
	}
	if v.Voter == "" {
		v.Voter = m.ids.hash("voter")
	}
	if !helped && m.chance(0.7) {
		v.Reason = deflect.VoteReasons[m.weighted([]float64{5, 2, 3, 1, 1})]
		if m.chance(0.5) {
			v.Comment = pick(m.dice, complaints[s.lang][v.Reason])
		}
	}
	for i := max(0, len(m.year.Votes)-2000); i < len(m.year.Votes); i++ { // a voter's last one on a revision counts (D-34)
		if old := m.year.Votes[i]; old.Voter == v.Voter && old.Article == v.Article && old.Lang == v.Lang && old.Revision == v.Revision {
			m.year.Votes[i] = v
			return
		}
	}
	m.year.Votes = append(m.year.Votes, v)
}

// leave ends the visit.
func (s *stay) leave() {
	s.last = s.now
	if s.hash != "" && (s.row.Searches > 0 || s.row.Articles > 0) {
		s.row.ActiveAt = s.now
		s.m.year.Activity.Visits = append(s.m.year.Activity.Visits, s.row)
	}
}
