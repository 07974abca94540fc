package intake_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/policy"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/internal/errs"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

func service(t *testing.T, db *store.DB) *intake.Service {
	t.Helper()
	set, err := policy.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &intake.Service{
		Store:  store.As[intake.Tx]{DB: db, Cast: func(tx *store.Tx) intake.Tx { return tx }},
		Clocks: ticket.Clocks{Book: set.Book}, AccessHash: func(id string) string { return "hash-" + id },
	}
}

func submission(token string) intake.Submission {
	return intake.Submission{Channel: ticket.ByForm, FormToken: token, Lang: "fr", Email: "Zoe@Example.com ", Body: "Ma VM ne démarre plus"}
}

func fields(err error) []string {
	var names []string
	if e, ok := err.(*errs.Error); ok {
		for _, f := range e.Fields {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestCleanNamesEveryWrongField(t *testing.T) {
	long := strings.Repeat("é", intake.MaxBody+1)
	for _, c := range []struct {
		name  string
		alter func(*intake.Submission)
		want  []string
	}{
		{"fine", func(*intake.Submission) {}, nil},
		{"no address", func(s *intake.Submission) { s.Email = " " }, []string{"email"}},
		{"no message", func(s *intake.Submission) { s.Body = "\n \x00" }, []string{"message"}},
		{"too long", func(s *intake.Submission) { s.Body = long }, []string{"message"}},
		{"everything", func(s *intake.Submission) {
			*s = intake.Submission{Name: strings.Repeat("x", 200), Email: "a@b", Category: "x", Urgency: "x", Impact: "x"}
		}, []string{"name", "email", "message", "category", "urgency", "impact"}},
		{"six files", func(s *intake.Submission) { s.Attachments = make([]intake.Attachment, 6) }, []string{"attachments"}},
	} {
		s := submission("")
		c.alter(&s)
		if d := cmp.Diff(c.want, fields(s.Clean())); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestCleanMakesASubjectAndDropsWhatDeceives(t *testing.T) {
	s := submission("")
	s.Body = "Bonjour\u202E, ma VM\tne démarre plus\r\nDepuis hier\x07 soir"
	if err := s.Clean(); err != nil {
		t.Fatal(err)
	}
	if s.Subject != "Bonjour, ma VM ne démarre plus" || s.Body != "Bonjour, ma VM\tne démarre plus\nDepuis hier soir" || s.Email != "zoe@example.com" {
		t.Errorf("%q, %q, %q", s.Subject, s.Body, s.Email)
	}
}

func TestValidEmail(t *testing.T) {
	for email, want := range map[string]bool{
		"a@b.fr": true, "a.b+c@sub.example.com": true, "é@exemple.fr": true,
		"": false, "a": false, "a@b": false, "a@b.": false, "a b@c.fr": false, "A <a@b.fr>": false, "a@[127.0.0.1]": false,
		"a@b.fr\r\nBcc: x@y.z": false, strings.Repeat("a", 65) + "@b.fr": false,
	} {
		if got := intake.ValidEmail(email); got != want {
			t.Errorf("%q: %v", email, got)
		}
	}
}

// A double click, a reload and a retry all at once: one ticket.
func TestSameTokenGivesTheSameTicket(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		svc := service(t, db)
		numbers := make([]string, 20)
		var wg sync.WaitGroup
		for i := range numbers {
			wg.Go(func() {
				r, err := svc.Submit(context.Background(), submission("same"))
				if err != nil {
					t.Error(err)
				}
				numbers[i] = r.Number
			})
		}
		wg.Wait()
		for _, n := range numbers {
			if n == "" || n != numbers[0] {
				t.Fatalf("numbers %v", numbers)
			}
		}
		if all, err := db.CountQueue(t.Context(), ticket.Filter{All: true}, 10); err != nil || all != 1 {
			t.Errorf("%d tickets, %v", all, err)
		}
	})
}

func TestDoubtfulSubmissionIsKeptAndCanBeReleased(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		svc := service(t, db)
		s := submission("robot")
		s.Suspicion = "honeypot"
		for range 2 {
			if r, err := svc.Submit(t.Context(), s); err != nil || !r.Quarantined || r.Number != "" {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		held, err := db.OpenQuarantine(t.Context(), 10)
		if err != nil || len(held) != 1 || held[0].Submission.Body != "Ma VM ne démarre plus" {
			t.Fatalf("%+v, %v", held, err)
		}
		c.Advance(3 * time.Hour)
		r, err := svc.Release(t.Context(), held[0].ID, "staff")
		if err != nil {
			t.Fatal(err)
		}
		tk, err := db.TicketByID(t.Context(), r.TicketID)
		if err != nil || !tk.ReceivedAt.Equal(storetest.Start) {
			t.Errorf("its clock starts when it was received (D-13): %v, %v", tk.ReceivedAt, err)
		}
		if again, err := svc.Release(t.Context(), held[0].ID, "staff"); err != nil || again.TicketID != r.TicketID {
			t.Errorf("released twice: %+v, %v", again, err)
		}
	})
}

// D-6: contract first, then revenue, else Free; a public provider never
// matches by domain.
func TestTierOfACustomer(t *testing.T) {
	list := `match,company,contract,mrr
acme.example,ACME,,"2 000,01"
boss@acme.example,Boss,standard,9000
petit.example,Petit,,500
grand.example,Grand,,500.01
@vide.example,Vide,,0
jean@gmail.com,Jean,business,
`
	customers, err := intake.ReadCustomers(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		if err := db.SaveCustomers(t.Context(), customers); err != nil {
			t.Fatal(err)
		}
		svc := service(t, db)
		for email, want := range map[string]ticket.Tier{
			"x@acme.example": ticket.Enterprise, "boss@acme.example": ticket.Standard, "x@petit.example": ticket.Standard,
			"x@grand.example": ticket.Business, "x@vide.example": ticket.Free, "jean@gmail.com": ticket.Business,
			"paul@gmail.com": ticket.Free, "x@sub.acme.example": ticket.Free,
		} {
			s := submission("token-of-" + email)
			s.Email = email
			r, err := svc.Submit(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if tk, err := db.TicketByID(t.Context(), r.TicketID); err != nil || tk.Tier != want {
				t.Errorf("%s: %s, %v; want %s", email, tk.Tier, err, want)
			}
		}
	})
}

func TestWrongCustomerListIsRefusedWholeWithEveryLine(t *testing.T) {
	list := "match,company,contract,mrr\nok.example,OK,,1\ngmail.com,G,,1\nx@y,Y,,1\nz.example,,,1\nw.example,W,gold,1\nv.example,V,,abc\n"
	got, err := intake.ReadCustomers(strings.NewReader(list))
	if err == nil || got != nil {
		t.Fatalf("%v, %v", got, err)
	}
	for _, want := range []string{"line 3", "public mail provider", "line 4", "line 5", "line 6", "gold", "line 7", "abc"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if _, err := intake.ReadCustomers(strings.NewReader("email,company\n")); err == nil || !strings.Contains(err.Error(), `"match"`) {
		t.Errorf("without the column: %v", err)
	}
}

// D-25: a contract may have a cap of its own, never over the whole month.
func TestCreditCapOfAContract(t *testing.T) {
	list := "match,company,contract,mrr,credit_cap\na.example,A,enterprise,9000,\"30,5 %\"\nb.example,B,,1,\nb2.example,B,,1,100\n"
	customers, err := intake.ReadCustomers(strings.NewReader(list))
	if err != nil || len(customers) != 2 || customers[0].CreditCap != 3050 || customers[1].CreditCap != 10000 {
		t.Fatalf("%+v, %v", customers, err)
	}
	for _, wrong := range []string{"0", "-5", "100.01", "abc", "1e99", "NaN"} {
		if _, err := intake.ReadCustomers(strings.NewReader("match,company,mrr,credit_cap\na.example,A,1," + wrong + "\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	storetest.Run(t, func(t *testing.T, db *store.DB, _ *clock.Manual) {
		customers[0].ID = "a"
		if err := db.SaveCustomers(t.Context(), customers); err != nil {
			t.Fatal(err)
		}
		for account, want := range map[string]int{"a": 3050, "nobody": 0} {
			if got, err := db.CreditCap(t.Context(), account); err != nil || got != want {
				t.Errorf("%s: %d, %v, want %d", account, got, err, want)
			}
		}
	})
}

func TestFilesAreJudgedByTheirContent(t *testing.T) {
	files, err := intake.OpenFiles(t.TempDir(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	for _, c := range []struct{ name, content, want string }{
		{"a.png", png, "image/png"}, {"a.txt", png, "image/png"}, {"log", "été\nerreur 502\n", "text/plain"},
		{"page.html", "<html><script>alert(1)</script>", "text/plain"}, {"x.svg", `<?xml version="1.0"?><svg onload="x"/>`, "text/plain"},
		{"a.pdf", "%PDF-1.7\n", "application/pdf"}, {"a.zip", "PK\x03\x04....", "application/zip"},
		{"a.png", "MZ\x90\x00\x03", ""}, {"a.txt", "abc\x00def", ""}, {"a.txt", "\xff\xfe\xfd latin", ""}, {"vide", "", ""},
	} {
		a, err := files.Save(c.name, strings.NewReader(c.content))
		if (err == nil) != (c.want != "") || err == nil && a.MediaType != c.want {
			t.Errorf("%s (%.12q): %q, %v; want %q", c.name, c.content, a.MediaType, err, c.want)
		}
		if err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v, want invalid", c.name, err)
		}
		if err == nil {
			f, err := files.Open(a.ID)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(f)
			_ = f.Close()
			if string(got) != c.content {
				t.Errorf("%s came back as %.20q", c.name, got)
			}
		}
	}
}

func TestFileLimits(t *testing.T) {
	dir := t.TempDir()
	files, err := intake.OpenFiles(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Save("big.txt", bytes.NewReader(bytes.Repeat([]byte("a"), intake.MaxAttachment+1))); !errs.Is(err, errs.Invalid) {
		t.Errorf("11 MiB: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a refused file left %v", left)
	}
	if _, err := files.Save("fits.txt", bytes.NewReader(bytes.Repeat([]byte("a"), 1<<20))); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Save("more.txt", strings.NewReader("b")); !errs.Is(err, errs.Unavailable) {
		t.Errorf("beyond the quota: %v", err)
	}
	for _, id := range []string{"../ricochet.db", "..", "", "a/b", ".new-1"} {
		if _, err := files.Open(id); !errs.Is(err, errs.NotFound) {
			t.Errorf("Open(%q): %v", id, err)
		}
	}
	n, err := files.RemoveUnused(t.Context(), time.Now().Add(time.Hour), func(context.Context, string) (bool, error) { return false, nil })
	if err != nil || n != 1 || files.Used() != 0 {
		t.Errorf("removed %d, %v, %d bytes left", n, err, files.Used())
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"a.png": "a.png", `C:\Users\x\log.txt`: "log.txt", "../../etc/passwd": "passwd", "": "file", "...": "file",
		"a\x00b\nc.txt": "ab c.txt", `we"ird;<>.log`: "we_ird___.log", ".hidden": "hidden", "été.pdf": "été.pdf",
	} {
		if got := intake.CleanName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a@b.fr", "objet", "message")
	f.Fuzz(func(t *testing.T, email, subject, body string) {
		s := intake.Submission{Email: email, Subject: subject, Body: body}
		if s.Clean() != nil {
			return
		}
		if strings.ContainsAny(s.Email+s.Subject, "\r\n\x00") || s.Body == "" || s.Subject == "" {
			t.Errorf("accepted %q, %q, %q", s.Email, s.Subject, s.Body)
		}
	})
}
