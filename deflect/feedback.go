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

// VoteComment is a vote with its comment, and when it was cast.
type VoteComment struct {
	Vote
	At time.Time
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
	Visit    string // id of the visit; "" when the cookie is refused: then no click can be known
	Previous string // id of the search of the visit that this one reformulates, "" for none (D-35)
}

// Click is the first result of a search that was opened.
type Click struct {
	Search   string // id
	Article  string // kb.Article.Pair
	Position int    // among all results, from 1
}

// VisitRow is a visit to the help centre: what one visitor did without a pause
// of LeaveAfter. Who refuses the cookie has none.
type VisitRow struct {
	ID        string
	Visitor   string
	Lang      string // of its first page
	StartedAt time.Time
	ActiveAt  time.Time
	Searches  int
	Articles  int // article pages opened
}

// Read is an article that was read in a visit, and when first.
type Read struct {
	Visit, Lang, Article string
	At                   time.Time
}

// Activity is what a Recorder writes in one transaction. Writing it again
// changes nothing.
type Activity struct {
	Visits       []VisitRow // as they stand now
	Reads        []Read
	Searches     []Search
	Reformulated []string // ids of searches
	Clicks       []Click
}
