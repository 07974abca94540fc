package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/errs"
)

// Channel is a place besides e-mail at which the team is told.
type Channel struct {
	Name       string
	Slack      bool   // a Slack-compatible address; else a signed webhook
	URL        string // of Slack: a secret
	Secret     []byte // key of the webhook's signature
	Lang       string
	Events     []string          // names, or first parts of names
	Tiers      []ticket.Tier     // empty: any
	Priorities []ticket.Priority // empty: any
}

// The bytes of a webhook's key, as Standard Webhooks wants them.
const (
	minKey = 24
	maxKey = 64
)

// WebhookKey reads a secret as Standard Webhooks writes it: "whsec_" and 24 to
// 64 bytes in base64.
func WebhookKey(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < minKey || len(key) > maxKey {
		return nil, errs.Newf(errs.Invalid, "", "webhook secret: want whsec_ and %d to %d bytes in base64", minKey, maxKey)
	}
	return key, nil
}

// wants says whether the channel is to be told of an event on a ticket.
func (c *Channel) wants(event string, t *ticket.Ticket) bool {
	if !slices.ContainsFunc(c.Events, func(e string) bool { return e == event || strings.HasPrefix(event, e+".") }) {
		return false
	}
	if t == nil {
		return true
	}
	return (len(c.Tiers) == 0 || slices.Contains(c.Tiers, t.Tier)) && (len(c.Priorities) == 0 || slices.Contains(c.Priorities, t.Priority))
}

// Sign is the webhook-signature of a body (Standard Webhooks, v1): HMAC-SHA256
// over id, timestamp and body, joined by dots.
func Sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.", id, at.Unix()) // a hash never fails
	_, _ = mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Poster sends what deliveries hold. Doer must refuse addresses the operator
// did not mean (see package dial).
type Poster struct {
	Doer interface {
		Do(*http.Request) (*http.Response, error)
	}
}

// post makes one attempt. The id is the same at every attempt, so that the
// receiver can tell a repetition; the timestamp is the attempt's (Standard
// Webhooks).
func (p Poster) post(ctx context.Context, c *Channel, id string, body []byte, now time.Time) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("channel %s: its address cannot be used", c.Name) // err would print the address
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Ricochet")
	if !c.Slack {
		req.Header.Set("webhook-id", id)
		req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
		req.Header.Set("webhook-signature", Sign(c.Secret, id, now, body))
	}
	res, err := p.Doer.Do(req)
	if err != nil {
		return fmt.Errorf("channel %s: %s", c.Name, hide(err.Error(), c.URL))
	}
	defer func() { _ = res.Body.Close() }() // the status is all that counts
	// A little is read so that the connection can be used again.
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("channel %s answers %s", c.Name, res.Status)
	}
	return nil
}

// hide takes a secret address out of a text.
func hide(text, secret string) string { return strings.ReplaceAll(text, secret, "its address") }

// Event is what a webhook is told. It holds ids, numbers and names of states,
// nothing personal (D-36).
type Event struct {
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"` // when it happened
	Data      map[string]any `json:"data"`
}

// slackMessage is the part of Slack's format that everything compatible with
// it knows.
type slackMessage struct {
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slackEscape writes text so that Slack reads none of it as markup.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackBody is one message: a line for the notification, and the same with
// the facts below and a link.
func slackBody(headline, facts, link, open string) ([]byte, error) {
	text := "*" + slackEscape.Replace(headline) + "*\n" + slackEscape.Replace(facts)
	if link != "" {
		text += "\n<" + link + "|" + slackEscape.Replace(open) + ">"
	}
	return json.Marshal(slackMessage{Text: slackEscape.Replace(headline), Blocks: []slackBlock{{"section", slackText{"mrkdwn", text}}}})
}
