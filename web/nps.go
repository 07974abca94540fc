package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/vmcloud/ricochet/internal/errs"
)

// NPSLinkAge is how long the link of the quarterly question works.
const NPSLinkAge = 30 * 24 * time.Hour

const linkNPS = "nps"

// NPSLink is the end of the address of the page on which a person says whether
// they would recommend us (D-27).
func NPSLink(secret []byte, personID string, now time.Time) string {
	s := &Server{opt: Options{Support: &Support{Secret: secret}}}
	return s.signLink(linkNPS, personID, now.Add(NPSLinkAge))
}

var npsPage = definePage[npsView]("link_nps")

// npsView is the quarterly question.
type npsView struct {
	Chrome
	Action  string
	Scores  []int
	Score   string
	Comment string
	Errors  map[string]string
	Summary string
	Done    bool
}

var npsScores = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

func (s *Server) nps(c *gin.Context) error {
	if _, err := s.readLink(c, linkNPS); err != nil {
		return err
	}
	return s.showNPS(c, http.StatusOK, nil)
}

func (s *Server) showNPS(c *gin.Context, status int, wrong *errs.Error) error {
	loc, path := s.locale(c), "nps/"+c.Param("token")
	f := c.Request.PostForm
	v := npsView{
		Chrome: s.chrome(loc, path, loc.T("nps.title")).private(), Action: "/" + loc.Lang + "/" + path, Scores: npsScores,
		Score: f.Get("score"), Comment: f.Get("comment"), Errors: map[string]string{}, Done: c.Query("done") == "1",
	}
	v.Kind = "request"
	v.crumbs(loc, Crumb{v.Title, ""})
	if wrong != nil {
		v.Summary = failureText(loc, failures[wrong.Kind], wrong)
		for _, field := range wrong.Fields {
			v.Errors[field.Name] = loc.Text(field.Key, field.Args)
		}
	}
	return render(s, c, status, npsPage, v)
}

// npsAct takes the answer of the quarter.
func (s *Server) npsAct(c *gin.Context) error {
	person, err := s.readLink(c, linkNPS)
	if err != nil {
		return err
	}
	if err := c.Request.ParseForm(); err != nil {
		return errs.Newf(errs.Invalid, "", "form: %w", err)
	}
	f := c.Request.PostForm
	score, err := strconv.Atoi(f.Get("score"))
	if err != nil {
		score = -1
	}
	err = s.opt.Support.Tickets.AnswerNPS(c.Request.Context(), person, score, f.Get("comment"))
	switch errs.KindOf(err) {
	case "":
		s.redirect(c, http.StatusSeeOther, "/"+s.locale(c).Lang+"/nps/"+c.Param("token")+"?done=1")
		return nil
	case errs.Invalid:
		return s.showNPS(c, http.StatusUnprocessableEntity, asError(err))
	case errs.Conflict:
		return s.showNPS(c, http.StatusConflict, asError(err))
	}
	return err
}
