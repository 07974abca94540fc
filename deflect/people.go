package deflect

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vmcloud/ricochet/internal/errs"
)

// ErasedPrefix begins what stands in the place of an erased address: it is
// followed by the person's opaque id and is no address.
const ErasedPrefix = "erased:"

// PersonRows are the rows of one table that belong to a person. The values are
// strings, numbers or nil.
type PersonRows struct {
	Table string
	Rows  []map[string]any
}

// Holding is what is held about a person (D-36).
type Holding struct {
	PersonID string       // "" for somebody whose messages were all held back by the robot check
	Tables   []PersonRows // those with rows, without secrets
	Open     []string     // numbers of tickets that are not closed yet
	Files    []HeldFile   // attachments of theirs
	Mails    []string     // ids of mails to or about them
}

// Count is how many rows are held in all.
func (h Holding) Count() int {
	n := 0
	for _, t := range h.Tables {
		n += len(t.Rows)
	}
	return n
}

// HeldFile is an attachment: the id under which it is kept and its name.
type HeldFile struct{ ID, Name string }

// PeopleTx is what erasing needs from a transaction. Implemented by store.
type PeopleTx interface {
	// HeldFiles lists the attachments of a person, also those of messages that
	// were held back under the address.
	HeldFiles(personID, email string) ([]HeldFile, error)
	// HeldMails lists the ids of mails to or about a person.
	HeldMails(personID string) ([]string, error)
	// OpenTickets lists the numbers of a person's tickets that are not closed.
	OpenTickets(personID string) ([]string, error)
	// ErasePerson takes what identifies a person out of every row and leaves
	// the rows, so that every count stays true.
	ErasePerson(personID, email string) error
	Audit(actor, action, object string, data map[string]string) error
}

// PeopleStore reads what is held and opens transactions.
type PeopleStore interface {
	InTx(ctx context.Context, fn func(PeopleTx) error) error
	// Holding reads in one view; kind not_found when nobody has the address.
	Holding(ctx context.Context, email string) (Holding, error)
	// Scrub takes what was overwritten out of the engine's own files.
	Scrub(ctx context.Context) error
}

// Privacy answers a person who asks for their data, or for its end (D-36).
type Privacy struct {
	Store PeopleStore
	Files interface {
		Open(id string) (*os.File, error)
		Remove(id string) error
	}
	Outbox string // folder of mails that became files
}

// What the audit log says; see team.DataExported and team.DataErased.
const (
	auditExported = "data_exported"
	auditErased   = "data_erased"
)

func cleanEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Find says what is held under an address; kind not_found when nothing is.
func (p *Privacy) Find(ctx context.Context, email string) (Holding, error) {
	return p.Store.Holding(ctx, cleanEmail(email))
}

// Export writes everything held about a person as a ZIP archive: data.json
// with the rows of every table, and the attachments. It is noted in the audit
// log before a byte is written.
func (p *Privacy) Export(ctx context.Context, email, actor string, now time.Time, w io.Writer) error {
	h, err := p.Find(ctx, email)
	if err != nil {
		return err
	}
	err = p.Store.InTx(ctx, func(tx PeopleTx) error { return tx.Audit(actor, auditExported, h.PersonID, nil) })
	if err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	data, err := archive.CreateHeader(&zip.FileHeader{Name: "data.json", Method: zip.Deflate, Modified: now})
	if err != nil {
		return err
	}
	tables := map[string][]map[string]any{}
	for _, t := range h.Tables {
		tables[t.Table] = t.Rows
	}
	enc := json.NewEncoder(data)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{"email": cleanEmail(email), "exported_at": now.UTC(), "tables": tables}); err != nil {
		return err
	}
	for _, f := range h.Files {
		if err := p.addFile(archive, f, now); err != nil {
			return fmt.Errorf("attachment %s: %w", f.ID, err)
		}
	}
	return archive.Close()
}

