package web

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/kb"
)

var votePage = definePage[voteView]("vote")

// voteView thanks for a vote; after a "no" it asks why.
type voteView struct {
	Chrome
	Article  articleLink
	ID       string
	Revision int
	Ask      bool // a "no" without a reason yet
	Reasons  []string
	Max      int
	Errors   map[string]string
	Comment  string
}

// vote takes "was this helpful?": value yes or no and, after a no, a reason
// and a comment. The last vote of a visitor on a revision counts (D-34).
func (s *Server) vote(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f, loc := c.Request.PostForm, s.locale(c)
	a := s.articleIn(loc.Lang, f.Get("article"))
	if a == nil {
		return errs.Newf(errs.NotFound, "", "article %q", f.Get("article"))
	}
	value, reason := f.Get("value"), f.Get("reason")
	comment := strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(f.Get("comment"), "\r\n", "\n"), "\uFFFD"))
	var wrong []errs.Field
	if value != "yes" && value != "no" {
		wrong = append(wrong, errs.Field{Name: "value", Key: "error.field.choice"})
	}
	if reason != "" && !slices.Contains(deflect.VoteReasons, reason) {
		wrong = append(wrong, errs.Field{Name: "reason", Key: "error.field.choice"})
	}
	if utf8.RuneCountInString(comment) > deflect.MaxComment {
		wrong = append(wrong, errs.Field{Name: "comment", Key: "error.field.too_long", Args: map[string]any{"Limit": deflect.MaxComment}})
	}
	if len(wrong) > 0 {
		return s.showVote(c, http.StatusUnprocessableEntity, a, comment, errs.InvalidFields(wrong...))
	}
	if value == "yes" {
		reason, comment = "", ""
	}
	voter := s.Visitor(c.Request)
	if voter == "" {
		voter = s.voterWithoutCookie(c.ClientIP(), a, s.ensureVisitor(c))
	}
	v := deflect.Vote{
		Lang: a.Lang, Article: a.Pair, Revision: a.Revision, Voter: voter, Helpful: value == "yes", Reason: reason, Comment: comment,
	}
	if !IsRobot(c.Request) {
		if err := s.opt.Support.Store.SaveVote(c.Request.Context(), v); err != nil {
			return err
		}
	}
	if wantsProblem(c.Request) { // the page's script stays where it is
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusNoContent)
		return nil
	}
	if value == "no" && reason == "" && comment == "" {
		return s.showVote(c, http.StatusOK, a, "", nil)
	}
	return s.showThanks(c, a)
}

func (s *Server) voteView(c *gin.Context, a *kb.Article) voteView {
	loc := s.locale(c)
	v := voteView{
		Chrome: s.chrome(loc, "vote", loc.T("vote.thanks_title")).private(), Article: articleLink{a.Title, a.URL()},
		ID: a.Pair, Revision: a.Revision, Reasons: deflect.VoteReasons, Max: deflect.MaxComment, Errors: map[string]string{},
	}
	v.Languages, v.Kind = nil, "vote-page" // .vote is the bar below an article
	v.crumbs(loc, Crumb{a.Title, a.URL()}, Crumb{v.Title, ""})
	return v
}

func (s *Server) showThanks(c *gin.Context, a *kb.Article) error {
	return render(s, c, http.StatusOK, votePage, s.voteView(c, a))
}

// showVote asks for the reason of a "no".
func (s *Server) showVote(c *gin.Context, status int, a *kb.Article, comment string, wrong *errs.Error) error {
	v, loc := s.voteView(c, a), s.locale(c)
	v.Ask, v.Comment = true, comment
	if wrong != nil {
		for _, f := range wrong.Fields {
			v.Errors[f.Name] = loc.Text(f.Key, f.Args)
		}
	}
	return render(s, c, status, votePage, v)
}

// articleIn finds an article by its pair in a language, or in any other when the
// reader was shown that one instead.
func (s *Server) articleIn(lang, id string) *kb.Article {
	if a := s.current().library.ByPair(lang, id); a != nil {
		return a
	}
	return s.anyArticle(id)
}

// anyArticle finds an article by its pair in any language.
func (s *Server) anyArticle(id string) *kb.Article {
	library := s.current().library
	for _, lang := range library.Langs() {
		if a := library.ByPair(lang, id); a != nil {
			return a
		}
	}
	return nil
}
