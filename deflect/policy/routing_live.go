package policy

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmcloud/ricochet/internal/clock"
)

// rulesPeriod is how often a rules file is looked at for a change.
const rulesPeriod = 2 * time.Second

// LiveRules are the rules in force: the shipped ones, or those of a file that
// is read again when it changes. A file with a mistake is refused whole and
// the rules in force stay.
type LiveRules struct {
	fsys       fs.FS // nil: the shipped rules
	name       string
	vocabulary Vocabulary
	clock      clock.Clock
	log        *slog.Logger
	current    atomic.Pointer[Rules]

	mu     sync.Mutex
	data   []byte // of the file when it was last looked at
	status RulesStatus
}

// OpenRules loads the rules file name of fsys, or the shipped rules when fsys
// is nil. A mistake is an error: at the start there is nothing to stay with.
func OpenRules(fsys fs.FS, name string, v Vocabulary, c clock.Clock, log *slog.Logger) (*LiveRules, error) {
	l := &LiveRules{fsys: fsys, name: name, vocabulary: v, clock: c, log: log}
	data := DefaultRulesYAML
	if fsys != nil {
		var err error
		if data, err = l.read(); err != nil {
			return nil, err
		}
	} else {
		l.name = "routing.yaml"
	}
	rules, err := ParseRules(l.name, data, v)
	if err != nil {
		return nil, err
	}
	l.adopt(rules, data)
	return l, nil
}

// read reads the file, and no more of it than a rules file may have.
func (l *LiveRules) read() ([]byte, error) {
	info, err := fs.Stat(l.fsys, l.name)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	if info.Size() > maxFile {
		return nil, Problems{{File: l.name, Reason: fmt.Sprintf("the file has %d bytes, at most %d are read", info.Size(), maxFile)}}
	}
	data, err := fs.ReadFile(l.fsys, l.name)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return data, nil
}

func (l *LiveRules) adopt(r *Rules, data []byte) {
	l.current.Store(r)
	l.data = data
	l.status = RulesStatus{Status: Status{LoadedAt: l.clock.Now()}, Rules: r.Len()}
	if l.fsys != nil {
		l.status.File = l.name
	}
}

// Current is the rules in force.
func (l *LiveRules) Current() *Rules { return l.current.Load() }

// Status says which rules are in force and what is wrong with a newer file.
func (l *LiveRules) Status() RulesStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

// Reload looks at the file; it is adopted when it changed and has no mistake.
func (l *LiveRules) Reload() error {
	if l.fsys == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	data, err := l.read()
	if err == nil && bytes.Equal(data, l.data) {
		return nil
	}
	var rules *Rules
	if err == nil {
		l.data = data
		rules, err = ParseRules(l.name, data, l.vocabulary)
	}
	if err == nil {
		l.adopt(rules, data)
		l.log.Info("rules loaded", "file", l.name, "rules", rules.Len())
		return nil
	}
	before := l.status.Problems.Error()
	l.status.Status = l.status.Refused(l.name, err, l.clock.Now())
	if now := l.status.Problems.Error(); now != before {
		l.log.Warn("rules refused, those in force stay", "file", l.name, "problems", now)
	}
	return err
}

// Run reloads the file when it changes, until ctx ends, and at once when
// something comes from now.
func (l *LiveRules) Run(ctx context.Context, now <-chan struct{}) {
	if l.fsys == nil {
		return
	}
	t := time.NewTicker(rulesPeriod)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-now:
		case <-t.C:
		}
		_ = l.Reload() // logged, and shown by Status
	}
}
