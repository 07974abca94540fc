// Package markdown turns the Markdown of help articles into HTML that is safe
// to serve, together with what the rest of the site needs to know about it:
// headings, passages for the search, links to check and everything that is
// wrong with it.
package markdown

// LinkTarget is what a link destination means on this site.
type LinkTarget struct {
	URL      string // where the link goes; "" when it must not be a link
	Hreflang string // language of the target when it is not the page's own
	External bool   // another site
	File     string // the content file it leads to, "" for anything else
	Anchor   string // the heading of File it leads to
	Problem  string // what is wrong with the destination, "" when nothing is
}

// ImageTarget is what an image destination means on this site.
type ImageTarget struct {
	URL           string // where the image is served; "" shows a framed place with the alternative text
	Width, Height int    // in pixels; 0 when unknown
	Remote        string // the image's own address when it is on another site; it is linked, never loaded
	Problem       string // what is wrong, "" when nothing is
}

// Page is what Render has to know about the article around the Markdown.
type Page struct {
	Title     string                        // a first heading that repeats it is dropped
	FirstLine int                           // line of the file on which the source starts, 1-based
	Link      func(dest string) LinkTarget  // resolves a link; nil keeps only external links
	Image     func(dest string) ImageTarget // resolves an image; nil knows no image
	Out       []byte                        // memory that the HTML may be written to; may be nil
}

// Heading is an entry of the table of contents.
type Heading struct {
	Level  int
	Text   string
	Anchor string
}

// Passage is the plain text between one heading and the next.
type Passage struct {
	Heading string
	Anchor  string
	Level   int
	Text    string
	Code    string
}

// Issue is something wrong in the source.
type Issue struct {
	Line    int  // of the file, 1-based; 0 when the whole file is meant
	Error   bool // a reader meets something broken; otherwise it is a warning
	Message string
}

// Result is a rendered article.
type Result struct {
	HTML         []byte
	Headings     []Heading
	Passages     []Passage
	Words        int
	HasVideo     bool
	HasTabs      bool
	HasCode      bool
	VideoOrigins []string // origins of the embedded players, sorted
	Anchors      []string // every id in the HTML
	Links        []AnchorLink
	FirstHeading string // text of the first heading of any level
	Issues       []Issue
}

// AnchorLink is a link to a heading of another article, which only the caller
// can check.
type AnchorLink struct {
	Line   int
	File   string
	Anchor string
}