// addFile puts an attachment into the archive under its id, which is unique,
// and its name. One that is gone from the disk is left out: its row tells.
func (p *Privacy) addFile(archive *zip.Writer, f HeldFile, now time.Time) error {
	file, err := p.Files.Open(f.ID)
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it is only read
	w, err := archive.CreateHeader(&zip.FileHeader{Name: "attachments/" + f.ID + "/" + filepath.Base(f.Name), Method: zip.Deflate, Modified: now})
	if err == nil {
		_, err = io.Copy(w, file)
	}
	return err
}

// Erase takes everything that identifies a person out of the data, and their
// attachments and mails off the disk. Rows, ids and counts stay. Kind conflict
// while tickets of theirs are not closed: somebody still has to answer them.
//
// Files go first: if the process dies before the rows are changed, erasing
// again ends what was begun.
func (p *Privacy) Erase(ctx context.Context, email, actor string) (Holding, error) {
	h, err := p.Find(ctx, email)
	if err != nil {
		return h, err
	}
	err = p.Store.InTx(ctx, func(tx PeopleTx) (err error) {
		if h.Open, err = tx.OpenTickets(h.PersonID); err != nil {
			return err
		}
		if len(h.Open) > 0 {
			return &errs.Error{
				Kind: errs.Conflict, Key: "error.privacy.open", Args: map[string]any{"Numbers": strings.Join(h.Open, ", ")},
				Err: fmt.Errorf("tickets %s are not closed", strings.Join(h.Open, ", ")),
			}
		}
		if h.Files, err = tx.HeldFiles(h.PersonID, cleanEmail(email)); err != nil {
			return err
		}
		h.Mails, err = tx.HeldMails(h.PersonID)
		return err
	})
	if err != nil {
		return h, err
	}
	if err := p.removeFiles(h); err != nil {
		return h, err
	}
	err = p.Store.InTx(ctx, func(tx PeopleTx) error {
		if h.Mails, err = tx.HeldMails(h.PersonID); err != nil { // one may have been written meanwhile
			return err
		}
		if err := tx.ErasePerson(h.PersonID, cleanEmail(email)); err != nil {
			return err
		}
		return tx.Audit(actor, auditErased, h.PersonID, nil)
	})
	if err != nil {
		return h, err
	}
	if err := p.removeFiles(h); err != nil {
		return h, err
	}
	return h, p.Store.Scrub(ctx)
}

func (p *Privacy) removeFiles(h Holding) error {
	for _, f := range h.Files {
		if err := p.Files.Remove(f.ID); err != nil {
			return err
		}
	}
	for _, id := range h.Mails {
		err := os.Remove(filepath.Join(p.Outbox, filepath.Base(id)+".eml"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("outbox: %w", err)
		}
	}
	return nil
}

// Retention purges what is older than it may be.
type Retention struct {
	Store interface {
		// Purge takes visitors and free text out of rows from [from, to).
		Purge(ctx context.Context, from, to time.Time) error
		// PurgedUntil is how far Purge has come; zero for never.
		PurgedUntil(ctx context.Context) (time.Time, error)
	}
	Months int // 0 keeps everything
	// Zone is the site's: whole days of it are purged, one in a transaction,
	// because the reports' sums are by such days and lose their texts with them.
	Zone *time.Location
}

// Sweep purges up to now, in steps, and says whether there was anything to do.
func (r *Retention) Sweep(ctx context.Context, now time.Time) (bool, error) {
	if r.Months <= 0 {
		return false, nil
	}
	local := now.In(r.Zone)
	day := func(n int) time.Time {
		return time.Date(local.Year(), local.Month()-time.Month(r.Months), local.Day()+n, 0, 0, 0, 0, r.Zone)
	}
	until := day(0)
	from, err := r.Store.PurgedUntil(ctx)
	if err != nil || !from.Before(until) {
		return false, err
	}
	if from.IsZero() { // the first time: whatever is older, in one piece
		return true, r.Store.Purge(ctx, from, until)
	}
	first := 0
	for day(first - 1).After(from) {
		first--
	}
	for n := first; n <= 0; n++ {
		if err := r.Store.Purge(ctx, from, day(n)); err != nil {
			return true, err
		}
		from = day(n)
	}
	return true, nil
}
