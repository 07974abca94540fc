// Package kb is the article library: it reads Markdown files with front
// matter, checks and renders them once, pairs translations by path, and hands
// out immutable snapshots that change only when a file does.
package kb

import "time"

// Category says what kind of question an article answers. It drives the
// deflection targets (D-33). The zero value means "not said".
type Category string

// The categories of D-33; "not said" is a row of its own in reports (D-30).
const (
	CategoryBilling   Category = "billing"
	CategoryHowTo     Category = "how-to"
	CategoryAccount   Category = "account"
	CategoryTechnical Category = "technical"
)

// Article is one Markdown file in one language, parsed and rendered. It is
// immutable once it is part of a Library.
type Article struct {
	Lang    string // language tag of the folder: "fr", "en"
	Section string // section slug: the folder, else front matter `section`, else "general"
	Slug    string // last segment of the URL: front matter `slug`, else the file name
	ID      string // what evaluation files call it: front matter `slug`, else the path below the language folder without .md
	Pair    string // equal in all translations of one article: the path below the language folder without .md
	Path    string // the file, slash-separated, relative to the content folder, for messages

	Title       string
	Description string
	Order       int
	Tags        []string
	Contexts    []string // console route ids, e.g. "vps.detail.network"
	Questions   []string // what customers ask that this article must answer
	Aliases     []string // old site paths that redirect here with 301
	Category    Category
	Topic       string
	Source      string
	Updated     time.Time // the date (UTC midnight) of front matter `updated`; zero when unknown
	Revision    int       // author-raised integer, at least 1; votes belong to a revision (D-34)

	Headings     []Heading // h2 and h3 for the table of contents, in order
	Passages     []Passage // the body cut at its headings, for search and excerpts; see Texts
	Words        int       // words of prose, for the reading time
	HasVideo     bool      // a click-to-load video block is present
	VideoOrigins []string  // origins ("https://player.vimeo.com") the page's frame-src must allow after a click
	HasTabs      bool      // a tab group is present
	HasCode      bool      // a code block is present
	Hash         string    // hex SHA-256 of the file's bytes; changes when the file does

	body    body   // HTML, Markdown and Texts
	sortKey string // the title, as titles are ordered
}

// URL is the article's site path, "/fr/products/vps".
func (a *Article) URL() string { return "/" + a.Lang + "/" + a.Section + "/" + a.Slug }

// ReadingMinutes is the time to read the article at 200 words a minute, at
// least one.
func (a *Article) ReadingMinutes() int { return max(1, (a.Words+100)/200) }

// Heading is an entry of the table of contents.
type Heading struct {
	Level  int // 2 or 3
	Text   string
	Anchor string // id attribute in the HTML
}

// Passage is the text between one heading and the next: what a search result
// or a suggestion can point at. The first passage of an article is the text
// before any heading and has an empty Heading and Anchor. Article.Texts says
// what it says.
type Passage struct {
	Heading string
	Anchor  string
	Level   int
}

// Section is a group of articles shown together.
type Section struct {
	Lang        string
	Slug        string
	Title       string // from the section's _index.md, else from the locale, else the slug made readable
	Description string
	Order       int
	Explicit    bool       // Title comes from an _index.md; false when it is the slug made readable
	Articles    []*Article // by Order, then Title
}

// Severity grades a Problem.
type Severity string

// Error stops `ricochet lint` and our own tests; Warning is printed only.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is something wrong in a content file, addressed so that an author
// can jump to it.
type Problem struct {
	Path     string   // relative to the content folder
	Line     int      // 1-based; 0 when the whole file is meant
	Severity Severity // as lint sees it; serving a folder prints all of them as warnings
	Message  string   // what is wrong and what would be right, in English, one sentence
}
