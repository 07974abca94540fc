package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vmcloud/ricochet/deflect"
	"github.com/vmcloud/ricochet/deflect/intake"
	"github.com/vmcloud/ricochet/deflect/notify"
	"github.com/vmcloud/ricochet/deflect/ticket"
	"github.com/vmcloud/ricochet/internal/clock"
	"github.com/vmcloud/ricochet/store"
	"github.com/vmcloud/ricochet/store/storetest"
)

// D-36 after D-19: somebody whose ticket was merged into a colleague's goes on
// writing there. These words, the files with them and the notices about them
// are theirs; the colleague's stay.
func TestPersonalDataOnAColleaguesTicket(t *testing.T) {
	storetest.Run(t, func(t *testing.T, db *store.DB, c *clock.Manual) {
		mine := put(t, db, "me@acme.example", "mine")
		theirs := put(t, db, "colleague@acme.example", "theirs")
		message, file, notice := deflect.NewID(), deflect.NewID(), deflect.NewID()
		err := db.InTx(t.Context(), func(tx *store.Tx) error {
			for _, m := range []ticket.Message{
				{ID: message, PersonID: mine.PersonID, Body: "my own words"},
				{ID: deflect.NewID(), PersonID: theirs.PersonID, Body: "the colleague's words"},
			} {
				m.TicketID, m.Author, m.Public, m.At = theirs.ID, ticket.ByCustomer, true, c.Now()
				if err := tx.InsertMessage(m); err != nil {
					return err
				}
			}
			if err := tx.InsertAttachment(theirs.ID, message, intake.Attachment{ID: file, Name: "my own file.txt", SHA256: "x"}); err != nil {
				return err
			}
			for id, dedupe := range map[string]string{notice: "customer:" + message + ":staff", deflect.NewID(): "customer:other:staff"} {
				mail := notify.Mail{ID: id, Dedupe: dedupe, TicketID: theirs.ID, Lang: "fr", Kind: notify.StaffNotice,
					Recipient: "team@example.org", Subject: "s", Body: "notice " + dedupe, State: notify.Queued, CreatedAt: c.Now()}
				if _, err := tx.InsertMail(mail); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}

		h, err := db.Holding(t.Context(), "me@acme.example")
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(h.Tables)
		if !strings.Contains(text, "my own words") || !strings.Contains(text, "my own file") || !strings.Contains(text, "notice customer:"+message) {
			t.Errorf("not all is found: %s", text)
		}
		if strings.Contains(text, "the colleague's words") || strings.Contains(text, "customer:other") {
			t.Errorf("the colleague's is shown: %s", text)
		}
		if !slices.ContainsFunc(h.Files, func(f deflect.HeldFile) bool { return f.ID == file }) || !slices.Contains(h.Mails, notice) {
			t.Errorf("files %v, mails %v", h.Files, h.Mails)
		}
		if err := db.InTx(t.Context(), func(tx *store.Tx) error { return tx.ErasePerson(h.PersonID, "me@acme.example") }); err != nil {
			t.Fatal(err)
		}
		left := fmt.Sprint(dumpAll(t, db))
		if strings.Contains(left, "my own") || strings.Contains(left, "notice customer:"+message) {
			t.Errorf("left after the erasure: %s", left)
		}
		if !strings.Contains(left, "the colleague's words") || !strings.Contains(left, "notice customer:other") {
			t.Error("the colleague's words went too")
		}
		after, err := db.TicketByID(t.Context(), theirs.ID)
		if err != nil || after.Version != theirs.Version+1 {
			t.Errorf("version %d, %v: the index would keep the words", after.Version, err)
		}
	})
}
