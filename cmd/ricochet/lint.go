package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vmcloud/ricochet/content"
	"github.com/vmcloud/ricochet/kb"
)

// lintCmd checks a content folder.
type lintCmd struct {
	Content string `help:"Folder with {fr,en}/**/*.md; the built-in articles when left out." type:"existingdir" placeholder:"DIR"`
	Format  string `help:"text (path:line: severity: message) or json." default:"text" enum:"text,json"`
}

// lintLine is one problem in the JSON output; its keys are what scripts read.
type lintLine struct {
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// Run prints every problem and ends with status 1 when one is an error.
func (c *lintCmd) Run(ctx context.Context, con console) error {
	fsys, top := fs.FS(content.FS), "content"
	if c.Content != "" {
		root, err := os.OpenRoot(c.Content)
		if err != nil {
			return fmt.Errorf("--content: %w", err)
		}
		defer root.Close() //nolint:errcheck // read only: nothing can be lost
		fsys, top = root.FS(), c.Content
	}
	lib, _, err := kb.Load(ctx, fsys, kb.Options{})
	if err != nil {
		return err
	}
	problems := lib.Lint()
	errors := 0
	for i := range problems {
		problems[i].Path = filepath.Join(top, filepath.FromSlash(problems[i].Path))
		if problems[i].Severity == kb.Error {
			errors++
		}
	}
	if err := c.print(con, lib, problems, errors); err != nil {
		return err
	}
	if errors > 0 {
		return exitStatus(1)
	}
	return nil
}

func (c *lintCmd) print(con console, lib *kb.Library, problems []kb.Problem, errors int) error {
	if c.Format == "json" {
		lines := make([]lintLine, len(problems))
		for i, p := range problems {
			lines[i] = lintLine{Path: p.Path, Line: p.Line, Severity: string(p.Severity), Message: p.Message}
		}
		enc := json.NewEncoder(con.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(lines)
	}
	for _, p := range problems {
		if _, err := fmt.Fprintln(con.out, p); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(con.err, "%d articles, %d errors, %d warnings\n", lib.Len(), errors, len(problems)-errors)
	return err
}
