// Package content holds the help centre's own articles, built into the binary:
// content/{fr,en}/<section>/<slug>.md, the same path in both languages being a
// translation pair, and the images beside them.
package content

import "embed"

// FS has the languages' folders at its top, as kb.Load expects.
//
//go:embed all:fr all:en
var FS embed.FS
