package main

import (
	"strings"
	"testing"
	"time"

	"github.com/vmcloud/ricochet/deflect/policy"
)

// What only the whole site shows to be wrong with a channel is named by its
// line: a tier without promises would keep a channel silent for ever.
func TestChannelsAreCheckedAgainstTheSite(t *testing.T) {
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	list := &policy.Channels{List: []policy.Channel{{Name: "x", Kind: policy.ChannelWebhook, Lang: "de", Secret: "short", Tiers: []string{"gold", "free"}, Line: 7}}}
	_, err = channels(list, "fr", []string{"en", "fr"}, set.Book.At(time.Time{}))
	for _, want := range []string{`line 7: channel x: the policy has no tier "gold"`, `line 7: channel x: the site does not speak "de"`, "line 7: channel x: invalid: webhook secret"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %s", err, want)
		}
	}
	list.List[0].Lang, list.List[0].Secret, list.List[0].Tiers = "", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", []string{"free"}
	if got, err := channels(list, "fr", []string{"en", "fr"}, set.Book.At(time.Time{})); err != nil || got[0].Lang != "fr" {
		t.Errorf("%+v, %v", got, err)
	}
}
