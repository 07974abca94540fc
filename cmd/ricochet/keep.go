package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/vmcloud/ricochet/kb"
)

// keepArticles is the file of the data folder in which the rendered articles
// wait for the next start.
func keepArticles(data string, log *slog.Logger) *kb.Keep {
	program, err := thisBuild()
	if err != nil {
		log.Warn("which build this is cannot be told; articles are rendered at every start", "err", err)
	}
	return &kb.Keep{File: filepath.Join(data, "articles.kept"), Program: program}
}

// thisBuild tells this program from any other that was built, also from the same
// commit with other changes: its size, when it was written and what it was built
// from.
func thisBuild() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	from := ""
	if build, ok := debug.ReadBuildInfo(); ok {
		from = build.String()
	}
	return fmt.Sprintf("%d %d %s", info.Size(), info.ModTime().UnixNano(), from), nil
}

// saveArticles writes the file when what is served was rendered by this start.
func (a *app) saveArticles() {
	if err := a.keep.Save(); err != nil {
		a.log.Warn("the next start renders all articles again", "err", err)
	}
}
