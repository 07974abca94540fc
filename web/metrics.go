package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vmcloud/ricochet/deflect"
)

// MetricsScope is the scope of a token that may read /metrics.
const MetricsScope = "metrics"

// metricsTimeout bounds what a scrape may ask of the database.
const metricsTimeout = 2 * time.Second

// forwarded are the headers by which a proxy says that it speaks for somebody.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"}

// metrics answers a Prometheus scrape: with a token of MetricsScope, or from
// this very machine. A proxy on the same machine speaks from it too, so that a
// request counts as the machine's own only if it is addressed to it by a
// loopback name and carries no trace of a proxy.
func (s *Server) metrics(c *gin.Context) error {
	if c.GetHeader("Authorization") != "" || !fromThisMachine(c.Request) {
		if _, err := s.authorize(c, MetricsScope); err != nil {
			return err
		}
	}
	s.secure(c.Writer.Header(), nil)
	c.Header("Cache-Control", "no-store")
	s.scrapes.ServeHTTP(c.Writer, c.Request)
	return nil
}

func fromThisMachine(r *http.Request) bool {
	for _, name := range forwarded {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	to, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && to.IsLoopback()
}

// newScrapes makes the handler over a registry of its own: Go's and the
// process's figures, and ours.
func (s *Server) newScrapes() (http.Handler, error) {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), liveFigures{s}} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: scrapeErrors{s}, MaxRequestsInFlight: 2}), nil
}

// scrapeErrors logs what goes wrong in a scrape.
type scrapeErrors struct{ s *Server }

// Println logs one failure.
func (e scrapeErrors) Println(v ...any) { e.s.log.Error("metrics", "err", v) }

// liveFigures collects the live figures when it is asked.
type liveFigures struct{ s *Server }

func figure(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ricochet_"+name, help, labels, nil)
}

var (
	activeTickets   = figure("tickets_active", "Tickets on which work is owed.", "state")
	overdueTickets  = figure("tickets_overdue", "Active tickets whose next promise is over.")
	queuedMails     = figure("mails_queued", "Mails that wait to be sent.")
	dueJobs         = figure("jobs_due", "Jobs that should have begun.")
	deadJobs        = figure("jobs_dead", "Jobs that were given up.")
	heldSubmissions = figure("quarantine_open", "Submissions of the contact form that nobody has decided on.")
	dayAttempts     = figure("attempts_24h", "Counted attempts to write that began in the last 24 hours.", "outcome", "arm")
	daySearches     = figure("searches_24h", "Searches of the last 24 hours.", "found")
	holdoutShare    = figure("holdout_share", "Share of visitors who write without suggestions.")
	attachmentBytes = figure("attachments_bytes", "Bytes that attachments take.")
	attachmentQuota = figure("attachments_quota_bytes", "Bytes that attachments may take.")
	articleCount    = figure("articles", "Articles served.", "lang")
	contentProblems = figure("content_problems", "Problems found in the articles.")
)

// Describe says nothing beforehand: some figures exist only with their labels.
func (f liveFigures) Describe(chan<- *prometheus.Desc) {}

// Collect reads the figures of now.
func (f liveFigures) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	sup := f.s.opt.Support
	live, err := sup.Store.Live(ctx, f.s.opt.Clock.Now())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(activeTickets, err)
		return
	}
	period, err := sup.Store.CurrentPeriod(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(holdoutShare, err)
		return
	}
	for state, n := range live.Active {
		send(activeTickets, float64(n), state)
	}
	for _, a := range live.Attempts {
		outcome, arm := string(a.Outcome), string(a.Arm)
		if a.Outcome == deflect.Pending {
			outcome = "pending"
		}
		send(dayAttempts, float64(a.N), outcome, arm)
	}
	library := f.s.current().library
	for _, lang := range library.Langs() {
		send(articleCount, float64(len(library.Articles(lang))), lang)
	}
	send(overdueTickets, float64(live.Overdue))
	send(queuedMails, float64(live.Queued))
	send(dueJobs, float64(live.JobsDue))
	send(deadJobs, float64(live.JobsDead))
	send(heldSubmissions, float64(live.Quarantine))
	send(daySearches, float64(live.Searches-live.NoResult), "yes")
	send(daySearches, float64(live.NoResult), "no")
	send(holdoutShare, period.Share)
	send(attachmentBytes, float64(sup.Files.Used()))
	send(attachmentQuota, float64(sup.Files.Quota()))
	send(contentProblems, float64(len(sup.Problems())))
}
