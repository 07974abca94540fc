package ticket

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// staffNews is the payload of JobTellStaff: what a staff member is told about.
type staffNews struct {
	Ticket  string `json:"ticket"`
	Staff   string `json:"staff"`
	About   string `json:"about"` // mentioned, assigned, watched
	Message string `json:"message,omitempty"`
	Version int64  `json:"version"` // of the ticket before it, so that each news is told once
}

// tellStaff is the job that tells one staff member about this change of the
// ticket.
func (w work) tellStaff(what, staffID, messageID string) tell {
	key := w.t.ID + ":" + strconv.FormatInt(w.t.Version, 10) + ":" + what + ":" + staffID
	return tell{JobTellStaff, key, staffNews{w.t.ID, staffID, what, messageID, w.t.Version}}
}

// tellWatchers are the jobs that tell the followers of a ticket about what
// moved it, but not whoever did it. Messages are told in their own way.
func (w work) tellWatchers(events []Event) []tell {
	i := slices.IndexFunc(events, func(e Event) bool {
		switch e.Kind {
		case StateChanged, PriorityChanged, LevelChanged, MergedInto, Absorbed:
			return true
		}
		return false
	})
	if i < 0 {
		return nil
	}
	var all []tell
	for _, id := range w.t.Watchers {
		if id != events[i].Actor.ID {
			all = append(all, w.tellStaff("watched", id, ""))
		}
	}
	return all
}

// mentions are the jobs that tell the staff whom a note names, but not its
// author.
func (w work) mentions(m *Message) ([]tell, error) {
	if !strings.Contains(m.Body, "@") {
		return nil, nil
	}
	team, err := w.tx.Team()
	if err != nil {
		return nil, err
	}
	var all []tell
	for _, id := range Mentioned(m.Body, team) {
		if id != m.StaffID {
			all = append(all, w.tellStaff("mentioned", id, m.ID))
		}
	}
	return all, nil
}

// Mentioned finds whom of the team a text names as @name: the full name, with
// spaces or dots, the part of the address before the at sign, or a first name
// that only one of them has. Upper and lower case are the same; an @ inside a
// word, as in an address, names nobody. The longest name that fits counts.
// Ids in the order of the text, each once.
func Mentioned(text string, team []Staff) []string {
	handles := handlesOf(team)
	text = strings.ToLower(text)
	var ids []string
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			break
		}
		at += i
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		at++
		if at > 1 && wordRune(before) {
			continue
		}
		best, id := 0, ""
		for h, owner := range handles {
			if len(h) > best && strings.HasPrefix(text[at:], h) && endsWord(text[at+len(h):]) {
				best, id = len(h), owner
			}
		}
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		at += best
	}
	return ids
}

// handlesOf maps every name somebody can be called by to one staff id; names
// that several share are left out.
func handlesOf(team []Staff) map[string]string {
	handles := map[string]string{}
	add := func(h, id string) {
		if h == "" {
			return
		}
		if other, taken := handles[h]; taken && other != id {
			id = "" // kept, so that a third one does not take it
		}
		handles[h] = id
	}
	for _, m := range team {
		name := strings.ToLower(strings.TrimSpace(m.Name))
		local, _, _ := strings.Cut(strings.ToLower(m.Email), "@")
		words := strings.Fields(name)
		add(local, m.ID)
		add(name, m.ID)
		add(strings.Join(words, "."), m.ID)
		if len(words) > 1 {
			add(words[0], m.ID)
		}
	}
	return handles
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// endsWord says whether a name may end before rest. A dot or hyphen goes on
// only when a letter follows: "@zoe." ends a sentence.
func endsWord(rest string) bool {
	r, n := utf8.DecodeRuneInString(rest)
	if r == '.' || r == '-' || r == '@' {
		after, _ := utf8.DecodeRuneInString(rest[n:])
		return !wordRune(after)
	}
	return n == 0 || !wordRune(r)
}
