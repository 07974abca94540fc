package policy

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/vmcloud/ricochet/deflect/sla"
)

// Channel is one place besides e-mail at which the team is told.
type Channel struct {
	Name       string
	Kind       string // ChannelSlack or ChannelWebhook
	URL        string // secret for Slack: who knows it may write there
	Secret     string // of a webhook's signature, "whsec_" and base64
	Lang       string // of a Slack message, "" for the site's
	Events     []string
	Tiers      []string // empty: any
	Priorities []sla.Priority
	Line       int // of the file, for what is found wrong when the site is put together
}

// The kinds of channel.
const (
	ChannelSlack   = "slack"
	ChannelWebhook = "webhook"
)

// ChannelEvents are what a channel can be told. The first part of a name
// stands for all that begin with it.
var ChannelEvents = []string{
	"ticket.created", "ticket.closed", "alert.50", "alert.75", "alert.90", "alert.100", "page", "escalation.L2", "escalation.formal",
	"escalation.L3", "breach", "credit", "feed.failed",
}

// Describe says in one line what a channel is, without its secrets: the path
// of a Slack address is one.
func (c Channel) Describe() string {
	host := "?"
	if u, err := url.Parse(c.URL); err == nil {
		host = u.Host
	}
	return strings.Join([]string{c.Name, c.Kind, host, strings.Join(c.Events, ", ")}, " · ")
}

// Channels is what the channels file says.
type Channels struct {
	List  []Channel
	Allow []netip.Prefix // networks that may be dialled although they are not public
}

// ParseChannels reads a channels file; file is its name in problems. secret
// gives what a url_file, url_env, secret_file or secret_env names: kind is
// "file" or "env". Every mistake comes back with its line, as Problems.
func ParseChannels(file string, data []byte, secret func(kind, name string) (string, error)) (*Channels, error) {
	l := &channelLoader{reader: reader{file: file}, secret: secret}
	body, err := parse(data)
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	f := l.fields(body, "channels file", "channels", "allow")
	if f["channels"] != nil {
		for _, n := range l.list(f["channels"], "channels") {
			l.channel(n)
		}
	}
	if f["allow"] != nil {
		for _, n := range l.list(f["allow"], "allow") {
			l.allow(n)
		}
	}
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return &l.out, nil
}

type channelLoader struct {
	reader
	secret func(kind, name string) (string, error)
	out    Channels
}

// maxChannels bounds how often one event is sent.
const maxChannels = 32

var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (l *channelLoader) channel(n ast.Node) {
	f := l.fields(n, "channel", "name", "kind", "url", "url_file", "url_env", "secret", "secret_file", "secret_env", "lang", "events", "tiers", "priorities")
	c := Channel{Line: line(n)}
	for _, k := range []string{"name", "kind", "events"} {
		if f[k] == nil {
			l.fail(n, "channel: %s is missing", k)
			return
		}
	}
	c.Name, c.Kind = l.text(f["name"], "name"), l.text(f["kind"], "kind")
	switch {
	case !channelName.MatchString(c.Name) || c.Name == "mail":
		l.fail(f["name"], "channel: name %q, want up to 40 of a-z, 0-9 and -, and not mail", c.Name)
	case slices.ContainsFunc(l.out.List, func(o Channel) bool { return o.Name == c.Name }):
		l.fail(f["name"], "channel: %q is given twice", c.Name)
	case len(l.out.List) == maxChannels:
		l.fail(n, "channel: at most %d are told", maxChannels)
	}
	if c.Kind != ChannelSlack && c.Kind != ChannelWebhook {
		l.fail(f["kind"], "channel %s: kind %q, want slack or webhook", c.Name, c.Kind)
	}
	c.URL = l.kept(n, f, "url", c.Name)
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		l.fail(n, "channel %s: the url is no http:// or https:// address", c.Name)
	}
	c.Secret = l.kept(n, f, "secret", c.Name)
	switch {
	case c.Kind == ChannelWebhook && c.Secret == "":
		l.fail(n, "channel %s: a webhook needs a secret, whsec_ and 24 to 64 bytes in base64", c.Name)
	case c.Kind == ChannelSlack && c.Secret != "":
		l.fail(n, "channel %s: a slack channel has no secret", c.Name)
	}
	if f["lang"] != nil {
		c.Lang = l.text(f["lang"], "lang")
	}
	for _, v := range l.list(f["events"], "events") {
		c.Events = append(c.Events, l.event(v))
	}
	if len(c.Events) == 0 {
		l.fail(f["events"], "channel %s: events: want at least one", c.Name)
	}
	if f["tiers"] != nil {
		for _, v := range l.list(f["tiers"], "tiers") {
			c.Tiers = append(c.Tiers, l.text(v, "tiers"))
		}
	}
	if f["priorities"] != nil {
		for _, v := range l.list(f["priorities"], "priorities") {
			p := sla.Priority(l.text(v, "priorities"))
			if !slices.Contains(sla.Priorities, p) {
				l.fail(v, "channel %s: unknown priority %q, want P0 to P4", c.Name, p)
			}
			c.Priorities = append(c.Priorities, p)
		}
	}
	l.out.List = append(l.out.List, c)
}

// kept reads a value that may be a secret: given here, or in a file or an
// environment variable named here.
func (l *channelLoader) kept(n ast.Node, f map[string]ast.Node, key, channel string) string {
	given := 0
	value := ""
	if v := f[key]; v != nil {
		given, value = given+1, l.text(v, key)
	}
	for _, kind := range []string{"file", "env"} {
		v := f[key+"_"+kind]
		if v == nil {
			continue
		}
		given++
		var err error
		if value, err = l.secret(kind, l.text(v, key)); err == nil && value == "" {
			err = fmt.Errorf("it is empty")
		}
		if err != nil {
			l.fail(v, "channel %s: %s_%s: %s", channel, key, kind, err)
		}
	}
	switch {
	case given > 1:
		l.fail(n, "channel %s: give one of %s, %s_file, %s_env", channel, key, key, key)
	case given == 0 && key == "url":
		l.fail(n, "channel %s: url is missing", channel)
	}
	return value
}

// event is a name of ChannelEvents, or the first part of some.
func (l *channelLoader) event(n ast.Node) string {
	name := l.text(n, "events")
	if !slices.ContainsFunc(ChannelEvents, func(e string) bool { return e == name || strings.HasPrefix(e, name+".") }) {
		l.fail(n, "events: unknown %q, want of %s; alert stands for every alert", name, strings.Join(ChannelEvents, ", "))
	}
	return name
}

func (l *channelLoader) allow(n ast.Node) {
	text := l.text(n, "allow")
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, aerr := netip.ParseAddr(text)
		if aerr != nil {
			l.fail(n, "allow: %q, want a network such as 10.1.0.0/16 or an address", text)
			return
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	l.out.Allow = append(l.out.Allow, p.Masked())
}
