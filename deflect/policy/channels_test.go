package policy_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/sla"
)

func kept(kind, name string) (string, error) {
	switch kind + " " + name {
	case "file hook.txt":
		return "https://hooks.example/services/T/B/secret", nil
	case "env BILLING":
		return "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", nil
	}
	return "", errors.New("there is none")
}

func TestChannels(t *testing.T) {
	got, err := policy.ParseChannels("c.yaml", []byte(`
channels:
  - {name: ops, kind: slack, url_file: hook.txt, lang: fr, events: [page, alert]}
  - name: billing
    kind: webhook
    url: http://10.1.2.3/hooks
    secret_env: BILLING
    events: [credit, alert.100]
    tiers: [enterprise]
    priorities: [P0, P1]
allow: [10.1.0.0/16, 192.168.7.7]
`), kept)
	if err != nil {
		t.Fatal(err)
	}
	want := []policy.Channel{
		{Name: "ops", Kind: "slack", URL: "https://hooks.example/services/T/B/secret", Lang: "fr", Events: []string{"page", "alert"}, Line: 3},
		{
			Name: "billing", Kind: "webhook", URL: "http://10.1.2.3/hooks", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			Events: []string{"credit", "alert.100"}, Tiers: []string{"enterprise"}, Priorities: []sla.Priority{"P0", "P1"}, Line: 4,
		},
	}
	if diff := cmp.Diff(want, got.List); diff != "" {
		t.Error(diff)
	}
	if len(got.Allow) != 2 || !got.Allow[0].Contains(netip.MustParseAddr("10.1.200.1")) || got.Allow[1].Contains(netip.MustParseAddr("192.168.7.8")) {
		t.Error(got.Allow)
	}
	for _, c := range got.List {
		if d := c.Describe(); strings.Contains(d, "secret") || strings.Contains(d, "whsec") {
			t.Errorf("a secret is printed: %s", d)
		}
	}
}

// Every mistake is named with its line, at once.
func TestChannelMistakes(t *testing.T) {
	_, err := policy.ParseChannels("c.yaml", []byte(`channels:
  - {name: Ops, kind: slack, url: "https://x.example", events: [page]}
  - {name: b, kind: pager, url: "https://x.example", events: [page]}
  - {name: c, kind: webhook, url: "https://x.example", events: [page]}
  - {name: d, kind: slack, url: "ftp://x.example", events: [page]}
  - {name: e, kind: slack, url_file: nowhere, events: [page]}
  - {name: f, kind: slack, url: "https://x.example", url_file: hook.txt, events: [alert.60]}
  - {name: b, kind: slack, events: []}
allow: [localhost]
`), kept)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`c.yaml:2: channel: name "Ops"`, `c.yaml:3: channel b: kind "pager"`, `c.yaml:4: channel c: a webhook needs a secret`,
		`c.yaml:5: channel d: the url is no http`, `c.yaml:6: channel e: url_file: there is none`, `c.yaml:7: channel f: give one of`,
		`c.yaml:7: events: unknown "alert.60"`, `c.yaml:8: channel: "b" is given twice`, `c.yaml:8: channel b: url is missing`,
		`c.yaml:8: channel b: events: want at least one`, `c.yaml:9: allow: "localhost"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}
