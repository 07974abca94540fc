package deflect

import "time"

// Vote is an answer to "was this helpful?". It belongs to a revision of an
// article (D-34).
type Vote struct {
	Lang     string
	Article  string // kb.Article.Pair
	Revision int
	Voter    string // hash of the measurement cookie, or a random id when refused
	Helpful  bool
	Reason   string // one of VoteReasons when not helpful, else ""
	Comment  string
}

// MaxComment is the longest comment on a vote, in characters.
const MaxComment = 1000

// VoteReasons are the reasons a reader can give for "no", in the form's order.
var VoteReasons = []string{"incomplete", "inaccurate", "hard_to_follow", "broken", "other"}

// Views are page views of an article.
type Views struct {
	Lang    string
	Article string
	N       int64
}

// Search is one logged search, its text normalised and masked (D-36).
type Search struct {
	ID       string
	At       time.Time
	Lang     string
	Query    string
	Results  int
	Visitor  string
	Previous string // id of the search that this one reformulates, "" for none
}
