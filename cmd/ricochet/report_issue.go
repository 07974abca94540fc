package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/report"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/jobs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/web"
)

// jobIssue is the job that issues one periodic report.
const jobIssue = "report.issue"

// mailReport is the kind of the mail that carries a periodic report.
const mailReport notify.MailKind = "report"

// readers are the roles a cadence is written for (section 7.2 of the
// reference); admins stand in where a team has none of them.
var readers = map[report.Cadence][]ticket.Role{
	report.Daily:     {ticket.Lead},
	report.Weekly:    {ticket.Lead, ticket.Manager},
	report.Monthly:   {ticket.Lead, ticket.Manager, ticket.Director},
	report.Quarterly: {ticket.Lead, ticket.Manager, ticket.Director},
}

type issueJob struct {
	Cadence report.Cadence `json:"cadence"`
	From    report.Day     `json:"from"`
}

// issueDue asks for the reports that are due and were not issued, once the
// sums cover their periods. A site where nothing has happened yet has none.
func (a *app) issueDue(ctx context.Context) error {
	now, zone := a.clock.Now(), a.rolling.roller.Zone
	rolled, err := a.db.RolledUp(ctx)
	if err != nil {
		return err
	}
	first, err := a.db.FirstEvent(ctx)
	if err != nil || first.IsZero() {
		return err
	}
	for _, c := range report.Cadences {
		p := c.Latest(now, zone)
		if rolled.Before(p.End()) || !first.Before(p.End()) {
			continue
		}
		if done, err := a.db.ReportIssued(ctx, c, p); err != nil || done {
			if err != nil {
				return err
			}
			continue
		}
		payload, err := json.Marshal(issueJob{c, p.From})
		if err != nil {
			return err
		}
		err = a.db.InTx(jobs.Background(ctx), func(tx *store.Tx) error {
			return tx.Enqueue(jobIssue, fmt.Sprintf("%s:%s:%s", jobIssue, c, p.From), string(payload))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// issue makes a report and puts its mails in the outbox in the transaction
// that records it as issued: each is sent once, whoever runs the job again.
func (a *app) issue(ctx context.Context, j jobs.Job) error {
	var want issueJob
	if err := json.Unmarshal([]byte(j.Payload), &want); err != nil {
		return fmt.Errorf("job payload: %w", err)
	}
	p := want.Cadence.Holding(want.From, a.rolling.roller.Zone)
	d, err := a.rolling.reports.Digest(ctx, want.Cadence, p, articleMeta(a.live.Current()))
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, func(tx *store.Tx) error {
		fresh, err := tx.IssueReport(want.Cadence, p)
		if err != nil || !fresh {
			return err
		}
		to, err := readersOf(tx, want.Cadence)
		if err != nil {
			return err
		}
		for _, s := range to {
			if err := a.mailDigest(tx, d, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// readersOf are the people with working accounts whom a cadence is for.
func readersOf(tx *store.Tx, c report.Cadence) ([]ticket.Staff, error) {
	var all []ticket.Staff
	for _, role := range readers[c] {
		some, err := tx.StaffWithRole(role)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	if len(all) > 0 {
		return all, nil
	}
	return tx.StaffWithRole(ticket.Admin)
}

func (a *app) mailDigest(tx *store.Tx, d report.Digest, to ticket.Staff) error {
	texts := a.web.Texts()
	data := map[string]any{
		"Report": texts.Text(to.Lang, "report.cadence."+string(d.Cadence), nil), "From": string(d.Period.From), "To": string(d.Period.To),
		"Figures": figureLines(texts, to.Lang, d), "Link": a.baseURL + "/staff/reports/" + string(d.Cadence) + "/" + string(d.Period.From),
		"Breaches": len(d.Breaches), "Urgent": len(d.Urgent), "Name": to.Name,
	}
	id := deflect.NewID()
	m := notify.Mail{
		ID: id, Dedupe: "report:" + d.Title() + ":" + to.ID, PersonID: to.ID, Lang: to.Lang, Kind: mailReport, Recipient: to.Email,
		Subject: texts.Text(to.Lang, "mail.report.subject", data), Body: texts.Text(to.Lang, "mail.report.body", data),
		MessageID: id + "@" + messageDomain(a.baseURL), Automatic: true, State: notify.Queued, CreatedAt: tx.Now(),
	}
	ok, err := tx.InsertMail(m)
	if err != nil || !ok {
		return err
	}
	payload, err := json.Marshal(map[string]string{"mail": id})
	if err != nil {
		return err
	}
	return tx.Enqueue(notify.JobSend, notify.JobSend+":"+id, string(payload))
}

// figureLines are the report's figures, one a line, with their goals and how
// they stood the same time before.
func figureLines(texts web.Texts, lang string, d report.Digest) string {
	var b strings.Builder
	for _, k := range d.KPIs {
		fmt.Fprintf(&b, "%s%s %s", texts.Text(lang, "kpi."+string(k.ID)+".name", nil), texts.Text(lang, "mail.report.colon", nil), amount(texts, lang, k.Unit, k.Value))
		if k.Goal.OK {
			key := "mail.report.at_least"
			if k.Goal.AtMost {
				key = "mail.report.at_most"
			}
			b.WriteString(texts.Text(lang, key, map[string]any{"Goal": amount(texts, lang, k.Unit, report.Number{Value: k.Goal.Value, OK: true})}))
		}
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n")
}

// amount writes a figure in its unit.
func amount(texts web.Texts, lang string, unit report.Unit, n report.Number) string {
	if !n.OK {
		return texts.Text(lang, "mail.report.none", nil)
	}
	data := map[string]any{"N": decimalText(lang, n.Value)}
	switch unit {
	case report.UnitShare:
		data["N"] = decimalText(lang, n.Value*100)
	case report.UnitMoney:
		data["N"] = decimalText(lang, n.Value/100)
	case report.UnitDuration:
		d := time.Duration(n.Value * float64(time.Second)).Round(time.Minute)
		data["H"], data["M"] = int(d.Hours()), int(d.Minutes())%60
	}
	return texts.Text(lang, "mail.report.unit."+string(unit), data)
}

// decimalText writes a number with at most one digit after the language's
// point.
func decimalText(lang string, v float64) string {
	text := fmt.Sprintf("%.1f", v)
	if v == math.Trunc(v) || math.Abs(v) >= 100 {
		text = fmt.Sprintf("%.0f", v)
	}
	if lang == "fr" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}
