package notify

import (
	"context"
	"regexp"
	"strings"

	"github.com/vmcloud/ricochet/deflect/ticket"
)

// Article is a help article that may answer a ticket.
type Article struct{ Title, URL string }

// maxArticles is how many an acknowledgement proposes.
const maxArticles = 3

// answers writes the part of an acknowledgement that proposes articles, and
// the link with which the customer says that one of them solved the problem
// (D-30); "" when nothing is proposed. P0 and P1 get no such link.
func (n *Notifier) answers(t ticket.Ticket, found []Article) string {
	if len(found) == 0 {
		return ""
	}
	var b strings.Builder
	for _, a := range found[:min(len(found), maxArticles)] {
		b.WriteString("- " + a.Title + "\n  " + a.URL + "\n")
	}
	text := n.Texts.Text(t.Lang, "mail.ack.articles", map[string]any{"Articles": strings.TrimRight(b.String(), "\n")})
	if n.SolvedLink != nil && t.Priority != ticket.P0 && t.Priority != ticket.P1 {
		text += "\n\n" + n.Texts.Text(t.Lang, "mail.ack.solved", map[string]any{"Solved": n.BaseURL + "/" + t.Lang + "/solved/" + n.SolvedLink(t)})
	}
	return text
}

// find is what may answer a ticket. The acknowledgement goes out without when
// the search fails.
func (n *Notifier) find(ctx context.Context, ticketID string) []Article {
	if n.Answers == nil {
		return nil
	}
	found, err := n.Answers(ctx, ticketID)
	if err != nil {
		n.Log.Warn("articles for an acknowledgement", "ticket", ticketID, "err", err)
	}
	return found
}

var emptyLines = regexp.MustCompile(`\n{3,}`)

// tidy leaves one empty line where a part of a mail was left out.
func tidy(body string) string { return emptyLines.ReplaceAllString(body, "\n\n") }
