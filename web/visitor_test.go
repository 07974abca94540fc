package web

import (
	"net/http"
	"testing"
)

func TestRobotsAreToldFromBrowsers(t *testing.T) {
	for agent, want := range map[string]bool{
		"": true, "Googlebot/2.1 (+http://www.google.com/bot.html)": true, "curl/8.5": true, "facebookexternalhit Preview": true,
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36": false,
		"Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0":                              false,
	} {
		r := &http.Request{Header: http.Header{"User-Agent": {agent}}}
		for range 2 { // the second time from memory
			if got := IsRobot(r); got != want {
				t.Errorf("%q: %v", agent, got)
			}
		}
	}
}
